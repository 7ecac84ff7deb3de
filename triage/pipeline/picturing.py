"""Decodes every distinct picture once an exhibit, and judges it again with its likeness."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from triage.hashing.limits import PictureLimits
from triage.model.digest import PictureHashes
from triage.model.outcome import NoPicture, PictureOutcome, PictureReason
from triage.model.picturefacts import PictureFacts
from triage.pipeline.calls import decode_picture
from triage.pipeline.items import Decoded, PictureItem
from triage.pipeline.judging import Judge
from triage.pipeline.plan import TimeLimits, portions
from triage.scheduler import Batch, Finished, LossKind, Pool, Result
from triage.store import picturefacts
from triage.store.database import Store
from triage.store.work import StoredContent

BATCH_PICTURES = 8
BATCH_BYTES = 2 * 1024 * 1024
"""A second of decoding at most: what one worker has in hand when the others are done."""
SETTLE_ITEMS = 256
SETTLE_INTERVAL_S = 0.5

LOSSES = {
    LossKind.CRASH: PictureReason.CRASH,
    LossKind.ERROR: PictureReason.UNDECODABLE,
    LossKind.TIME_LIMIT: PictureReason.TIME_LIMIT,
    LossKind.MEMORY_LIMIT: PictureReason.MEMORY_LIMIT,
}


@dataclass(slots=True, kw_only=True)
class Picturing:
    """The second phase of an exhibit: contents that are pictures and not known by their digests.

    Attributes:
        turned: compare them turned and mirrored too; see :class:`RunRequest`.
    """

    pool: Pool
    store: Store
    judge: Judge
    exhibit_id: int
    limits: TimeLimits
    picture_limits: PictureLimits
    on_decoded: Callable[[int, int], None]
    turned: bool = False
    _group: dict[bytes, PictureOutcome] = field(default_factory=dict)
    _facts: dict[bytes, PictureFacts] = field(default_factory=dict)
    _settled_at: float = 0.0

    def run(self) -> None:
        """Decode everything that waits; what is settled is committed group by group."""
        self._settled_at = time.monotonic()
        for result in self.pool.run(self._batches()):
            item: PictureItem = result.item
            self._take(item, result)
            self.on_decoded(1, item.entry.size_bytes)
            now = time.monotonic()
            if len(self._group) >= SETTLE_ITEMS or now - self._settled_at > SETTLE_INTERVAL_S:
                self._settle()
        self._settle()

    def _take(self, item: PictureItem, result: Result) -> None:
        if not isinstance(result, Finished):
            self._group[item.sha256] = NoPicture(reason=LOSSES[result.kind], detail=result.detail)
            return
        decoded: Decoded = result.value
        self._group[item.sha256] = decoded.outcome
        if decoded.facts is not None:
            self._facts[item.sha256] = decoded.facts

    def _batches(self) -> Iterator[Batch]:
        for page in self.store.waiting_pictures(self.exhibit_id):
            for part in portions(
                page,
                size_bytes=lambda waiting: waiting.size_bytes,
                most=BATCH_PICTURES,
                most_bytes=BATCH_BYTES,
            ):
                yield Batch(
                    function=decode_picture,
                    items=tuple(
                        PictureItem(
                            sha256=one.sha256,
                            location=one.location,
                            entry=one.entry,
                            mime=one.mime,
                            limits=self.picture_limits,
                            turned=self.turned,
                        )
                        for one in part
                    ),
                    time_limits_s=tuple(
                        self.limits.picture_s + self.limits.reaching_s(one.entry.container)
                        for one in part
                    ),
                )

    def _settle(self) -> None:
        """Write a group of pictures together with the judgement of their likeness.

        They are judged first: nobody else can write to the database from the first line written.
        """
        stored = self.store.contents_named(self.exhibit_id, list(self._group))
        looks = [self._look(one) for one in stored]
        seen = [(one.digests, look) for one, look in zip(stored, looks, strict=True) if look]
        judged = self.judge.judge([one for one, _ in seen], [look for _, look in seen])
        self.store.set_pictures(self.exhibit_id, self._group)
        self.store.set_matches(self.exhibit_id, (one for one in judged if one[1]))
        picturefacts.set_facts(self.store, self.exhibit_id, self._facts)
        self.store.commit()
        self._group.clear()
        self._facts.clear()
        self._settled_at = time.monotonic()

    def _look(self, content: StoredContent) -> PictureHashes | None:
        """Give the hashes of a content; one that did not decode this time keeps what it had."""
        fresh = self._group[content.digests.sha256]
        return fresh if isinstance(fresh, PictureHashes) else content.picture
