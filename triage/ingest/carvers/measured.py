"""What a format tells of bytes that begin like one of its files."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.stretches import Piece

_STEP = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A file that its structure bears out.

    Attributes:
        size_bytes: its exact size, found by following its structure.
        complete: its structure holds to its end; else it is cut, or written over, from there on.
    """

    size_bytes: int
    complete: bool
    extension: str
    mime: str
    family: str = "picture"


def without_zeros(piece: Piece, size_bytes: int) -> int:
    """Give a size without the zeros at the end: of what is cut they are no part."""
    end = size_bytes
    while end > 0:
        start = max(0, end - _STEP)
        left = len(piece.read(start, end - start).rstrip(b"\0"))
        if left:
            return start + left
        end = start
    return 0
