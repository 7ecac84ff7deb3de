"""Reads every waiting entry once, and judges each new content as soon as it is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from triage.model.digest import Digests
from triage.model.event import HitFound
from triage.model.extents import adds_up
from triage.model.grade import Standing
from triage.model.outcome import Done, Failed, FailReason, FileType, Outcome
from triage.pipeline.calls import digest_entry, digest_placed
from triage.pipeline.items import Digested, PlacedDone, PlacedItem, ReadItem
from triage.pipeline.judging import Judge, picture_state
from triage.pipeline.plan import TimeLimits, portions
from triage.scheduler import Batch, LossKind, Lost, Pool, Result
from triage.store.database import Store
from triage.store.work import Waiting

SETTLE_ITEMS = 512
SETTLE_INTERVAL_S = 0.5

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
    _group: list[tuple[int, Outcome]] = field(default_factory=list)
    _paths: dict[bytes, bytes] = field(default_factory=dict)
    _settled_at: float = 0.0

    def run(self) -> None:
        """Digest everything that waits; what is settled is committed group by group."""
        self._settled_at = time.monotonic()
        for result in self.pool.run(self._batches()):
            self._take(result)
        self.settle()

    def _batches(self) -> Iterator[Batch]:
        for page in self.store.waiting(self.evidence_id, self.location):
            self.store.mark_in_hand([waiting.entry_id for waiting in page])
            self.store.commit()
            for part in portions(
                page,
                size_bytes=lambda waiting: waiting.entry.size_bytes,
                alone=lambda waiting: waiting.in_hand,
            ):
                for placed, same in groupby(part, _is_placed):
                    yield self._batch(tuple(same), placed=placed)

    def _batch(self, part: tuple[Waiting, ...], *, placed: bool) -> Batch:
        return Batch(
            function=digest_placed if placed else digest_entry,
            items=tuple(_placed_item(one) if placed else _read_item(one) for one in part),
            time_limits_s=tuple(self.limits.reading_s(one.entry.size_bytes) for one in part),
            reads=True,
        )

    def _take(self, result: Result) -> None:
        item: PlacedItem | ReadItem = result.item
        outcome: Outcome
        if isinstance(result, Lost):
            outcome = lost_entry(result)
        elif isinstance(result.value, Digested):
            outcome = result.value.outcome
            self.store.add_damage(self.evidence_id, result.value.damage)
        else:
            outcome = outcome_of(result.value)
        self.add(item.entry_id, item.path, item.size_bytes, outcome)
        now = time.monotonic()
        if len(self._group) >= SETTLE_ITEMS or now - self._settled_at > SETTLE_INTERVAL_S:
            self.settle()

    def add(self, entry_id: int, path: bytes, size_bytes: int, outcome: Outcome) -> None:
        """Take what became of an entry into the group that is settled next."""
        self._group.append((entry_id, outcome))
        if isinstance(outcome, Done):
            self._paths.setdefault(outcome.digests.sha256, path)
        self.on_read(1, size_bytes)

    def settle(self) -> None:
        """Write a group of outcomes together with the judgement of the contents new in it."""
        fresh = self._fresh()
        self.store.finish(self.exhibit_id, self._group)
        if fresh:
            self._judge(fresh)
        self.store.commit()
        self._group.clear()
        self._paths.clear()
        self._settled_at = time.monotonic()

    def _fresh(self) -> dict[bytes, Done]:
        done = {
            outcome.digests.sha256: outcome
            for _, outcome in self._group
            if isinstance(outcome, Done)
        }
        for sha256 in self.store.known_contents(self.exhibit_id, list(done)):
            del done[sha256]
        return done

    def _judge(self, fresh: dict[bytes, Done]) -> None:
        contents: list[Digests] = [outcome.digests for outcome in fresh.values()]
        judged = self.judge.judge(contents, [None] * len(contents))
        self.store.set_matches(self.exhibit_id, (one for one in judged if one[1]))
        states = {}
        for sha256, _, proposal in judged:
            outcome = fresh[sha256]
            states[sha256] = picture_state(outcome.type.family, proposal.standing)
            if proposal.standing is Standing.KNOWN_BAD:
                category = "" if proposal.category is None else str(proposal.category)
                self.on_hit(
                    HitFound(path=self._paths[sha256], category=category, reason=proposal.reason)
                )
        self.store.set_picture_states(
            self.exhibit_id, {key: state for key, state in states.items() if state != "none"}
        )


def _is_placed(one: Waiting) -> bool:
    return adds_up(one.entry.extents, one.entry.size_bytes)


def _read_item(one: Waiting) -> ReadItem:
    return ReadItem(entry_id=one.entry_id, location=one.location, entry=one.entry)


def _placed_item(one: Waiting) -> PlacedItem:
    entry = one.entry
    return PlacedItem(
        one.entry_id,
        one.location,
        entry.ref.path,
        entry.ref.stream,
        entry.size_bytes,
        entry.extents,
    )


def outcome_of(placed: PlacedDone | Outcome) -> Outcome:
    """Give an outcome that may have come as a tuple."""
    if not isinstance(placed, PlacedDone):
        return placed
    return Done(
        digests=Digests(
            md5=placed.md5,
            sha1=placed.sha1,
            sha256=placed.sha256,
            size_bytes=placed.size_bytes,
        ),
        type=_file_type(placed.mime, placed.family, placed.extension_agrees),
        damaged=placed.damaged,
    )


@lru_cache(maxsize=1024)
def _file_type(mime: str, family: str, extension_agrees: bool | None) -> FileType:  # noqa: FBT001  (a key)
    return FileType(mime=mime, family=family, extension_agrees=extension_agrees)


def lost_entry(lost: Lost) -> Failed:
    """Give the outcome of an entry that cost its worker."""
    return Failed(reason=_LOSSES[lost.kind], detail=lost.detail)
