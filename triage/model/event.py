"""What a running pipeline tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The steps of a run, in order, and those of copying a database."""

    OPENING = "opening"
    LISTING = "listing"
    DIGESTING = "digesting"
    UNPACKING = "unpacking"
    CARVING = "carving"
    PICTURES = "pictures"
    VIDEOS = "videos"
    MATCHING = "matching"
    COPYING = "copying"
    COMPARING = "comparing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stage has come.

    Attributes:
        done: entries, folders or pictures worked so far in this stage.
        total: all of them, ``None`` while it is not known (listing).
        done_bytes: bytes of them worked so far; ``total_bytes``: of all of them.
    """

    stage: Stage
    done: int
    total: int | None = None
    done_bytes: int = 0
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitFound:
    """The first exact hit of an illegal category, told at once.

    Attributes:
        path: raw path of the entry; ``category`` and ``reason`` in words.
    """

    path: bytes
    category: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know while the run goes on."""

    text: str


Event = Progress | HitFound | Notice
