"""Verifies the chain of the audit: each line follows from the one before, back to the first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from triage.model.account import AuditRow
from triage.model.auditchain import FIRST, Anchor, TornRow, line_bytes, link_of

__all__ = ["FIRST", "Anchor", "Fault", "FaultKind", "Verdict", "line_bytes", "link_of", "verify"]

FAULTS_MAX = 1_000
"""Faults that are named; of all others it is told how many there are."""

_SHIFTS = range(-16, 17)
"""By how many places a line may have been moved to be told from one that was changed."""


class FaultKind(StrEnum):
    """What is wrong with lines."""

    MISSING = "missing"
    CHANGED = "changed"
    MOVED = "moved"
    CUT_OFF = "cut-off"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Lines that are not as they were written.

    Attributes:
        number: of the first one; ``last``: of the last one, mostly the same.
        words: what was found, for a person.
    """

    number: int
    last: int
    kind: FaultKind
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a verification came to.

    Attributes:
        rows: lines that were read.
        head: number and link of the last one, 0 and :data:`FIRST` where there is none.
        faults: as they were found, at most :data:`FAULTS_MAX`; ``more``: all others.
        anchors: that were compared; ``anchored``: the greatest number at which one agreed.
    """

    rows: int
    head: tuple[int, bytes]
    faults: tuple[Fault, ...]
    more: int = 0
    anchors: int = 0
    anchored: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify(rows: Iterable[AuditRow | TornRow], anchors: Iterable[Anchor] = ()) -> Verdict:
    """Follow the chain from its first line to its last.

    Args:
        rows: by number; they are read once and none is kept.
        anchors: what was noted elsewhere. Without one, lines that are missing at the end, and a
            chain that somebody has made anew from a line on, cannot be told.
    """
    walk = _Walk(anchors)
    for row, following in itertools.pairwise(itertools.chain(rows, (None,))):
        if row is not None:
            walk.step(row, following)
    return walk.end()


class _Walk:
    """How far a verification has come, and what it found."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self._anchors: dict[int, list[Anchor]] = {}
        for one in anchors:
            self._anchors.setdefault(one.number, []).append(one)
        self._number, self._rows, self._anchored, self._more = 0, 0, 0, 0
        self._link = FIRST
        self._earlier = FIRST
        self._shift = 0
        self._known = True
        self._rewritten = False
        self._faults: list[Fault] = []

    def step(self, row: AuditRow | TornRow, following: AuditRow | TornRow | None) -> None:
        """Take a line; the one after it may tell what became of this one."""
        self._rows += 1
        if row.number <= self._number:
            words = "it stands before the first row" if row.number < 1 else "it is there twice"
            self._find(FaultKind.MOVED, row.number, words)
            return
        if row.number > self._number + 1:
            gap = row.number - 1 - self._number
            words = "it was deleted" if gap == 1 else f"{gap:,} rows were deleted"
            words += f", so row {row.number:,} cannot be compared with what stood before it"
            self._find(FaultKind.MISSING, self._number + 1, words, last=row.number - 1)
            self._known = False
        link = row.link
        if isinstance(row, TornRow):
            self._find(FaultKind.CHANGED, row.number, row.why)
        elif self._known:
            link = self._compare(row, following)
        self._known = bool(link)
        self._number, self._earlier, self._link = row.number, self._link, link
        for anchor in self._anchors.get(row.number, ()):
            self._compare_anchor(anchor, row.link)

    def end(self) -> Verdict:
        """Say what was found."""
        last = max(self._anchors, default=0)
        if last > self._number:
            words = f"a row {last:,} was noted, the audit ends with row {self._number:,}"
            self._find(FaultKind.CUT_OFF, self._number + 1, words, last=last)
        return Verdict(
            rows=self._rows,
            head=(self._number, self._link),
            faults=tuple(self._faults),
            more=self._more,
            anchors=sum(map(len, self._anchors.values())),
            anchored=self._anchored,
        )

    def _compare(self, row: AuditRow, following: AuditRow | TornRow | None) -> bytes:
        """See whether a line follows, and give the link that the next one has to follow from."""
        wanted = link_of(self._link, row.number, row.line)
        if wanted == row.link:
            return row.link
        if isinstance(following, AuditRow):
            number = following.number
            if link_of(wanted, number, following.line) == following.link:
                self._find(FaultKind.CHANGED, row.number, "its link was changed")
                return wanted
        place = self._place(row, following)
        if place is None:
            words = "what it says was changed"
            if row.number > 1:
                words += f", or row {row.number - 1:,} was, and its link made anew"
            self._find(FaultKind.CHANGED, row.number, words)
        elif place != row.number:
            self._shift = place - row.number
            self._find(FaultKind.MOVED, row.number, f"it was written as row {place:,}")
        return row.link

    def _place(self, row: AuditRow, following: AuditRow | TornRow | None) -> int | None:
        """Give the number that a line was written with, where lines near it tell."""
        if len(self._faults) >= FAULTS_MAX:
            return None
        if link_of(self._link, row.number + self._shift, row.line) == row.link:
            return row.number + self._shift
        near = (self._link, self._earlier, following.link if following else b"")
        for previous, shift in itertools.product(filter(None, near), _SHIFTS):
            place = row.number + shift
            if place > 0 and link_of(previous, place, row.line) == row.link:
                return place
        return None

    def _compare_anchor(self, anchor: Anchor, link: bytes) -> None:
        if anchor.link == link:
            self._anchored, self._rewritten = anchor.number, False
        elif not self._rewritten:
            self._rewritten = True
            words = f"row {anchor.number:,} had another link when it was noted"
            first = self._anchored + 1
            self._find(FaultKind.REWRITTEN, first, words, last=anchor.number)

    def _find(self, kind: FaultKind, number: int, words: str, last: int | None = None) -> None:
        """Name a fault; lines that were moved together are one."""
        last = number if last is None else last
        before = self._faults[-1] if self._faults else None
        if before and before.kind is kind is FaultKind.MOVED and before.last == number - 1:
            self._faults[-1] = replace(before, last=number)
        elif len(self._faults) >= FAULTS_MAX:
            self._more += 1
        else:
            self._faults.append(Fault(number=number, last=last, kind=kind, words=words))
