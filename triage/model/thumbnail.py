"""Whether the picture is there that a thumbnail was made of, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LinkHow(StrEnum):
    """By what a thumbnail and its original were brought together, strongest first."""

    EMBEDDED = "embedded"
    """It lies in the picture itself."""
    NAME = "name"
    """The cache names a file, and that file lies where the cache says."""
    LOOKS = "looks"
    """A picture of the exhibit looks the same: likely, and no more than that."""
    ABSENT = "absent"
    """None of these: the original was not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailLink:
    """A thumbnail and its original, by the numbers of their entries in the store.

    Attributes:
        original_id: ``None`` where it is absent.
        distance_bits: between their PDQ, for ``LOOKS``; else 0.
    """

    entry_id: int
    how: LinkHow
    original_id: int | None = None
    distance_bits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What a listing says of the original of a thumbnail.

    Attributes:
        path: raw path of the original in its volume, ``b""`` where it is absent.
        distance_bits: as in :class:`ThumbnailLink`.
    """

    how: LinkHow
    path: bytes
    distance_bits: int = 0
