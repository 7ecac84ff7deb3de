"""The examiner's pages: the cases to grade, the bench itself, and what one has looked at."""

from __future__ import annotations

from starlette.responses import HTMLResponse

from triage.bench.gradekeys import WORDS, grade_keys
from triage.bench.loads import DAY_S, loads
from triage.errors import UsageFault
from triage.grading.scheme import Scheme, SchemeBook
from triage.model.account import Role
from triage.model.load import GraderLoad
from triage.store.benchcases import cases_for
from triage.store.viewing import case_reference
from triage.web.benchwords import QUEUES, STANDINGS, TAGS
from triage.web.faults import NotFound
from triage.web.gate import Door, SeatIn
from triage.web.numbers import RowId
from triage.web.pages import page
from triage.web.seat import Seat
from triage.web.sparing import exposure_of

DOOR = Door("/bench", roles=frozenset({Role.EXAMINER}))
WEEK = 7


@DOOR.page("")
def case_list(seat: SeatIn) -> HTMLResponse:
    """Show the cases to choose from."""
    return page(
        seat,
        "bench/cases.html",
        cases=cases_for(seat.store.connection, seat.account.shown),
        exposure=exposure_of(seat),
    )


@DOOR.page("/exposure")
def own_exposure(seat: SeatIn) -> HTMLResponse:
    """Show a grader what they looked at today and in the last seven days."""
    today, week = (_own(seat, days) for days in (1, WEEK))
    return page(
        seat,
        "bench/exposure.html",
        exposure=exposure_of(seat),
        today=today,
        week=week,
        words={one.value: words for one, words in WORDS.items()},
    )


@DOOR.page("/{case_id}")
def bench(seat: SeatIn, case_id: RowId) -> HTMLResponse:
    """Show the bench; its scripts ask the JSON API for the rest."""
    reference = case_reference(seat.store.connection, case_id)
    if reference is None:
        raise NotFound("There is no such case.")
    scheme = _scheme(seat)
    return page(
        seat,
        "bench/case.html",
        case_id=case_id,
        reference=reference,
        scheme=scheme,
        grades=grade_keys(scheme) if scheme and scheme.is_confirmed else (),
        categories=[(one.value, words) for one, words in WORDS.items()],
        standings=STANDINGS,
        queues=QUEUES,
        tags=TAGS,
    )


def _scheme(seat: Seat) -> Scheme | None:
    """Give the unit's scheme, ``None`` where its file cannot be read: the page says so."""
    try:
        return SchemeBook(seat.suite.home).get(seat.suite.settings().grading_scheme)
    except UsageFault:
        return None


def _own(seat: Seat, days: int) -> GraderLoad | None:
    until_s = (seat.suite.now_ms() // 1000 // DAY_S + 1) * DAY_S
    found = loads(
        seat.store,
        (seat.account,),
        seat.suite.settings(),
        since_s=until_s - days * DAY_S,
        until_s=until_s,
    )
    return next((one for one in found if one.name == seat.account.name), None)
