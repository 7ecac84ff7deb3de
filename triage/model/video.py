"""What looking into a video gave: its facts and the hashes of its frames, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FRAME_RADIUS_BITS = 31
"""Frames whose PDQ differ in at most so many bits match."""

FRAME_MIN_QUALITY = 50
"""Frames of a lower PDQ quality say too little to be compared."""

QUERY_SHARE = 0.8
"""Share of the frames of a video that must match those of a listed one for a match."""


class VideoReason(StrEnum):
    """Why a video has no frame hashes; closed list."""

    UNDECODABLE = "undecodable"
    NO_PICTURES = "no-video-stream"
    NEEDS_PLAYER = "needs-player"
    """A recorder's own format; ``detail`` names the player that opens it, where it is known."""
    TOO_MANY_PIXELS = "too-many-pixels"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    CRASH = "decoder-crash"
    UNREADABLE = "unreadable"
    KNOWN_GOOD = "known-good"
    KNOWN_BAD = "known-bad"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHash:
    """One frame that was hashed.

    Attributes:
        number: of the frame in order of decoding, from 0.
        bits: PDQ, 32 bytes, first printed byte first; ``quality`` 0 to 100.
        at_s: moment in the video, seconds from its start.
    """

    number: int
    quality: int
    bits: bytes
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """What a video says of itself; words are printable and bounded.

    Attributes:
        duration_s: -1 where it is not told and was not found out.
        frame_rate: frames a second on average, 0 where unknown; ``variable`` where frames do not
            come at even distances.
        video_codec, audio_codec: names as FFmpeg has them, ``""`` for none.
        format: name of the container.
        started: when recording began by the clock of the device, ISO 8601, ``""`` if not told.
        rotation_degrees: clockwise, how it is to be turned to be shown: 0, 90, 180 or 270.
    """

    duration_s: float = -1.0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    variable: bool = False
    video_codec: str = ""
    audio_codec: str = ""
    format: str = ""
    started: str = ""
    rotation_degrees: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoHashes:
    """A video that was looked into.

    Attributes:
        frames: hashed frames in order of time, those of low quality too.
        complete: false where it was left before its end; ``detail`` says why.
    """

    facts: VideoFacts
    frames: tuple[FrameHash, ...]
    complete: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoVideo:
    """A video by type whose frames were not hashed.

    Attributes:
        facts: what could be told all the same.
    """

    reason: VideoReason
    detail: str = ""
    facts: VideoFacts = VideoFacts()


VideoOutcome = VideoHashes | NoVideo


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCopy:
    """A copy of a video that a person asked for, to be played where the original is not.

    Attributes:
        sha256: of the source; ``copy_sha256`` of the copy.
        name: of the file, without its folder.
        how: in words, what was done.
        made_s: seconds since 1970.
    """

    sha256: bytes
    copy_sha256: bytes
    copy_bytes: int
    name: str
    how: str
    made_s: int
    made_by: str
