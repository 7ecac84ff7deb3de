"""What a night was asked for, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from triage.batch.clock import Deadline
from triage.batch.weights import Weights
from triage.batch.working import Settings
from triage.hashing.limits import VideoLimits
from triage.model.carving import CarveMode
from triage.model.event import Event
from triage.model.queue import Lease, NightLine
from triage.model.video import QUERY_SHARE
from triage.pipeline.plan import TimeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class NightPlan:
    """What a night was asked for.

    Attributes:
        max_exhibits: end after so many, 0 for no limit.
        once: end when nothing is left that could be taken.
        beat_s: interval of the heartbeat; ``dead_after_s``: a beat that stood still for so long
            is that of a dead worker; ``poll_s``: interval of looks at an empty queue.
        limit_failures: failed attempts after which an exhibit is set aside.
        sets: reference packs by name, ``None`` for all that there are.
        limits, pictures, turned, videos, video_limits, video_share, carve: as in
            :class:`triage.pipeline.run.RunRequest`.
    """

    url: str
    weights: Weights
    deadline: Deadline = field(default_factory=Deadline)
    workers: int = 1
    max_exhibits: int = 0
    once: bool = False
    beat_s: float = 10.0
    dead_after_s: float = 60.0
    poll_s: float = 30.0
    limit_failures: int = 3
    sets: tuple[str, ...] | None = None
    limits: TimeLimits = field(default_factory=TimeLimits)
    pictures: bool = True
    turned: bool = False
    videos: bool = True
    video_limits: VideoLimits = field(default_factory=VideoLimits)
    video_share: float = QUERY_SHARE
    carve: CarveMode = CarveMode.NONE
    settings: Settings = field(default_factory=Settings)


class Talk(Protocol):
    """Somebody who watches the night."""

    def line(self, line: NightLine) -> None:
        """Hear of something that is recorded."""

    def begins(self, lease: Lease, number: int, of: int, words: str) -> None:
        """Hear that an exhibit is begun or continued, the how manieth of how many."""

    def ends(self, lease: Lease, words: str) -> None:
        """Hear how an exhibit ended, for this night at least."""

    def event(self, event: Event) -> None:
        """Hear how the run goes on."""
