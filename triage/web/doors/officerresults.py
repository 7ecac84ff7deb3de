"""The door of officers to what they and their team submitted: receipts, progress and results."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from triage.batch.officerprogress import result_of
from triage.export.resultpage import Sheet, found_rows, result_sheet
from triage.export.wording import whole
from triage.model.account import AuditAction, Role
from triage.model.display import printable
from triage.model.officer import OfficerResult
from triage.store.submissions import Submissions
from triage.web.faults import Conflict, NotFound
from triage.web.gate import Door, SeatIn
from triage.web.officerviews import Row, evidence_of, facts_of, rows_of
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/officer/submissions", roles=frozenset({Role.OFFICER}))
PAGE = 20
RECEIPT_SHOWN = 20
"""Characters of a made-up number that are written down."""


@DOOR.page("")
def listed(seat: SeatIn, number: int = 1) -> HTMLResponse:
    """List what officer and team submitted, newest first; ``number`` is the page, from 1."""
    kept, account = Submissions(seat.store.connection), seat.account
    number = min(max(1, number), 1_000_000)
    found, total = kept.of(
        user_id=account.user_id,
        team_id=account.team_id,
        limit=PAGE,
        skip=(number - 1) * PAGE,
    )
    pages = max(1, -(-total // PAGE))
    return page(
        seat,
        "officer/submissions.html",
        rows=rows_of(seat, found),
        total=total,
        number=number,
        pages=pages,
    )


@DOOR.page("/{receipt}")
def one(seat: SeatIn, receipt: str) -> HTMLResponse:
    """Show how far a device has come, and what was said of it."""
    row = _row(seat, receipt)
    return page(seat, "officer/submission.html", row=row, facts=facts_of(row))


@DOOR.page("/{receipt}/receipt")
def receipt_page(seat: SeatIn, receipt: str) -> HTMLResponse:
    """Show the receipt, to print."""
    row = _row(seat, receipt)
    evidence = evidence_of(row.submission.evidence)
    return page(
        seat,
        "officer/receipt.html",
        row=row,
        facts=(*facts_of(row), *evidence),
        how=row.submission.evidence.get("how", ""),
    )


@DOOR.page("/{receipt}/result")
def result(seat: SeatIn, receipt: str) -> HTMLResponse:
    """Show the result in words."""
    row = _row(seat, receipt)
    found = _result(seat, row)
    _audited(seat, AuditAction.RESULT_SEEN, row, found)
    return page(
        seat,
        "officer/result.html",
        row=row,
        result=found,
        found=found_rows(found),
        graded=[(label, whole(count)) for label, count in found.graded],
        gaps=[(gap.what, gap.why) for gap in found.not_examined],
        facts=facts_of(row),
    )


@DOOR.page("/{receipt}/result.html")
def taken(seat: SeatIn, receipt: str) -> Response:
    """Give the result on one sheet, to keep or print."""
    row = _row(seat, receipt)
    found = _result(seat, row)
    unit = seat.suite.settings()
    sheet = Sheet(
        result=found,
        receipt=row.submission.receipt,
        facts=facts_of(row),
        unit=unit.unit_name,
        contact=unit.unit_contact,
        taken_by=seat.account.shown,
        taken_s=seat.now_s,
    )
    content = result_sheet(sheet)
    _audited(seat, AuditAction.RESULT_TAKEN, row, found)
    name = f'attachment; filename="result-{row.submission.receipt}.html"'
    return Response(content, media_type="text/html", headers={"Content-Disposition": name})


def _row(seat: Seat, receipt: str) -> Row:
    """Give an own or the team's submission; what is asked for besides is written down.

    Raises:
        NotFound: there is none, or it is another team's: which of both is not told.
    """
    kept, account = Submissions(seat.store.connection), seat.account
    found = kept.find(receipt.upper(), user_id=account.user_id, team_id=account.team_id)
    if found is None:
        there = "another team's" if kept.exists(receipt.upper()) else "none"
        asked = printable(receipt[:RECEIPT_SHOWN])
        seat.audit(AuditAction.REFUSED, page="GET /officer/submissions", receipt=asked, found=there)
        seat.commit()
        raise NotFound(
            "There is no submission of this number among yours and your team's.",
            hint="Check the receipt number.",
        )
    return rows_of(seat, (found,))[0]


def _result(seat: Seat, row: Row) -> OfficerResult:
    if not row.result:
        raise Conflict(
            "There is no result yet.",
            hint=f"{row.told.progress}: {row.told.words}",
        )
    return result_of(seat.store, row.entry, seat.suite.settings().unit_contact)


def _audited(seat: Seat, action: AuditAction, row: Row, found: OfficerResult) -> None:
    done = row.submission
    seat.audit(
        action,
        case=done.case,
        exhibit=done.exhibit,
        receipt=done.receipt,
        colour=str(found.colour),
    )
    seat.commit()
