"""Reads the index of a JPEG that holds several pictures (CIPA DC-007, multi-picture format)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.stretches import Piece

_MARK = b"MPF\0"
_ENTRIES = 0xB002
_MOST = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Where the pictures lie, as the first of them says: ``(place, size)`` in the file."""

    pictures: tuple[tuple[int, int], ...]


def index_in(piece: Piece, at: int, length: int) -> Index | None:
    """Give the index that stands in a segment of application data, if it is one."""
    if piece.read(at, 4) != _MARK:
        return None
    base, data = at + 4, piece.read(at + 4, length - 4)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return None
    try:
        return Index(pictures=_pictures(data, order, base))
    except struct.error:
        return None


def _pictures(data: bytes, order: str, base: int) -> tuple[tuple[int, int], ...]:
    """Read the entries: size and place, which counts from the byte order's mark; 0 for the first.

    Raises:
        struct.error: the index ends too early.
    """
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    for number in range(min(count, _MOST)):
        tag, _, size, place = struct.unpack_from(f"{order}HHII", data, directory + 2 + 12 * number)
        if tag == _ENTRIES:
            entries = (
                struct.unpack_from(f"{order}IIIHH", data, place + 16 * each)
                for each in range(min(size // 16, _MOST))
            )
            return tuple((base + one[2] if one[2] else 0, one[1]) for one in entries)
    return ()


def whole_size(piece: Piece, size_bytes: int, index: Index | None) -> int:
    """Give the size of the whole file, where each further picture begins and ends as it should.

    Args:
        size_bytes: of the first picture.
    """
    end = size_bytes
    for place, size in index.pictures if index is not None else ():
        if place < size_bytes:
            continue
        last = place + size
        tail = piece.read(max(place, last - 32), min(size, 32)).rstrip(b"\0")
        if piece.read(place, 3) != b"\xff\xd8\xff" or not tail.endswith(b"\xff\xd9"):
            return end
        end = max(end, last)
    return end
