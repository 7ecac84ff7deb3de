"""Measures GIF files by their blocks (GIF 89a specification)."""

from __future__ import annotations

from triage.ingest.carvers.measured import Measured, without_zeros
from triage.ingest.stretches import Piece

MOST_BYTES = 256 << 20
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_LABELS = frozenset({0x01, 0xF9, 0xFE, 0xFF})


def measure(piece: Piece) -> Measured | None:
    """Give the size of a GIF; it is cut where no block begins that there is."""
    head = piece.read(0, 13)
    if len(head) < 13 or head[:6] not in {b"GIF87a", b"GIF89a"} or not _sides(head[6:10]):
        return None
    at = 13 + _table_bytes(head[10])
    images = 0
    while True:
        lead = piece.read(at, 10)
        if lead[:1] == b"\x3b":
            return _measured(at + 1, complete=True) if images else None
        start = _start(lead)
        if not start:
            return _cut(piece, at) if images else None
        blocks = _blocks(piece, at + start)
        images += lead[0] == _IMAGE
        if not blocks:
            return _cut(piece, piece.size_bytes) if images else None
        at = blocks


def _start(lead: bytes) -> int:
    """Give where the sub-blocks of a block begin, counted from it; 0 where there is no block."""
    if len(lead) >= 2 and lead[0] == _EXTENSION and lead[1] in _LABELS:
        return 2
    if len(lead) == 10 and lead[0] == _IMAGE and _sides(lead[5:9]):
        return 11 + _table_bytes(lead[9])  # one byte more: the size of codes
    return 0


def _blocks(piece: Piece, at: int) -> int:
    """Give where a chain of sub-blocks ends; 0 where it does not."""
    while size := piece.read(at, 1):
        at += 1 + size[0]
        if not size[0]:
            return at
    return 0


def _sides(raw: bytes) -> bool:
    return any(raw[:2]) and any(raw[2:])


def _table_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _cut(piece: Piece, size_bytes: int) -> Measured:
    return _measured(without_zeros(piece, size_bytes), complete=False)


def _measured(size_bytes: int, *, complete: bool) -> Measured:
    return Measured(size_bytes=size_bytes, complete=complete, extension="gif", mime="image/gif")
