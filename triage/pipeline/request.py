"""What a person asks of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from triage.hashing.limits import PictureLimits, VideoLimits
from triage.model.carving import CarveMode
from triage.model.secret import Secrets
from triage.model.video import QUERY_SHARE
from triage.pipeline.plan import TimeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a person asked for.

    Attributes:
        images: the images or folders of the exhibit, one path each.
        sets: reference packs by name, ``None`` for all that there are.
        pictures: compare pictures by appearance too; those left waiting stand as a gap, and a
            later run of the same exhibit decodes them.
        turned: compare each picture turned and mirrored too, eight times as much to search; those
            that an earlier run decoded without are decoded again.
        videos: look into videos; those left waiting stand as a gap, as pictures do.
        video_share: of the frames of a video that make a match with a listed one.
        carve: what is looked through for files without a name, once all that have one are read.
        secrets: what may open locked volumes and backups; never written down.
        live: the folders among the images are in use, a mounted device for instance.
    """

    case: str
    exhibit: str
    images: tuple[Path, ...]
    sets: tuple[str, ...] | None = None
    workers: int = 1
    limits: TimeLimits = field(default_factory=TimeLimits)
    picture_limits: PictureLimits = field(default_factory=PictureLimits)
    pictures: bool = True
    turned: bool = False
    videos: bool = True
    video_limits: VideoLimits = field(default_factory=VideoLimits)
    video_share: float = QUERY_SHARE
    carve: CarveMode = CarveMode.NONE
    secrets: Secrets = field(default_factory=Secrets, repr=False)
    live: bool = False
