"""Measures PNG files by their chunks and checksums (ISO/IEC 15948, 5.3)."""

from __future__ import annotations

import zlib

from triage.ingest.carvers.measured import Measured, without_zeros
from triage.ingest.stretches import Piece

MARK = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 512 << 20
_STEP = 1 << 20
_HEADER_BYTES = 13


def measure(piece: Piece) -> Measured | None:
    """Give the size of a PNG; it is cut where a chunk does not agree with its checksum."""
    if not _header(piece):
        return None
    at, whole, pixels = len(MARK), True, False
    while True:
        head = piece.read(at, 8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or length > 0x7FFFFFFF or not kind.isalpha():
            return _cut(piece, at) if pixels else None
        pixels = pixels or kind == b"IDAT"
        end = at + 12 + length
        if end > piece.size_bytes:
            return _cut(piece, piece.size_bytes) if pixels else None
        if not _sound(piece, at, length):
            if not _goes_on(piece, end):
                return _cut(piece, end) if pixels else None
            whole = False
        at = end
        if kind == b"IEND":
            return _measured(at, complete=whole) if pixels else None


def _header(piece: Piece) -> bool:
    head = piece.read(0, 33)
    sides = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    plausible = head[8:16] == b"\0\0\0\x0dIHDR" and all(0 < side < 1 << 31 for side in sides)
    return len(head) == 33 and plausible and _sound(piece, 8, _HEADER_BYTES)


def _sound(piece: Piece, at: int, length: int) -> bool:
    """Tell whether a chunk agrees with its checksum, which covers its kind and its data."""
    crc, place, end = 0, at + 4, at + 8 + length
    while place < end:
        data = piece.read(place, min(_STEP, end - place))
        crc = zlib.crc32(data, crc)
        place += len(data) or end
    return piece.read(end, 4) == crc.to_bytes(4, "big")


def _goes_on(piece: Piece, at: int) -> bool:
    """Tell whether another chunk follows one that was written over."""
    return piece.read(at + 4, 4) in {b"IDAT", b"IEND", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


def _cut(piece: Piece, size_bytes: int) -> Measured | None:
    return _measured(without_zeros(piece, size_bytes), complete=False)


def _measured(size_bytes: int, *, complete: bool) -> Measured:
    return Measured(size_bytes=size_bytes, complete=complete, extension="png", mime="image/png")
