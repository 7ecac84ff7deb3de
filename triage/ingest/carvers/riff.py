"""Measures WebP and AVI files by their chunks (RIFF; OpenDML for AVI over one gigabyte)."""

from __future__ import annotations

from triage.ingest.carvers.measured import Measured
from triage.ingest.stretches import Piece

MOST_WEBP_BYTES = 256 << 20
MOST_AVI_BYTES = 256 << 30
_WEBP = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP "))
_AVI = frozenset((b"LIST", b"JUNK", b"idx1", b"PAD ", b"indx", b"INFO"))


def measure_webp(piece: Piece) -> Measured | None:
    """Give the size of a WebP: what its header says, where a chain of chunks bears it out."""
    head = piece.read(0, 16)
    end = 8 + int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or head[12:16] not in _WEBP:
        return None
    if end > piece.size_bytes:
        return None
    reached = _chain(piece, 12, end, _WEBP)
    if reached < end - 1:
        return None
    return Measured(size_bytes=end, complete=True, extension="webp", mime="image/webp")


def measure_avi(piece: Piece) -> Measured | None:
    """Give the size of an AVI with all its parts; it is cut where a chunk is none.

    An AVI without its list of headers is given up: nothing can play it.
    """
    head = piece.read(0, 24)
    if head[:4] != b"RIFF" or head[8:16] != b"AVI LIST" or head[20:24] != b"hdrl":
        return None
    at, whole = 0, True
    while whole:
        lead = piece.read(at, 12)
        if lead[:4] != b"RIFF" or lead[8:] != (b"AVIX" if at else b"AVI "):
            break
        end = at + 8 + int.from_bytes(lead[4:8], "little")
        reached = _chain(piece, at + 12, min(end, piece.size_bytes), _AVI)
        whole = reached >= end - 1
        at = end + end % 2 * (piece.read(end, 1) == b"\0") if whole else reached
    if not whole and at < 4096:
        return None
    return Measured(
        size_bytes=at, complete=whole, extension="avi", mime="video/x-msvideo", family="video"
    )


def _chain(piece: Piece, at: int, end: int, kinds: frozenset[bytes]) -> int:
    """Give how far chunks of known kinds follow one another, at most to the end of the file."""
    while at + 8 <= end:
        head = piece.read(at, 8)
        size = int.from_bytes(head[4:], "little")
        if head[:4] not in kinds:
            return at
        if at + 8 + size > end:
            return end if end == piece.size_bytes else at
        at += 8 + size + size % 2
    return min(at, end)
