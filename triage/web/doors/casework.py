"""Pages about a case beside the bench: where people differ, and how well they agree."""

from __future__ import annotations

import secrets
from dataclasses import replace

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.bench.agreeing import LEAST_TOLD, agreement_of, for_graders, kappa_words
from triage.bench.ballots import WORDS_MAX, ballot_of
from triage.bench.disputes import Dispute, dispute_of, disputes_of
from triage.bench.gradekeys import WORDS
from triage.bench.secondlook import draw_sample, progress_of
from triage.errors import UsageFault
from triage.grading.voting import decide
from triage.model.account import AuditAction, Role
from triage.store.benchcases import cases_for
from triage.store.boardrows import BoardCase
from triage.store.votes import Votes
from triage.web.caseviews import (
    CASEWORKERS,
    board_of,
    case_of,
    grades_of,
    person_of,
    scheme_of,
    steps_of,
)
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.seat import Seat
from triage.web.sparing import may_look
from triage.web.turn import turn_of

DOOR = Door("/cases", roles=CASEWORKERS)
PAGE = 25
_SEED_BYTES = 8
_WORDS = {one.value: words for one, words in WORDS.items()}


@DOOR.page("")
def cases(seat: SeatIn) -> HTMLResponse:
    """Show the cases."""
    found = cases_for(seat.store.connection, seat.account.shown)
    return page(seat, "cases/cases.html", cases=found)


@DOOR.page("/{case_id}")
def one_case(seat: SeatIn, case_id: RowId) -> HTMLResponse:
    """Show what can be done in a case."""
    case = case_of(seat, case_id)
    return page(seat, "cases/case.html", case=case, steps=steps_of(seat, case_id))


@DOOR.page("/{case_id}/disputes")
def disputes(seat: SeatIn, case_id: RowId, first: int = 0) -> HTMLResponse:
    """Show what is in dispute, as far as the person may know of it."""
    case, person = case_of(seat, case_id), person_of(seat)
    found = disputes_of(seat.store, board_of(seat, case_id), person)
    first = min(max(first, 0), len(found))
    return page(
        seat,
        "cases/disputes.html",
        case=case,
        found=found[first : first + PAGE],
        number=len(found),
        first=first,
        size=PAGE,
        settles=person.settles,
        words=_WORDS,
    )


@DOOR.page("/{case_id}/disputes/{sha256}")
def one_dispute(seat: SeatIn, case_id: RowId, sha256: str) -> HTMLResponse:
    """Show what each said of a content."""
    case = case_of(seat, case_id)
    return _dispute_page(seat, case, _dispute(seat, case, sha256), Fields())


@DOOR.form("/{case_id}/disputes/{sha256}", frozenset({Role.SUPERVISOR}))
def settle(seat: SeatIn, case_id: RowId, sha256: str) -> Response:
    """Decide between those who differ, as one who had no part in it."""
    case, fields = case_of(seat, case_id), seat.form
    found = _dispute(seat, case, sha256)
    code = fields.choice(
        "code", [one.code for one in grades_of(seat)], missing="Choose the grade that stands"
    )
    why = fields.lines("why", missing="Say why, so that others can follow it", most=WORDS_MAX)
    seen = fields.whole("seen", least=0, most=1 << 53)
    if not fields.ok:
        return _dispute_page(seat, case, found, fields)
    try:
        with turn_of(seat.suite):
            _settle(seat, case, found.sha256, (code, why, seen))
            seat.commit()
    except UsageFault as fault:
        fields.error("code", " ".join(filter(None, (_told(fault), fault.hint))))
        return _dispute_page(seat, case, found, fields)
    seat.flash("The dispute is settled. What each said stays on record.")
    return RedirectResponse(f"/cases/{case_id}/disputes", status_code=303)


@DOOR.page("/{case_id}/quality")
def quality(seat: SeatIn, case_id: RowId) -> HTMLResponse:
    """Show the samples of a case and how far its graders agree."""
    return _quality_page(seat, case_of(seat, case_id), Fields())


@DOOR.form("/{case_id}/quality")
def draw(seat: SeatIn, case_id: RowId) -> Response:
    """Draw a sample for a second look."""
    case, fields = case_of(seat, case_id), seat.form
    rate = fields.text("rate", missing="Enter a share, like 5%", most=20)
    if not fields.ok:
        return _quality_page(seat, case, fields)
    seed = secrets.token_hex(_SEED_BYTES)
    try:
        with turn_of(seat.suite):
            sample = draw_sample(
                seat.store, case, rate=rate, seed=seed, by=seat.account.shown, now_s=seat.now_s
            )
            seat.audit(
                AuditAction.SAMPLE_DRAWN,
                case=case.reference,
                sample=str(sample.sample_id),
                rate=rate,
                seed=seed,
                contents=str(len(sample.contents)),
            )
            seat.commit()
    except UsageFault as fault:
        fields.error("rate", _told(fault).removeprefix("--rate "))
        return _quality_page(seat, case, fields)
    seat.flash(f"Drawn for a second look: {len(sample.contents):,}.")
    return RedirectResponse(f"/cases/{case_id}/quality", status_code=303)


def _dispute(seat: Seat, case: BoardCase, digest: str) -> Dispute:
    try:
        sha256 = bytes.fromhex(digest)
    except ValueError:
        sha256 = b""
    found = dispute_of(seat.store, board_of(seat, case.case_id), person_of(seat), sha256)
    if found is None:
        raise NotFound("There is no such dispute, or none that you may know of.")
    return found


def _settle(seat: Seat, case: BoardCase, sha256: bytes, said: tuple[str, str, int]) -> None:
    code, why, seen = said
    scheme = scheme_of(seat)
    if scheme is None:
        raise UsageFault("nobody has confirmed the category scheme")
    plain = ballot_of(code, scheme, by=seat.account.shown, why=why, tags=())
    ballot = replace(plain, sha256=sha256)
    Votes(seat.store.connection).resolve(
        case.reference, ballot, decide=decide, now_s=seat.now_s, seen=seen
    )
    seat.audit(
        AuditAction.DISPUTE_RESOLVED,
        case=case.reference,
        sha256=sha256,
        code=ballot.code,
        category=ballot.category,
        why=why,
    )


def _dispute_page(seat: Seat, case: BoardCase, found: Dispute, fields: Fields) -> HTMLResponse:
    return page(
        seat,
        "cases/dispute.html",
        status=200 if fields.ok else 400,
        case=case,
        one=found,
        fields=fields,
        grades=[(one.code, one.words) for one in grades_of(seat)],
        sees=Role.EXAMINER in seat.roles,
        may_look=Role.EXAMINER in seat.roles and may_look(seat),
        words=_WORDS,
    )


def _quality_page(seat: Seat, case: BoardCase, fields: Fields) -> HTMLResponse:
    fields.fill("rate", seat.suite.settings().dip_rate)
    supervises = Role.SUPERVISOR in seat.roles
    found = [agreement_of(seat.store, case.reference, first=first) for first in (False, True)]
    stands, said_first = found if supervises else map(for_graders, found)
    return page(
        seat,
        "cases/quality.html",
        status=200 if fields.ok else 400,
        case=case,
        fields=fields,
        samples=progress_of(seat.store, case),
        stands=stands,
        first=said_first,
        means=kappa_words,
        supervises=supervises,
        least=LEAST_TOLD,
        words=_WORDS,
    )


def _told(fault: UsageFault) -> str:
    return fault.message[:1].upper() + fault.message[1:]
