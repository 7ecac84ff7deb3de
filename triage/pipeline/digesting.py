"""Reads every waiting entry once, and judges each new content as soon as it is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from triage.model.digest import Digests
from triage.model.event import HitFound
from triage.model.evidence import DamagedRange
from triage.model.extents import WHOLE, adds_up, unpacked
from triage.model.grade import Proposal, Standing
from triage.model.outcome import Failed, FailReason, Outcome, Skipped
from triage.model.packing import EXTENTS, FIRST_BLOCK, PATH, SIZE, STREAM
from triage.pipeline.calls import digest_entry, digest_placed
from triage.pipeline.items import Digested, PlacedDone, PlacedItem, RowItem, brief
from triage.pipeline.judging import Judge, picture_state
from triage.pipeline.plan import TimeLimits, portions
from triage.scheduler import Batch, LossKind, Lost, Pool, Result
from triage.store.database import Store
from triage.store.work import Unread

BATCH_ITEMS = 128
SETTLE_ITEMS = 2048
SETTLE_INTERVAL_S = 1.0
TELL_INTERVAL_S = 0.05

Undone = Skipped | Failed
DoneRow = tuple[Any, ...]
"""What :meth:`triage.store.writer.Writing.finish_done` takes."""

_LOSSES = {
    LossKind.CRASH: FailReason.CRASH,
    LossKind.ERROR: FailReason.CRASH,
    LossKind.TIME_LIMIT: FailReason.TIME_LIMIT,
    LossKind.MEMORY_LIMIT: FailReason.MEMORY_LIMIT,
}


@dataclass(slots=True, kw_only=True)
class Digesting:
    """The first phase of an exhibit: every entry of one evidence item, in on-disk order."""

    pool: Pool
    store: Store
    judge: Judge
    exhibit_id: int
    evidence_id: int
    location: str
    limits: TimeLimits
    on_read: Callable[[int, int], None]
    on_hit: Callable[[HitFound], None]
    _group: list[tuple[int, bytes, PlacedDone | Undone]] = field(default_factory=list)
    _damage: list[DamagedRange] = field(default_factory=list)
    _in_hand: set[int] = field(default_factory=set)
    _settled_at: float = 0.0
    _told_at: float = 0.0
    _read: int = 0
    _read_bytes: int = 0

    def run(self) -> None:
        """Digest everything that waits; what is settled is committed group by group."""
        self._settled_at = time.monotonic()
        for result in self.pool.run(self._batches()):
            self._take(result)
        self.store.mark_in_hand(self.evidence_id, ())
        self.settle()

    def _batches(self) -> Iterator[Batch]:
        suspects = self.store.in_hand(self.evidence_id)
        self._in_hand = set(suspects)
        for page in self.store.waiting(self.evidence_id):
            self._in_hand.update(one.entry_id for one in page)
            self.store.mark_in_hand(self.evidence_id, self._in_hand)
            self.store.commit()
            for part in portions(
                page,
                size_bytes=_size,
                most=BATCH_ITEMS,
                alone=lambda one: one.entry_id in suspects,
            ):
                for placed, same in groupby(part, _is_placed):
                    yield self._batch(list(same), placed=placed)

    def _batch(self, part: list[Unread], *, placed: bool) -> Batch:
        make = _placed_item if placed else _row_item
        return Batch(
            function=digest_placed if placed else digest_entry,
            items=tuple([make(one, self.location) for one in part]),
            time_limits_s=tuple(
                [
                    self.limits.reading_s(_size(one)) + self.limits.reaching_s(one.container)
                    for one in part
                ]
            ),
            reads=True,
        )

    def _take(self, result: Result) -> None:
        item: PlacedItem | RowItem = result.item
        outcome: PlacedDone | Outcome
        if isinstance(result, Lost):
            outcome = lost_entry(result)
        elif isinstance(result.value, Digested):
            outcome = result.value.outcome
            self._damage += result.value.damage
        else:
            outcome = result.value
        self.add(item.entry_id, item.path, item.size_bytes, outcome)
        if (
            len(self._group) >= SETTLE_ITEMS
            or time.monotonic() - self._settled_at > SETTLE_INTERVAL_S
        ):
            self.settle()

    def add(
        self, entry_id: int, path: bytes, size_bytes: int, outcome: PlacedDone | Outcome
    ) -> None:
        """Take what became of an entry into the group that is settled next."""
        found = brief(outcome)
        self._group.append((entry_id, path, found))
        self._read += 1
        self._read_bytes += size_bytes
        if time.monotonic() - self._told_at > TELL_INTERVAL_S:
            self._tell()

    def _tell(self) -> None:
        if self._read:
            self.on_read(self._read, self._read_bytes)
        self._read = self._read_bytes = 0
        self._told_at = time.monotonic()

    def settle(self) -> None:
        """Write a group of outcomes together with the judgement of the contents new in it."""
        done: list[DoneRow] = []
        undone: list[tuple[int, Undone]] = []
        contents: dict[bytes, PlacedDone] = {}
        for entry_id, _, one in self._group:
            self._in_hand.discard(entry_id)
            if isinstance(one, PlacedDone):
                sha256, kind, agrees = one.sha256, one.mime, one.extension_agrees
                contents[sha256] = one
                truth = None if agrees is None else +agrees
                done.append((bytearray(sha256), +one.damaged, kind, one.family, truth, entry_id))
            else:
                undone.append((entry_id, one))
        for sha256 in self.store.known_contents(self.exhibit_id, list(contents)):
            del contents[sha256]
        self._judge(contents)
        self.store.add_damage(self.evidence_id, self._damage)
        self.store.finish_done(done)
        self.store.finish_undone(undone)
        self.store.commit()
        self._group.clear()
        self._damage.clear()
        self._tell()
        self._settled_at = time.monotonic()

    def _judge(self, fresh: Mapping[bytes, PlacedDone]) -> None:
        """Add contents, each with what its digests and its type say of it."""
        if not fresh:
            return
        contents = [
            Digests(md5=one.md5, sha1=one.sha1, sha256=one.sha256, size_bytes=one.size_bytes)
            for one in fresh.values()
        ]
        judged = self.judge.judge(contents, [None] * len(contents))
        states = {
            sha256: picture_state(fresh[sha256].family, proposal.standing)
            for sha256, _, proposal in judged
        }
        self.store.add_contents(
            [_content(self.exhibit_id, one, states[sha256]) for sha256, one in fresh.items()]
        )
        self.store.set_matches(self.exhibit_id, (one for one in judged if one[1]))
        for sha256, _, proposal in judged:
            if proposal.standing is Standing.KNOWN_BAD:
                self._tell_hit(sha256, proposal)

    def _tell_hit(self, sha256: bytes, proposal: Proposal) -> None:
        """Tell of a hit by the first entry of its content."""
        path = next(
            path
            for _, path, one in self._group
            if isinstance(one, PlacedDone) and one.sha256 == sha256
        )
        category = "" if proposal.category is None else str(proposal.category)
        self.on_hit(HitFound(path=path, category=category, reason=proposal.reason))


def _size(one: Unread) -> int:
    size_bytes: int = one.row[SIZE]
    return size_bytes


def _is_placed(one: Unread) -> bool:
    row = one.row
    raw, size_bytes = row[EXTENTS], row[SIZE]
    if raw == WHOLE:
        return bool(size_bytes > 0)
    return bool(raw) and adds_up(unpacked(raw, row[FIRST_BLOCK], size_bytes), size_bytes)


def _row_item(one: Unread, location: str) -> RowItem:
    return RowItem(one.entry_id, location, one.evidence, one.volume, one.row, one.container)


def _placed_item(one: Unread, location: str) -> PlacedItem:
    row = one.row
    return PlacedItem(
        one.entry_id, location, row[PATH], row[STREAM], row[SIZE], row[FIRST_BLOCK], row[EXTENTS]
    )


def _content(exhibit_id: int, one: PlacedDone, state: str) -> tuple[Any, ...]:
    """Give what :meth:`triage.store.writer.Writing.add_contents` takes."""
    return (
        exhibit_id,
        bytearray(one.sha256),
        bytearray(one.md5),
        bytearray(one.sha1),
        one.size_bytes,
        one.mime,
        one.family,
        state,
    )


def lost_entry(lost: Lost) -> Failed:
    """Give the outcome of an entry that cost its worker."""
    return Failed(reason=_LOSSES[lost.kind], detail=lost.detail)
