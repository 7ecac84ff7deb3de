"""The JSON API of the grading bench: stacks in order, votes, undo, notes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

from fastapi import Query

from triage.bench.ballots import Cast, action_of, ballot_of
from triage.bench.boards import Boards
from triage.bench.missing import NotHere, Restacked
from triage.bench.sitting import Grader, Sitting
from triage.bench.told import ToldContent, ToldFilters, ToldNext, ToldOpened, ToldPage
from triage.grading.scheme import SchemeBook
from triage.model.account import AuditAction, Role
from triage.model.vote import Ballot
from triage.web.benchbodies import (
    CaseId,
    Done,
    NextQuery,
    NoteBody,
    PageQuery,
    Sha256Path,
    SkipBody,
    StackPath,
    UndoAnswer,
    UndoBody,
    VoteAnswer,
    VoteBody,
    VoteQuery,
)
from triage.web.faults import Conflict, NotFound
from triage.web.gate import Door, Seat, SeatIn
from triage.web.sparing import check_may_look, may_look
from triage.web.suite import Suite
from triage.web.turn import turn_of

DOOR = Door("/api/cases/{case_id}", roles=frozenset({Role.EXAMINER}), api=True)
First = Annotated[int, Query(ge=0, le=1 << 31)]


@DOOR.get("/stacks", response_model=ToldPage)
def stacks(seat: SeatIn, case_id: CaseId, asked: Annotated[PageQuery, Query()]) -> ToldPage:
    """Give a page of stacks, the most urgent first."""
    with seated(seat, case_id) as sitting:
        return sitting.page(asked.asked(asked.queue), after=asked.after, limit=asked.limit)


@DOOR.get("/next", response_model=ToldNext)
def next_stack(seat: SeatIn, case_id: CaseId, asked: Annotated[NextQuery, Query()]) -> ToldNext:
    """Give the next stack to look at, with its contents, to who may go on looking."""
    check_may_look(seat)
    with seated(seat, case_id) as sitting:
        return sitting.next(asked.asked(asked.queue), after=asked.after)


@DOOR.get("/stacks/{key}", response_model=ToldOpened)
def stack(seat: SeatIn, case_id: CaseId, key: StackPath, first: First = 0) -> ToldOpened:
    """Give a stack with its contents, from the one in place `first`."""
    with seated(seat, case_id) as sitting:
        return sitting.stack(key, first=first)


@DOOR.get("/contents/{sha256}", response_model=ToldContent)
def content(seat: SeatIn, case_id: CaseId, sha256: Sha256Path, first: First = 0) -> ToldContent:
    """Give a content with all that the grader may know of it, its files from `first`."""
    with seated(seat, case_id) as sitting:
        return sitting.content(sha256, first=first)


@DOOR.get("/filters", response_model=ToldFilters)
def filters(seat: SeatIn, case_id: CaseId) -> ToldFilters:
    """Give the values that the case can be filtered by."""
    with seated(seat, case_id) as sitting:
        return sitting.filters()


@DOOR.post("/votes", response_model=VoteAnswer)
def votes(
    seat: SeatIn, case_id: CaseId, body: VoteBody, asked: Annotated[VoteQuery, Query()]
) -> VoteAnswer:
    """Vote on stacks and contents; what is answered is in the database."""
    with seated(seat, case_id) as sitting:
        scheme = SchemeBook(seat.suite.home).get(seat.suite.settings().grading_scheme)
        ballot = ballot_of(body.code, scheme, by=seat.account.shown, why=body.why, tags=body.tags)
        named = sitting.named(body.stacks, body.contents)
        cast = _cast(seat, sitting, ballot, named)
        told = None
        if asked.queue is not None and may_look(seat):
            told = sitting.next(asked.asked(asked.queue), after=asked.after)
        return VoteAnswer(
            added=len(cast.contents),
            unchanged=cast.unchanged,
            contents=tuple(one.hex() for one in cast.contents),
            action=_action(cast),
            disputed=sitting.disputed(tuple(named)),
            next=told.next if told else None,
            left=told.left if told else None,
        )


@DOOR.post("/undo", response_model=UndoAnswer, body_bytes=16 << 20)
def undo(seat: SeatIn, case_id: CaseId, body: UndoBody) -> UndoAnswer:
    """Take back the last vote on contents; the vote before it stands again."""
    with seated(seat, case_id) as sitting:
        named = [bytes.fromhex(one) for one in dict.fromkeys(body.contents)]
        with turn_of(seat.suite):
            undone = sitting.undo(named, action=action_of(body.action) if body.action else None)
            if changed := (*undone.withdrawn, *undone.restored):
                seat.audit(
                    AuditAction.GRADE_WITHDRAWN,
                    case=sitting.case,
                    sha256=changed[0],
                    contents=str(len(changed)),
                    restored=str(len(undone.restored)),
                    lines=body.action,
                )
            seat.commit()
        return UndoAnswer(
            withdrawn=tuple(one.hex() for one in undone.withdrawn),
            restored=tuple(one.hex() for one in undone.restored),
        )


@DOOR.post("/skip", response_model=Done)
def skip(seat: SeatIn, case_id: CaseId, body: SkipBody) -> Done:
    """Put a stack off: it comes last in every queue of the grader."""
    with seated(seat, case_id) as sitting:
        with turn_of(seat.suite):
            sitting.skip(body.stack)
            seat.commit()
        return Done(contents=1)


@DOOR.post("/notes", response_model=Done)
def notes(seat: SeatIn, case_id: CaseId, body: NoteBody) -> Done:
    """Write a note to contents."""
    with seated(seat, case_id) as sitting:
        named = list(sitting.named((), body.contents))
        with turn_of(seat.suite):
            sitting.note(named, body.words)
            for one in named:
                seat.audit(AuditAction.NOTED, case=sitting.case, sha256=one)
            seat.commit()
        return Done(contents=len(named))


def _cast(seat: Seat, sitting: Sitting, ballot: Ballot, named: dict[bytes, bytes]) -> Cast:
    """Record a vote with a line of the audit for each stack and content that was named."""
    with turn_of(seat.suite):
        cast = sitting.vote(ballot, named)
        for leader, count in sitting.led(named, cast.contents).items():
            seat.audit(
                AuditAction.GRADED,
                case=sitting.case,
                sha256=leader,
                code=ballot.code,
                category=ballot.category,
                contents=str(count),
                lines=_action(cast),
            )
        seat.commit()
    return cast


def _action(cast: Cast) -> str:
    return f"{cast.first}-{cast.last}" if cast.contents else ""


def boards_of(suite: Suite) -> Boards:
    """Give the boards of an installation."""
    return suite.part(Boards, lambda _: Boards())


@contextlib.contextmanager
def seated(seat: SeatIn, case_id: int) -> Iterator[Sitting]:
    """Seat a grader at a case, and tell what is not there as pages do."""
    account = seat.account
    wanted = seat.suite.settings().trusted_votes
    grader = Grader(user_id=account.user_id, name=account.shown, wanted=wanted)
    try:
        yield Sitting(boards_of(seat.suite), seat.store, case_id, grader, now_s=seat.now_s)
    except NotHere as fault:
        raise NotFound(fault.message, hint=fault.hint) from fault
    except Restacked as fault:
        raise Conflict(fault.message, hint=fault.hint) from fault
