"""What one grader has to do in each stack, counted so that it need not be looked up."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

from triage.bench.layout import Layout
from triage.bench.sieve import Queue
from triage.model.grade import Category
from triage.model.vote import DISPUTED, GradeState


class Grade(NamedTuple):
    """What a vote says; equal ones are kept once."""

    category: Category
    code: str
    tags: tuple[str, ...]


class Stand(NamedTuple):
    """A vote that stands: whose, and what it says; nothing where it came from a file."""

    person: int
    grade: Grade | None


Standings = tuple[Stand, ...]


class Room:
    """What people said of the contents of a case, as all desks look at it.

    Attributes:
        said: of each content the votes that stand.
        states: of each content what follows from them; told to nobody who has not voted on it.
        voted: contents on which a vote stands; ``drawn``: those that a dip sample drew.
        unvoted: of each stack, the contents on which nobody's vote stands.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.said: list[Standings] = [()] * len(layout.contents)
        self.states: list[GradeState] = [GradeState.UNGRADED] * len(layout.contents)
        self.voted: set[int] = set()
        self.drawn: frozenset[int] = frozenset()
        sizes = (len(layout.members(stack)) for stack in range(len(layout)))
        self.sizes = array("I", sizes)
        self.unvoted = array("I", self.sizes)

    def record(self, content: int, standing: Standings, state: GradeState) -> None:
        """Take down what stands of a content now."""
        stack = self.layout.stack_of[content]
        if bool(standing) != bool(self.said[content]):
            self.unvoted[stack] += -1 if standing else 1
        self.said[content] = standing
        self.states[content] = state
        if standing:
            self.voted.add(content)
        else:
            self.voted.discard(content)


class Desk:
    """What is to do for one grader.

    Attributes:
        person: number of the grader among those who voted.
        wanted: independent votes that are asked for.
        own: of each stack, the contents on which the grader's vote stands; likewise ``second``,
            ``dip`` and ``disputed``, the contents that the queues are made of.
        skipped: stacks that the grader put off.
    """

    def __init__(self, room: Room, person: int, *, wanted: int, skipped: Iterable[int]) -> None:
        self._room = room
        self.person = person
        self.wanted = wanted
        empty = bytes(4 * len(room.layout))
        self.own = array("I", empty)
        self.second = array("I", empty)
        self.dip = array("I", empty)
        self.disputed = array("I", empty)
        self.skipped = set(skipped)
        stack_of = room.layout.stack_of
        self.recount({stack_of[one] for one in (*room.voted, *room.drawn)})

    def to_do(self, queue: Queue) -> array[int]:
        """Give, of each stack, how many contents a queue has."""
        return {
            Queue.FIRST: self._room.unvoted,
            Queue.SECOND: self.second,
            Queue.DIP: self.dip,
            Queue.DISPUTES: self.disputed,
            Queue.ALL: self._room.sizes,
        }[queue]

    def recount(self, stacks: Iterable[int]) -> None:
        """Count some stacks again."""
        for stack in stacks:
            self._recount(stack)

    def grade(self, content: int) -> Grade | None:
        """Give what the grader said of a content, where it stands."""
        for one in self._room.said[content]:
            if one.person == self.person and one.grade is not None:
                return one.grade
        return None

    def others(self, content: int) -> set[int]:
        """Give who else voted on a content."""
        return {one.person for one in self._room.said[content]} - {self.person}

    def _recount(self, stack: int) -> None:
        room = self._room
        own = second = dip = disputed = 0
        for content in room.layout.members(stack):
            if content not in room.voted:
                dip += content in room.drawn
            elif self.grade(content) is not None:
                own += 1
                disputed += room.states[content] in DISPUTED
            else:
                voters = len({one.person for one in room.said[content]})
                second += 0 < voters < self.wanted
                dip += content in room.drawn
        self.own[stack], self.second[stack] = own, second
        self.dip[stack], self.disputed[stack] = dip, disputed
