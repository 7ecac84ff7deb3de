"""A case as a file: built, told with its SHA-256, taken once; and grades that come in."""

from __future__ import annotations

from pathlib import Path

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from triage.bench.exporting import Wanted, export_case, report_words
from triage.bench.outgoing import Label, Parcel
from triage.errors import ExportError, UsageFault
from triage.export.exporter import Include
from triage.grading.scheme import SchemeBook
from triage.model.account import AuditAction
from triage.store.benchcases import case_name
from triage.store.boardrows import BoardCase
from triage.store.votes import Votes
from triage.web.caseviews import EXAMINERS, case_of, confirmed_schemes, numbered_scheme, outgoing_of
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.seat import Seat

DOOR = Door("/cases", roles=EXAMINERS)

FORMATS = (
    ("vics", "VICS", "For other grading tools and CAID: pictures, videos and hits with grades."),
    ("csv", "CSV", "For a spreadsheet: a row for each file."),
    ("jsonl", "JSON Lines", "For programs: an object for each file."),
)
INCLUDES = (
    ("", "What the format usually holds"),
    (Include.HITS.value, "Only what matched a reference set or was graded"),
    (Include.MEDIA.value, "These, and every picture and video"),
    (Include.ALL.value, "Every file"),
)
ENDINGS = {"vics": "json", "csv": "csv", "jsonl": "jsonl"}


@DOOR.page("/{case_id}/files")
def files(seat: SeatIn, case_id: RowId) -> HTMLResponse:
    """Show what waits to be taken, and ask what to build."""
    return _shown(seat, case_of(seat, case_id), Fields())


@DOOR.form("/{case_id}/files")
def build(seat: SeatIn, case_id: RowId) -> Response:
    """Build a file of the case."""
    case, fields = case_of(seat, case_id), seat.form
    wanted = _wanted(seat, case, fields)
    if wanted is None:
        return _shown(seat, case, fields)
    book = SchemeBook(seat.suite.home)

    def write(path: Path) -> tuple[str, tuple[str, ...]]:
        report, digest = export_case(seat.store, book, wanted, path)
        return digest, (f"{report.entries:,} entries", *report_words(report))

    label = Label(
        user_id=seat.account.user_id,
        case_id=case_id,
        what={one[0]: one[1] for one in FORMATS}[wanted.form],
        name=f"{case_name(case.reference)}.{ENDINGS[wanted.form]}",
    )
    try:
        made = outgoing_of(seat.suite).build(label, write, now_s=seat.now_s)
    except (ExportError, UsageFault) as fault:
        fields.error("format", fault.message[:1].upper() + fault.message[1:])
        return _shown(seat, case, fields)
    _note(seat, case, made, "built")
    seat.commit()
    return RedirectResponse(f"/cases/{case_id}/files", status_code=303)


@DOOR.form("/{case_id}/files/{key}")
def take(seat: SeatIn, case_id: RowId, key: str) -> Response:
    """Send a file that waits, and remove it once it was sent."""
    waiting, case = outgoing_of(seat.suite), case_of(seat, case_id)
    made = waiting.find(key, seat.account.user_id)
    if made is None or made.case_id != case_id or not made.path.is_file():
        raise NotFound("This file is not here any more. Build it again.")
    _note(seat, case, made, "sent")
    seat.commit()
    return FileResponse(
        made.path,
        filename=made.name,
        media_type="application/octet-stream",
        headers={"X-SHA-256": made.sha256, "Cache-Control": "no-store"},
        background=BackgroundTask(waiting.remove, key),
    )


def _wanted(seat: Seat, case: BoardCase, fields: Fields) -> Wanted | None:
    """Read what is asked for; ``None`` where the form is wrong."""
    form = fields.choice("format", [one[0] for one in FORMATS], missing="Choose a format")
    include = fields.choice("include", [one[0] for one in INCLUDES])
    schemes = dict(confirmed_schemes(seat))
    scheme = fields.choice("scheme", list(schemes), missing="Choose a category scheme")
    contact = tuple(
        fields.text(name, most=200)
        for name in ("organisation", "contact", "title", "phone", "email")
    )
    if not fields.ok:
        return None
    return Wanted(
        form=form,
        case=case.reference,
        include=Include(include) if include else None,
        region=SchemeBook(seat.suite.home).get(scheme).region,
        scheme=scheme,
        contact=(contact[0], contact[1], contact[2], contact[3], contact[4]),
    )


def _note(seat: Seat, case: BoardCase, made: Parcel, step: str) -> None:
    seat.audit(
        AuditAction.EXPORTED,
        case=case.reference,
        what=made.what,
        step=step,
        file=made.name,
        bytes=str(made.size_bytes),
        sha256_of_file=made.sha256,
    )


def _shown(seat: Seat, case: BoardCase, fields: Fields) -> HTMLResponse:
    schemes = confirmed_schemes(seat)
    unit = seat.suite.settings()
    fields.fill("organisation", unit.unit_name)
    fields.fill("contact", seat.account.shown)
    fields.fill("scheme", numbered_scheme(seat, unit.grading_scheme))
    return page(
        seat,
        "cases/files.html",
        status=200 if fields.ok else 400,
        case=case,
        fields=fields,
        formats=FORMATS,
        includes=INCLUDES,
        schemes=schemes,
        waiting=outgoing_of(seat.suite).waiting(
            seat.account.user_id, case.case_id, now_s=seat.now_s
        ),
        sources=Votes(seat.store.connection).sources(case.reference),
    )
