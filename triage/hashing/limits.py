"""What is not even tried, apart from what tries it: light to import for who only hands it on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLimits:
    """What is not even tried.

    Attributes:
        max_pixels: by the header, before anything is decoded. 200 million let the largest telephone
            cameras of today through.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    """How far a video is looked into.

    Attributes:
        max_pixels: of one frame.
        max_frames: that are hashed; ten hours at one a second.
        between_pixels: decoded between key frames, all in all; once they are spent, key frames
            alone are hashed to the end of the video. A number of pixels and no time, so that the
            same frames are hashed on every machine.
        time_s: after which a video is left; what was hashed by then is kept.
    """

    max_pixels: int = 64_000_000
    max_frames: int = 36_000
    between_pixels: int = 100_000_000_000
    time_s: float = 900.0
