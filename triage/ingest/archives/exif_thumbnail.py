"""The small copy that a camera puts into the EXIF block of a JPEG; read from its head alone."""

from __future__ import annotations

import struct

from triage.ingest.archives.member import ArchiveLimits
from triage.ingest.archives.small_copies import Copy, SmallCopies
from triage.ingest.archives.source import Source

MARK = b"\xff\xd8\xff"
NAME = b"EXIF thumbnail.jpg"
_LOOK_BYTES = 512
_MOST_SEGMENTS = 32
_EXIF = b"Exif\0\0"
_START, _LENGTH = 0x0201, 0x0202
_SIZES = {3: 2, 4: 4}


def recognises(head: bytes) -> bool:
    """Take a JPEG by its first bytes."""
    return head.startswith(MARK)


def open_jpeg(source: Source, limits: ArchiveLimits, name: bytes) -> SmallCopies:
    """Give the small copy of a JPEG, or nothing: most have none, which is no fault."""
    del name
    found = _thumbnail(source)
    return SmallCopies(source, limits, (found,) if found else ())


def _thumbnail(source: Source) -> Copy | None:
    """Go from segment to segment up to the EXIF block, which stands before the picture.

    Markers and lengths are those of ITU T.81, B.1.1.4; no segment but EXIF is read.
    """
    at, head = 2, source.read_at(0, _LOOK_BYTES)
    for _ in range(_MOST_SEGMENTS):
        part = head[at : at + 10]
        if len(part) < 10:
            part = source.read_at(at, 10)
        if len(part) < 10 or part[0] != 0xFF or not 0xE0 <= part[1] <= 0xFE:
            return None
        length = int.from_bytes(part[2:4], "big")
        if part[1] == 0xE1 and part[4:10] == _EXIF and length > 16:
            return _of_block(source.read_at(at + 10, length - 8), at + 10)
        at += 2 + length
    return None


def _of_block(block: bytes, start: int) -> Copy | None:
    """Find the second directory of an EXIF block and the copy that it points at.

    Source: EXIF 2.3, 4.6; its tags 0x0201 and 0x0202 are place and length of a JPEG.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, first)
        (second,) = struct.unpack_from(order + "I", block, first + 2 + 12 * count)
        found = _numbers(block, second, order) if second else {}
    except struct.error:
        return None
    at, length = found.get(_START, 0), found.get(_LENGTH, 0)
    if not 0 < at < len(block) or not 4 <= length <= len(block) - at:
        return None
    if not block.startswith(MARK, at):
        return None
    return Copy(name=NAME, offset_bytes=start + at, length_bytes=length)


def _numbers(block: bytes, at: int, order: str) -> dict[int, int]:
    """Read the single numbers of a directory."""
    (count,) = struct.unpack_from(order + "H", block, at)
    found: dict[int, int] = {}
    for place in range(at + 2, min(at + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, many = struct.unpack_from(order + "HHI", block, place)
        if many == 1 and kind in _SIZES:
            code = order + ("H" if kind == 3 else "I")
            found[tag] = int(struct.unpack_from(code, block, place + 8)[0])
    return found
