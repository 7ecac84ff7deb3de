"""Looking for files where none is recorded: what is asked for, and how far it went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
