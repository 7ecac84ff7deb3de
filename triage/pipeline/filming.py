"""Looks into every distinct video once an exhibit, and judges it again with its frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from triage.hashing.limits import VideoLimits
from triage.model.video import NoVideo, VideoHashes, VideoOutcome, VideoReason
from triage.pipeline.judging import Judge
from triage.pipeline.plan import TimeLimits
from triage.pipeline.players import EXTENSIONS
from triage.pipeline.videoitems import Looked, VideoItem, look_into_video
from triage.scheduler import Batch, Finished, LossKind, Pool, Result
from triage.store import videos
from triage.store.database import Store

SETTLE_ITEMS = 16
SETTLE_INTERVAL_S = 2.0
_SPARE_S = 120.0
"""What a video may take beside the time after which it is left: to be read whole, and a last frame;
``slowest_bytes_per_s`` adds to it by size."""

_LOSSES = {
    LossKind.CRASH: VideoReason.CRASH,
    LossKind.ERROR: VideoReason.UNDECODABLE,
    LossKind.TIME_LIMIT: VideoReason.TIME_LIMIT,
    LossKind.MEMORY_LIMIT: VideoReason.MEMORY_LIMIT,
}


@dataclass(slots=True, kw_only=True)
class Filming:
    """The videos of an exhibit that are not known by their digests and not yet looked into."""

    pool: Pool
    store: Store
    judge: Judge
    exhibit_id: int
    limits: TimeLimits
    video_limits: VideoLimits
    on_looked: Callable[[int, int], None]
    _group: dict[bytes, VideoOutcome] = field(default_factory=dict)
    _settled_at: float = 0.0

    def run(self, waiting: list[videos.WaitingVideo]) -> None:
        """Look into all that waits; what is settled is committed group by group."""
        self._settled_at = time.monotonic()
        for result in self.pool.run(self._batches(waiting)):
            item: VideoItem = result.item
            self._group[item.sha256] = _outcome(result)
            self.on_looked(1, item.entry.size_bytes)
            late = time.monotonic() - self._settled_at > SETTLE_INTERVAL_S
            if late or len(self._group) >= SETTLE_ITEMS:
                self._settle()
        self._settle()

    def _batches(self, waiting: list[videos.WaitingVideo]) -> Iterator[Batch]:
        """Give each video a batch of its own: any may take minutes."""
        for one in waiting:
            item = VideoItem(
                sha256=one.sha256,
                location=one.location,
                entry=one.entry,
                mime=one.mime,
                limits=self.video_limits,
            )
            patience = self.video_limits.time_s + _SPARE_S + self.limits.reading_s(one.size_bytes)
            yield Batch(function=look_into_video, items=(item,), time_limits_s=(patience,))

    def _settle(self) -> None:
        """Write a group of videos together with the judgement of their frames.

        They are judged first: nobody else can write to the database from the first line written.
        """
        stored = self.store.contents_named(self.exhibit_id, list(self._group))
        looked = [
            (one.digests, found)
            for one in stored
            if isinstance(found := self._group[one.digests.sha256], VideoHashes)
        ]
        judged = self.judge.judge(
            [digests for digests, _ in looked], [None] * len(looked), [one for _, one in looked]
        )
        videos.set_videos(self.store, self.exhibit_id, self._group)
        self.store.set_matches(self.exhibit_id, (one for one in judged if one[1]))
        self.store.commit()
        self._group.clear()
        self._settled_at = time.monotonic()


def waiting(store: Store, exhibit_id: int) -> list[videos.WaitingVideo]:
    """Give all videos of an exhibit that are still to be looked into."""
    pages = videos.waiting_videos(store, exhibit_id, EXTENSIONS)
    return [one for page in pages for one in page]


def _outcome(result: Result) -> VideoOutcome:
    if isinstance(result, Finished):
        looked: Looked = result.value
        return looked.outcome
    return NoVideo(reason=_LOSSES[result.kind], detail=result.detail)
