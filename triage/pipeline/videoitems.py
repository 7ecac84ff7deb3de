"""What travels between a run and the workers that look into videos: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from triage.hashing.limits import VideoLimits
from triage.model.entry import FileEntry
from triage.model.evidence import DamagedRange
from triage.model.video import NoVideo, VideoOutcome

_VIDEOS = frozenset(
    {"application/mxf", "application/vnd.rn-realmedia", "application/x-shockwave-flash"}
)
"""Types of videos whose name does not say so, as telling types gives them."""


def is_video(mime: str) -> bool:
    """Tell by its type whether a content is shown by its frames."""
    return mime.startswith("video/") or mime in _VIDEOS


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoItem:
    """A content to be looked into, read from one of its entries."""

    sha256: bytes
    location: str
    entry: FileEntry
    mime: str
    limits: VideoLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyItem:
    """A content to be copied as MP4.

    Attributes:
        target: where the copy is to be made; nothing lies there yet.
    """

    sha256: bytes
    location: str
    entry: FileEntry
    limits: VideoLimits
    target: str


class Looked(NamedTuple):
    """What looking into a video gave, and the damage that was met on the way."""

    outcome: VideoOutcome
    damage: tuple[DamagedRange, ...] = ()


def copy_video(item: CopyItem) -> str | NoVideo:
    """Read a content again, and write a working copy of it; in words what was done."""
    from triage.pipeline import videotasks  # noqa: PLC0415  (in the worker only)

    return videotasks.copy_video(item)


def look_into_video(item: VideoItem) -> Looked:
    """Read a content again, and hash one frame of it a second."""
    from triage.pipeline import videotasks  # noqa: PLC0415  (in the worker only)

    return videotasks.look_into_video(item)
