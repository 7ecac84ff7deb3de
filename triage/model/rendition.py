"""A picture as it is shown to a grader, or why it is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What spares a grader; each is on unless it was lifted by hand."""

    grey: bool = True
    blur: bool = True
    small: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a picture is to be shown.

    Attributes:
        longest_pixels: of the longer side; a smaller picture is not made larger.
    """

    longest_pixels: int
    grey: bool
    blur: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A picture made anew from its pixels: no byte of the original and nothing it says of itself.

    Attributes:
        frames: that the content has; the first is shown.
        whole: false where the content breaks off, and the rest is left grey.
    """

    data: bytes
    mime: str
    width: int
    height: int
    frames: int = 1
    whole: bool = True


class NotShownReason(StrEnum):
    """Why a picture is not shown; closed list."""

    UNKNOWN = "unknown"
    """The case has no such content."""
    VIDEO = "video"
    NOT_A_PICTURE = "not-a-picture"
    AWAY = "evidence-away"
    """The evidence does not lie where it was read."""
    CHANGED = "evidence-changed"
    """What lies there is not what was digested."""
    UNREADABLE = "unreadable"
    UNDECODABLE = "undecodable"
    UNSUPPORTED = "unsupported-format"
    TOO_LARGE = "too-large"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    CRASH = "decoder-crash"
    BUSY = "busy"
    """No process was free to decode it; another try may do."""


OF_THE_PLACE = frozenset(
    {
        NotShownReason.AWAY,
        NotShownReason.CHANGED,
        NotShownReason.UNREADABLE,
        NotShownReason.TIME_LIMIT,
        NotShownReason.CRASH,
    }
)
"""Reasons that may be those of one place only: the same content read elsewhere may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotShown:
    """A picture that is not shown.

    Attributes:
        detail: printable words beside the reason; they may name evidence.
    """

    reason: NotShownReason
    detail: str = ""
