"""What the pages about a case share: the case itself, its board, and the grades on offer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.bench.board import Board
from triage.bench.disputes import Person
from triage.bench.firstgen import Lead, leads_of
from triage.bench.gradekeys import GradeKey, grade_keys
from triage.bench.outgoing import Outgoing
from triage.errors import UsageFault
from triage.grading.scheme import Scheme, SchemeBook
from triage.model.account import Role
from triage.scheduler.kept import Kept
from triage.store.boardrows import BoardCase, case_by_id
from triage.web.doors.benchapi import boards_of
from triage.web.faults import NotFound
from triage.web.seat import Seat
from triage.web.suite import Suite

CASEWORKERS = frozenset({Role.EXAMINER, Role.SUPERVISOR})
EXAMINERS = frozenset({Role.EXAMINER})
_KEPT_S = 600.0
_KEPT_CASES = 4


class Leads(Kept[tuple[Lead, ...]]):
    """Lists of possible first-generation material, by what they were made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A page about a case."""

    label: str
    path: str
    words: str


def case_of(seat: Seat, case_id: int) -> BoardCase:
    """Give a case.

    Raises:
        NotFound: there is none.
    """
    found = case_by_id(seat.store.connection, case_id) if 0 < case_id < 1 << 31 else None
    if found is None:
        raise NotFound("There is no such case.")
    return found


def board_of(seat: Seat, case_id: int) -> Board:
    """Give the board of a case that there is."""
    return boards_of(seat.suite).get(seat.store, case_id, now_s=seat.now_s)


def leads(seat: Seat, case_id: int) -> tuple[Lead, ...]:
    """Give what may be first-generation material of a case, made once while nothing changes."""
    board = board_of(seat, case_id)
    kept = seat.suite.part(Leads, lambda _: Leads(time.monotonic, keep_s=_KEPT_S, most=_KEPT_CASES))
    today = datetime.fromtimestamp(seat.now_s, UTC).date()
    key = case_id, board.made_s, today
    return kept.get(key, lambda: leads_of(seat.store, board.layout, today=today))


def outgoing_of(suite: Suite) -> Outgoing:
    """Give the files of an installation that wait to be taken."""
    return suite.part(Outgoing, lambda one: Outgoing(one.home))


def numbered_scheme(seat: Seat, preferred: str) -> str:
    """Give the scheme that is offered first for files, whose codes have to be whole numbers."""
    book = SchemeBook(seat.suite.home)
    names = sorted((name for name, _ in confirmed_schemes(seat)), key=lambda one: one != preferred)
    numbered = (name for name in names if all(code.isdecimal() for code, _ in book.get(name).codes))
    return next(numbered, preferred)


def person_of(seat: Seat) -> Person:
    """Give who asks, as disputes know them."""
    return Person(name=seat.account.shown, settles=Role.SUPERVISOR in seat.roles)


def scheme_of(seat: Seat) -> Scheme | None:
    """Give the unit's scheme where somebody has confirmed it."""
    try:
        found = SchemeBook(seat.suite.home).get(seat.suite.settings().grading_scheme)
    except UsageFault:
        return None
    return found if found.is_confirmed else None


def grades_of(seat: Seat) -> tuple[GradeKey, ...]:
    """Give the grades of the unit's scheme, gravest first; none where nobody confirmed it."""
    scheme = scheme_of(seat)
    return grade_keys(scheme) if scheme else ()


def confirmed_schemes(seat: Seat) -> tuple[tuple[str, str], ...]:
    """Give id and title of the schemes that a file's codes can be read by."""
    found = []
    book = SchemeBook(seat.suite.home)
    for scheme_id in book.ids():
        try:
            scheme = book.get(scheme_id)
        except UsageFault:
            continue
        if scheme.is_confirmed:
            found.append((scheme.id, f"{scheme.title} ({scheme.id})"))
    return tuple(found)


def steps_of(seat: Seat, case_id: int) -> tuple[Step, ...]:
    """Give the pages about a case that a person may open."""
    examines = Role.EXAMINER in seat.roles
    found = [
        Step(
            label="Grade its pictures",
            path=f"/bench/{case_id}",
            words="The bench: pictures in stacks, the most urgent first.",
        ),
        Step(
            label="Possible first-generation material",
            path=f"/bench/{case_id}/first-generation",
            words="What no reference set has, and what points at it, for the "
            "victim-identification team.",
        ),
    ]
    shared = [
        Step(
            label="Disputes",
            path=f"/cases/{case_id}/disputes",
            words="Where people differ, or a person and a reference set.",
        ),
        Step(
            label="Quality",
            path=f"/cases/{case_id}/quality",
            words="A second look by chance, and how far graders agree.",
        ),
    ]
    files = Step(
        label="Export and import",
        path=f"/cases/{case_id}/files",
        words="Take the case away as VICS, CSV or JSON Lines; bring in grades given elsewhere.",
    )
    return (*found, *shared, files) if examines else tuple(shared)
