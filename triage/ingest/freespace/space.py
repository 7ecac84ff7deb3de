"""What the ways of telling free space give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from triage.model.extents import Extents

Reading = Callable[[int, int], bytes]
"""Takes a place on the medium and a length; gives fewer bytes only at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSpace:
    """The stretches of a volume that no file holds.

    Attributes:
        stretches: ``(offset_bytes, length_bytes)`` on the medium, in order, apart from each other.
        end_bytes: where the file system ends on the medium.
        heap_bytes: where its blocks are counted from, and ``block_bytes``: their size.
    """

    stretches: Extents
    end_bytes: int
    heap_bytes: int
    block_bytes: int

    @classmethod
    def of(cls, runs: Iterable[tuple[int, int]], *, end: int, heap: int, block_bytes: int) -> Self:
        """Make one of runs in order, cut off where the file system or the medium ends."""
        kept = tuple(
            (place, min(length, end - place)) for place, length in runs if place < end and length
        )
        return cls(stretches=kept, end_bytes=end, heap_bytes=heap, block_bytes=block_bytes)
