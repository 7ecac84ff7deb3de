"""Contents about which people differ, or a person and a reference set, for who may know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from triage.bench.board import Board
from triage.grading.voting import contradicts, decide
from triage.model.grade import Proposal
from triage.model.vote import (
    DISPUTED,
    ContentVotes,
    Decision,
    Vote,
    may_resolve,
    same_person,
    standing,
)
from triage.store.database import Store
from triage.store.votes import Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks: the name that votes are recorded under, and whether they may settle disputes."""

    name: str
    settles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """A content in dispute.

    Attributes:
        votes: that stand, with the resolution that does not any more; ``against``: what reference
            sets say that differs from a vote.
        seen: number of the last line about it: what a resolution answers.
        resolvable: the person who asks had no part in it.
    """

    sha256: bytes
    stack: str
    medium: str
    decision: Decision
    votes: tuple[Vote, ...]
    against: tuple[Proposal, ...]
    seen: int
    resolvable: bool


def disputes_of(store: Store, board: Board, person: Person) -> tuple[Dispute, ...]:
    """List the pictures and videos in dispute that a person may know of.

    A grader who has not voted on a content learns nothing of it: that would not be independent any
    more. Who settles disputes sees those that they had no part in, and those that they voted on.
    """
    with board.latch:
        board.refresh(store)
        states, contents = board.room.states, board.layout.contents
        found = [contents[at].sha256 for at in sorted(board.room.voted) if states[at] in DISPUTED]
    return tuple(_disputes(store, board, person, found))


def dispute_of(store: Store, board: Board, person: Person, sha256: bytes) -> Dispute | None:
    """Give one dispute; ``None`` where there is none that the person may know of."""
    if sha256 not in board.layout.number:
        return None
    return next(iter(_disputes(store, board, person, [sha256])), None)


def _disputes(
    store: Store, board: Board, person: Person, digests: Sequence[bytes]
) -> list[Dispute]:
    case = board.layout.case.reference
    found = []
    for one in Votes(store.connection).of(case, digests):
        decision = decide(one.votes, one.proposals)
        if decision.state in DISPUTED and _may_know(one, person):
            found.append(_dispute(board, person, one, decision))
    return found


def _may_know(one: ContentVotes, person: Person) -> bool:
    if person.settles and may_resolve(one.votes, person.name):
        return True
    name = same_person(person.name)
    return any(vote.source is None and same_person(vote.by) == name for vote in standing(one.votes))


def _dispute(board: Board, person: Person, one: ContentVotes, decision: Decision) -> Dispute:
    layout = board.layout
    number = layout.number[one.sha256]
    votes = standing(one.votes)
    given = {vote.category for vote in votes if vote.category is not None}
    return Dispute(
        sha256=one.sha256,
        stack=layout.keys[layout.stack_of[number]].hex(),
        medium=layout.contents[number].medium,
        decision=decision,
        votes=votes,
        against=tuple(
            proposal
            for proposal in one.proposals
            if any(contradicts(category, proposal) for category in given)
        ),
        seen=one.votes[-1].number,
        resolvable=person.settles and may_resolve(one.votes, person.name),
    )
