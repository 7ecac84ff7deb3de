"""Looking for files where none is recorded: what is asked for, and how far it went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNPARTITIONED = "unpartitioned"
"""Key of the volume that stands for what no volume covers, once something was found there."""


class CarveMode(StrEnum):
    """What is looked through for files that have no name."""

    NONE = "none"
    UNALLOCATED = "unallocated"
    """What no file holds: free blocks, gaps between partitions, volumes without a file system."""
    SLACK = "slack"
    """The same, and what is left of the last block behind the end of each file."""


class Space(StrEnum):
    """Kinds of stretches that no file holds."""

    UNALLOCATED = "unallocated"
    UNPARTITIONED = "unpartitioned"
    SLACK = "slack"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarvedSpace:
    """How far one kind of space of one volume was looked through.

    Attributes:
        volume: its key; ``""`` for what lies outside of all volumes.
        total_bytes: of the space; ``done_bytes``: of it that were read, in order of the medium.
        found: files that were listed; ``rejected``: beginnings that did not hold up.
    """

    volume: str
    space: Space
    total_bytes: int
    done_bytes: int
    found: int
    rejected: int

    @property
    def complete(self) -> bool:
        """Tell whether all of it was read."""
        return self.done_bytes >= self.total_bytes


class Soundness(StrEnum):
    """What decoding says of a content that was found by its structure."""

    WHOLE = "whole"
    PART = "part"
    """Some of it decodes, and some does not."""
    NONE = "none"
    UNTOLD = "untold"
    """It was not decoded: too large, or of no kind that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeStretches:
    """What no file of a volume holds, as the volume tells it.

    Attributes:
        stretches: ``(offset_bytes, length_bytes)`` in what the volume lies in, in order.
        by_files: the volume does not tell; they are all of it, less what listed files hold.
        heap_bytes: where blocks are counted from, and ``block_bytes``: their size; 0 where that
            is not known.
    """

    stretches: tuple[tuple[int, int], ...]
    by_files: bool = False
    heap_bytes: int = 0
    block_bytes: int = 0
