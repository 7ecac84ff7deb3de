"""What a grader asks to see: a queue, and filters over the facts of contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from triage.bench.layout import Layout
from triage.bench.sight import Sight
from triage.model.display import printable
from triage.model.grade import Category, Standing

Test = Callable[[Sight], bool]


class Queue(StrEnum):
    """What there is to do."""

    FIRST = "first"
    """Nobody has voted."""
    SECOND = "second"
    """Others voted, the grader did not, and more independent votes are asked for."""
    DIP = "dip"
    """A dip sample drew it, and the grader has not voted."""
    DISPUTES = "disputes"
    """The grader voted, and it is in dispute."""
    ALL = "all"


class Voted(StrEnum):
    """Whether the grader has voted."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieve:
    """Facts that a content has to have; a stack is shown where one of its contents has them all.

    Attributes:
        standings: any of these; none for all but known-good in the queue of first looks.
        folder: a path as :func:`triage.model.display.printable` shows it; those inside it too.
        first_day, last_day: ordinals of days, 0 for no bound.
        deleted: only what lies somewhere as a deleted file, or (false) as one that is there.
        max_bytes: -1 for no bound.
    """

    standings: frozenset[Standing] = frozenset()
    set: str = ""
    exhibit: str = ""
    folder: str = ""
    first_day: int = 0
    last_day: int = 0
    camera: str = ""
    deleted: bool | None = None
    min_bytes: int = 0
    max_bytes: int = -1
    medium: str = ""

    def tests(self, layout: Layout) -> list[Test]:
        """Give what a content has to pass, the cheapest first."""
        found: list[Test] = []
        if self.standings:
            found.append(lambda one: one.standing in self.standings)
        if self.medium:
            found.append(lambda one: one.medium == self.medium)
        if self.camera:
            found.append(lambda one: one.camera == self.camera)
        if self.set:
            found.append(lambda one: self.set in one.sets)
        if self.min_bytes:
            found.append(lambda one: one.size_bytes >= self.min_bytes)
        if self.max_bytes >= 0:
            found.append(lambda one: one.size_bytes <= self.max_bytes)
        if self.first_day or self.last_day:
            last = self.last_day or date.max.toordinal()
            found.append(lambda one: one.day > 0 and self.first_day <= one.day <= last)
        if self.deleted is not None:
            found.append(lambda one: one.deleted if self.deleted else one.live)
        if self.folder or self.exhibit:
            inside = _folders(layout, self.exhibit, self.folder)
            found.append(lambda one: not inside.isdisjoint(one.folders))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a grader asks for.

    Attributes:
        categories: the grader's own grade is one of these or, where the grader has not voted, the
            proposal is; ``UNCATEGORISED`` finds what has neither.
        mine: whether the grader has voted on all of a stack, or not.
    """

    queue: Queue = Queue.FIRST
    sieve: Sieve = Sieve()
    categories: frozenset[Category] = frozenset()
    mine: Voted | None = None


def _folders(layout: Layout, exhibit: str, folder: str) -> frozenset[int]:
    wanted = folder.rstrip("/")
    named = [reference for _, reference in layout.case.exhibits]

    def fits(number: int) -> bool:
        place, path = layout.folders.all[number]
        if exhibit and named[place] != exhibit:
            return False
        shown = printable(path)
        return not wanted or shown == wanted or shown.startswith(f"{wanted}/")

    return frozenset(filter(fits, range(len(layout.folders.all))))
