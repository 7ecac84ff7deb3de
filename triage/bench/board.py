"""The pictures of one case in memory: stacks in order, who voted on what, and what is left."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, compress, islice
from typing import NamedTuple

from triage.bench.desk import Desk, Grade, Room, Stand
from triage.bench.filters import filters_of
from triage.bench.layout import Layout
from triage.bench.missing import NotHere, Restacked
from triage.bench.sieve import Asked, Queue, Sieve, Voted
from triage.bench.told import ToldFilters
from triage.grading.voting import decide
from triage.model.grade import Category, Standing
from triage.model.vote import same_person, standing
from triage.scheduler.latch import Latch
from triage.store import boardrows, voterows
from triage.store.database import Store

DESKS = 24
"""Graders whose work is kept counted, those who asked last."""

SELECTIONS = 24
"""Filters whose stacks are kept, those asked for last."""

LATE_S = 120
"""How long a line may take to turn up after one with a higher number."""

_LOOKED_BACK = 2_000
_GOOD = frozenset({Standing.KNOWN_GOOD})

Stacks = Sequence[int]


class Found(NamedTuple):
    """Stacks of a page, where to go on, and what is left in all."""

    stacks: list[int]
    next: str | None
    left_stacks: int
    left_contents: int


class Board:
    """One case. Whoever asks holds :attr:`latch` meanwhile, and brings a store of their own.

    Args:
        mark: of what the layout was made.
        made_s: when, by a clock that only goes forward.
    """

    def __init__(self, layout: Layout, mark: boardrows.Mark, made_s: float) -> None:
        self.layout = layout
        self.mark = mark
        self.made_s = made_s
        self.latch = Latch()
        self.room = Room(layout)
        self._persons: dict[str, int] = {}
        self._grades: dict[Grade, Grade] = {}
        self._standings: dict[tuple[Stand, ...], tuple[Stand, ...]] = {}
        self._desks: OrderedDict[int, Desk] = OrderedDict()
        self._selections: OrderedDict[tuple[Queue, Sieve], Stacks] = OrderedDict()
        self._filters: ToldFilters | None = None
        self._newest = -1
        self._missing: dict[int, float] = {}
        self._sample = -1

    def filters(self) -> ToldFilters:
        """Give what the case can be filtered by, counted once."""
        if self._filters is None:
            self._filters = filters_of(self.layout)
        return self._filters

    def refresh(self, store: Store) -> None:
        """Take in what was said, and drawn, since the last time."""
        connection, case = store.connection, self.layout.case
        if self._newest < 0:
            first = boardrows.newest_line(connection)
            named = boardrows.voted_on(connection, case.case_id)
            found = boardrows.said_since(connection, case.case_id, max(0, first - _LOOKED_BACK))
            self._take(store, {*named, *found.contents})
        else:
            found = boardrows.said_since(connection, case.case_id, self._newest, self._missing)
            if found.contents:
                self._take(store, found.contents)
        self._newest = max(self._newest, found.newest)
        now_s = time.monotonic()
        late = {one: self._missing.get(one, now_s) for one in found.missing}
        self._missing = {one: at_s for one, at_s in late.items() if now_s - at_s < LATE_S}
        self._draw(store)

    def desk(self, name: str, *, wanted: int, skipped: Collection[bytes]) -> Desk:
        """Give the desk of a grader.

        Args:
            name: as votes are recorded under.
            wanted: independent votes that are asked for.
            skipped: contents whose stacks the grader put off, where that is not known yet.
        """
        person = self._person(name)
        desk = self._desks.get(person)
        if desk is None or desk.wanted != wanted:
            off = self._stacks_of(skipped) | (desk.skipped if desk else set())
            desk = Desk(self.room, person, wanted=wanted, skipped=off)
            self._desks[person] = desk
        self._desks.move_to_end(person)
        while len(self._desks) > DESKS:
            self._desks.popitem(last=False)
        return desk

    def knows(self, name: str) -> bool:
        """Tell whether the desk of a grader is kept, skips and all."""
        return self._persons.get(same_person(name), -1) in self._desks

    def stack(self, key: str) -> int:
        """Give the number of a stack by its key.

        Raises:
            Restacked: no stack is made up like that, or not any more.
        """
        try:
            return self.layout.by_key[bytes.fromhex(key)]
        except (KeyError, ValueError):
            raise Restacked(
                "there is no such stack: the pictures of the case may have been stacked anew",
                hint="Load the gallery again and look at the stack as it is now.",
            ) from None

    def content(self, digest: str) -> int:
        """Give the number of a content by its SHA-256 in hex.

        Raises:
            NotHere: the case holds no picture or video with that digest.
        """
        try:
            return self.layout.number[bytes.fromhex(digest)]
        except (KeyError, ValueError):
            raise NotHere("the case holds no picture or video with that SHA-256") from None

    def page(self, desk: Desk, asked: Asked, *, after: str, limit: int) -> Found:
        """Give a page of what is asked for, behind a cursor."""
        selection = self._chosen(desk, asked)
        to_do = desk.to_do(asked.queue)
        counts = [to_do[stack] for stack in selection] if len(selection) < len(to_do) else to_do
        found = list(islice(self._walk(desk, selection, to_do, after), limit + 1))
        more = found[limit - 1] if len(found) > limit else None
        return Found(
            stacks=found[:limit],
            next=None if more is None else self._cursor(desk, more),
            left_stacks=len(counts) - counts.count(0),
            left_contents=sum(counts),
        )

    def next(self, desk: Desk, asked: Asked, *, after: str) -> Found:
        """Give the next stack behind a cursor or a stack; at the end, from the beginning again."""
        found = self.page(desk, asked, after=after, limit=1)
        if found.stacks or not after:
            return found
        again = self.page(desk, asked, after="", limit=2)
        left_behind = self._place(after)[1]
        return again._replace(stacks=[one for one in again.stacks if one != left_behind][:1])

    def _walk(self, desk: Desk, selection: Stacks, to_do: array[int], after: str) -> Iterator[int]:
        """Give the stacks with something to do: those put off come last."""
        skipping, place = self._place(after)
        inside = bisect_right(selection, place)
        rest = selection[inside:]
        waiting = compress(rest, map(to_do.__getitem__, rest))
        if not desk.skipped:
            return waiting
        off = sorted(desk.skipped)
        held = (
            one
            for one in off
            if to_do[one] and (not skipping or one > place) and _holds(selection, one)
        )
        if skipping:
            return held
        return chain((one for one in waiting if one not in desk.skipped), held)

    def _place(self, after: str) -> tuple[bool, int]:
        """Read a cursor, the key of a stack or the digest of a content; unknown ones begin anew."""
        skipping = after.startswith("s")
        try:
            raw = bytes.fromhex(after.removeprefix("s"))
        except ValueError:
            return False, -1
        if raw in self.layout.number:
            return skipping, self.layout.stack_of[self.layout.number[raw]]
        return skipping, self.layout.by_key.get(raw, -1)

    def _cursor(self, desk: Desk, stack: int) -> str:
        """Name a place by a content: that outlives stacks that are made anew."""
        leader = self.layout.contents[self.layout.starts[stack]]
        return f"{'s' if stack in desk.skipped else ''}{leader.sha256.hex()}"

    def _chosen(self, desk: Desk, asked: Asked) -> Stacks:
        selection = self._selection(asked.queue, asked.sieve)
        if asked.categories:
            proposed, own = self.layout.proposed_as(asked.categories), desk.own
            selection = [
                one
                for one in selection
                if (self._graded(desk, one, asked.categories) if own[one] else one in proposed)
            ]
        if asked.mine is not None:
            done = asked.mine is Voted.YES
            sizes, own = self.room.sizes, desk.own
            selection = [one for one in selection if (own[one] == sizes[one]) is done]
        return selection

    def _selection(self, queue: Queue, sieve: Sieve) -> Stacks:
        key = queue, sieve
        known = self._selections.get(key)
        if known is None:
            known = self._selections[key] = self._selected(queue, sieve)
        self._selections.move_to_end(key)
        while len(self._selections) > SELECTIONS:
            self._selections.popitem(last=False)
        return known

    def _selected(self, queue: Queue, sieve: Sieve) -> Stacks:
        layout = self.layout
        tests = sieve.tests(layout)
        hides_good = queue is Queue.FIRST and not sieve.standings & _GOOD
        last = layout.shown if hides_good else len(layout)
        if not tests:
            return range(last)
        contents = layout.contents
        found: Iterable[int] = range(layout.starts[last])
        for test in tests:
            found = [one for one in found if test(contents[one])]
        return array("I", sorted({layout.stack_of[one] for one in found}))

    def _graded(self, desk: Desk, stack: int, wanted: frozenset[Category]) -> bool:
        contents = self.layout.contents
        for content in self.layout.members(stack):
            grade = desk.grade(content)
            found = grade.category if grade else contents[content].category
            if (found or Category.UNCATEGORISED) in wanted:
                return True
        return False

    def _take(self, store: Store, digests: Collection[bytes]) -> None:
        case, layout = self.layout.case, self.layout
        known = sorted(one for one in digests if one in layout.number)
        touched = set()
        for part in voterows.parts(known):
            for one in voterows.contents_of(store.connection, case.case_id, case.exhibit_ids, part):
                content = layout.number[one.sha256]
                stands = tuple(
                    Stand(
                        self._person(vote.by),
                        None
                        if vote.source or vote.category is None
                        else self._grade(Grade(vote.category, vote.code, vote.tags)),
                    )
                    for vote in standing(one.votes)
                )
                kept = self._standings.setdefault(stands, stands)
                self.room.record(content, kept, decide(one.votes, one.proposals).state)
                touched.add(layout.stack_of[content])
        for desk in self._desks.values():
            desk.recount(touched)

    def _draw(self, store: Store) -> None:
        case_id = self.layout.case.case_id
        newest = boardrows.newest_sample(store.connection, case_id)
        if newest == self._sample:
            return
        self._sample = newest
        numbers = self.layout.number
        drawn = boardrows.drawn_in(store.connection, case_id) if newest else ()
        self.room.drawn = frozenset(numbers[one] for one in drawn if one in numbers)
        touched = {self.layout.stack_of[one] for one in self.room.drawn}
        for desk in self._desks.values():
            desk.recount(touched)

    def _person(self, name: str) -> int:
        return self._persons.setdefault(same_person(name), len(self._persons))

    def _grade(self, grade: Grade) -> Grade:
        return self._grades.setdefault(grade, grade)

    def _stacks_of(self, digests: Iterable[bytes]) -> set[int]:
        numbers, stack_of = self.layout.number, self.layout.stack_of
        return {stack_of[numbers[one]] for one in digests if one in numbers}


def _holds(selection: Stacks, stack: int) -> bool:
    at = bisect_right(selection, stack)
    return at > 0 and selection[at - 1] == stack
