"""Reads what the sizes call for, in on-disk order, and confirms each agreement at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from triage.model.event import Event, Progress, Stage
from triage.model.grade import Standing
from triage.model.outcome import FailReason
from triage.pipeline.plan import TimeLimits, portions
from triage.pipeline.quick.calls import confirm, look
from triage.pipeline.quick.result import QuickHit, Unexamined
from triage.pipeline.quick.sets import Sought
from triage.pipeline.quick.values import (
    ArchiveItem,
    Digested,
    EntryItem,
    Looked,
    Unread,
    Visited,
)
from triage.pipeline.quick.visiting import Visiting
from triage.pipeline.quick.walking import Catalogue
from triage.scheduler import Batch, LossKind, Lost, Pool, Result

LOOK_COST_BYTES = 4096
"""What looking at the start of an entry counts in a batch and in the progress."""
BATCH_ITEMS = 128
CONFIRM_ITEMS = 32
ASK_INTERVAL_S = 0.2
TELL_INTERVAL_S = 0.05

_TOLD = frozenset({Standing.KNOWN_BAD, Standing.NOTABLE, Standing.UNMAPPED})
_LOSSES = {
    LossKind.CRASH: FailReason.CRASH,
    LossKind.ERROR: FailReason.CRASH,
    LossKind.TIME_LIMIT: FailReason.TIME_LIMIT,
    LossKind.MEMORY_LIMIT: FailReason.MEMORY_LIMIT,
}


@dataclass(slots=True, kw_only=True)
class Reading:
    """The reading of all entries that are listed, and of the members of archives.

    Attributes:
        looked: entries that were examined, by size or by digests; ``failed``: those that could
            not be.
        read_whole: examined by digests; ``read_bytes``: of all content, confirmations included.
        stopped: the first known-bad file was found, and that was enough.
    """

    pool: Pool
    sought: Sought
    catalogue: Catalogue
    limits: TimeLimits
    tell: Callable[[Event], None]
    on_hit: Callable[[QuickHit], None]
    first_hit: bool
    looked: int = 0
    read_whole: int = 0
    read_bytes: int = 0
    failed: Counter[FailReason] = field(default_factory=Counter)
    unexamined: list[Unexamined] = field(default_factory=list)
    conflicts: list[QuickHit] = field(default_factory=list)
    stopped: bool = False
    _bits: bytearray = field(default_factory=bytearray)
    _cost_bytes: int = 0
    _done: int = 0
    _done_bytes: int = 0
    _told_at: float = 0.0
    _asked_at: float = 0.0
    _unasked: dict[int, list[tuple[int, tuple[bytes, ...]]]] = field(default_factory=dict)
    _agreed: list[int] = field(default_factory=list)
    _confirmed: list[tuple[EntryItem, Digested]] = field(default_factory=list)
    _confirming: set[int] = field(default_factory=set)
    _visiting: Visiting = field(init=False)
    _left: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._visiting = Visiting(
            pool=self.pool, sought=self.sought, catalogue=self.catalogue, limits=self.limits
        )

    def run(self) -> None:
        """Examine everything, and what the archives hold, until no new archive turns up."""
        offsets = self.catalogue.offsets
        self._examine(sorted(range(len(offsets)), key=offsets.__getitem__))
        while self._visiting.waiting and not self.stopped:
            self._examine(self._visit())

    @property
    def archives(self) -> int:
        """How many archives were opened."""
        return self._visiting.opened

    @property
    def archives_left(self) -> int:
        """How many archives were met and not opened."""
        return len(self._visiting.waiting)

    def _examine(self, numbers: Sequence[int]) -> None:
        self._plan()
        source = self._batches(numbers)
        while not self.stopped:
            for result in self.pool.run(source):
                self._take(result)
                if self.stopped:
                    return
            self._ask()
            self.settle()
            if not self._agreed:
                return
            source = self._batches(())

    def _plan(self, known: bytes | None = None) -> None:
        """Ask for the entries that are new which digests their sizes call for.

        Args:
            known: the answer, where a worker has asked before.
        """
        fresh = self.catalogue.sizes[len(self._bits) :]
        bits = self.sought.table.wanted(fresh) if known is None else known
        self._bits += bits
        self._cost_bytes += sum(map(_cost, fresh, bits))

    def _batches(self, numbers: Iterable[int]) -> Iterator[Batch]:
        """Give what is to be read; a content that agreed goes first."""
        sizes, bits = self.catalogue.sizes, self._bits
        parts = portions(
            numbers, size_bytes=lambda one: _cost(sizes[one], bits[one]), most=BATCH_ITEMS
        )
        for part in parts:
            yield from self._confirmations()
            items = tuple(self.catalogue.item(number, bits[number]) for number in part)
            yield Batch(
                function=look,
                items=items,
                time_limits_s=tuple(
                    self.limits.reading_s(sizes[number])
                    + self.limits.reaching_s(item.sheet.container)
                    for number, item in zip(part, items, strict=True)
                ),
                reads=True,
            )
        yield from self._confirmations()

    def _confirmations(self) -> Iterator[Batch]:
        agreed, self._agreed = self._agreed, []
        self._confirming.update(agreed)
        most = 1 if self.first_hit else CONFIRM_ITEMS
        for part in portions(agreed, size_bytes=self._all_bytes, most=most):
            yield Batch(
                function=confirm,
                items=tuple(map(self.catalogue.item, part)),
                time_limits_s=tuple(self.limits.reading_s(self._all_bytes(one)) for one in part),
                reads=True,
            )

    def _all_bytes(self, number: int) -> int:
        """Give the bytes of an entry and of all archives it lies in: all of them are read."""
        entry = self.catalogue.entry(number)
        size = entry.size_bytes
        while entry.container is not None:
            entry = entry.container
            size += entry.size_bytes
        return size

    def _take(self, result: Result) -> None:
        if isinstance(result.item, ArchiveItem):
            self._take_visited(result.item.entry, result)
        elif result.item.number in self._confirming:
            self._take_confirmed(result.item, result)
        else:
            self._take_looked(result.item, result)
        if time.monotonic() - self._asked_at > ASK_INTERVAL_S:
            self._ask()
            self.settle()

    def _take_looked(self, item: EntryItem, result: Result) -> None:
        if isinstance(result, Lost):
            self._count(item.number)
            self._fail(item.number, _LOSSES[result.kind], result.detail)
        else:
            self._note(item.number, item.sheet.location, result.value)

    def _count(self, number: int) -> None:
        size = self.catalogue.sizes[number]
        cost = _cost(size, self._bits[number])
        self.read_bytes += min(cost, size)
        self._progress(cost)

    def _note(self, number: int, location: str, value: tuple[bytes, ...] | Looked | Unread) -> None:
        """Take what an entry showed."""
        self._count(number)
        if isinstance(value, Unread):
            self.catalogue.note_damage(location, value.damage)
            self._fail(number, value.reason, value.detail)
            return
        self.looked += 1
        if isinstance(value, Looked):
            value = self._noted(number, location, value)
        if self._bits[number]:
            self.read_whole += 1
            self._unasked.setdefault(self._bits[number], []).append((number, value))

    def _noted(self, number: int, location: str, value: Looked) -> tuple[bytes, ...]:
        self.catalogue.note_damage(location, value.damage)
        if value.archive and value.opens:
            self._visiting.waiting.add(number)
        elif value.archive:
            self.catalogue.note_unopened(number, "an archive of a kind that is not opened")
        return value.digests

    def _take_confirmed(self, item: EntryItem, result: Result) -> None:
        self._confirming.discard(item.number)
        self.read_bytes += self.catalogue.sizes[item.number]
        value = result if isinstance(result, Lost) else result.value
        if isinstance(value, Digested):
            self._confirmed.append((item, value))
            if self.first_hit:
                self.settle()
            return
        self.looked -= 1
        if isinstance(value, Lost):
            self._fail(item.number, _LOSSES[value.kind], value.detail)
        else:
            self.catalogue.note_damage(item.sheet.location, value.damage)
            self._fail(item.number, value.reason, value.detail)

    def _ask(self) -> None:
        """Look up the digests that came in; what agrees is to be confirmed."""
        self._asked_at = time.monotonic()
        for bits, waiting in self._unasked.items():
            met = self.sought.met(bits, [digests for _, digests in waiting])
            self._agreed.extend(
                number for (number, _), hit in zip(waiting, met, strict=True) if hit
            )
        self._unasked.clear()

    def settle(self) -> None:
        """Judge what was confirmed, many at a time: a judgement costs little more for a hundred."""
        digests = [value.digests for _, value in self._confirmed]
        for _, matches, proposal in self.sought.judge(digests) if digests else ():
            item, value = self._confirmed.pop(0)
            hit = QuickHit(
                evidence_key=item.sheet.evidence,
                entry=self.catalogue.entry(item.number),
                digests=value.digests,
                containers=value.containers,
                matches=matches,
                proposal=proposal,
                damaged=value.damaged,
            )
            if proposal.standing in _TOLD:
                self.on_hit(hit)
                self.stopped = self.stopped or (self.first_hit and hit.bad)
            elif proposal.conflict:
                self.conflicts.append(hit)

    def _visit(self) -> list[int]:
        """Look at the members of archives; give the numbers of those that a visit left out."""
        self._left.clear()
        self._visiting.begin()
        for result in self.pool.run(self._visiting.batches(self._confirmations)):
            self._take(result)
            if self.stopped:
                return []
        return self._left + self._visiting.members()

    def _take_visited(self, item: EntryItem, result: Result) -> None:
        if isinstance(result, Lost):
            self._visiting.lost(item)
            return
        visited: Visited = result.value
        fresh = self._visiting.enter(item, visited.found)
        self._plan(visited.bits)
        for number, value in zip(fresh, visited.looks, strict=False):  # fewer where it ended early
            self._note(number, item.sheet.location, value)
        self._left.extend(fresh[len(visited.looks) :])

    def _fail(self, number: int, reason: FailReason, detail: str) -> None:
        ref = self.catalogue.entry(number).ref
        self.failed[reason] += 1
        self.unexamined.append(
            Unexamined(
                evidence=ref.evidence,
                volume=ref.volume,
                path=ref.path,
                stream=ref.stream,
                reason=reason,
                detail=detail,
            )
        )

    def _progress(self, cost_bytes: int) -> None:
        self._done += 1
        self._done_bytes += cost_bytes
        now = time.monotonic()
        if now - self._told_at > TELL_INTERVAL_S or self._done == len(self._bits):
            self._told_at = now
            self.tell(
                Progress(
                    stage=Stage.DIGESTING,
                    done=self._done,
                    total=len(self._bits),
                    done_bytes=self._done_bytes,
                    total_bytes=self._cost_bytes,
                )
            )


def _cost(size_bytes: int, bits: int) -> int:
    return max(size_bytes, LOOK_COST_BYTES) if bits else LOOK_COST_BYTES
