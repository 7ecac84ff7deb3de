"""The chain of sections in one segment file of an EWF2 image, walked from its end past damage."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from isal import isal_zlib

from triage.ingest.containers.ewf_sections import MAX_SECTIONS, Chain, Section
from triage.ingest.containers.files import SegmentFiles

FILE_HEADER_BYTES = 32
DESCRIPTOR_BYTES = 64
KINDS = {
    0x01: "device information",
    0x02: "case data",
    0x03: "sector data",
    0x04: "sector table",
    0x05: "error table",
    0x06: "session table",
    0x07: "increment data",
    0x08: "MD5 hash",
    0x09: "SHA1 hash",
    0x0A: "restart data",
    0x0B: "encryption keys",
    0x0C: "memory extents",
    0x0D: "next",
    0x0E: "final information",
    0x0F: "done",
    0x10: "analytical data",
    0x20: "single files",
}
LOST = "lost"
"""Stands in the chain where a descriptor cannot be read, so that its section is unknown."""

_TERMINAL = ("next", "done")
_ENCRYPTED = 2
_DESCRIPTOR = struct.Struct("<IIQQII16s12xI")
_OWN_SIZE_AT = 24
_LIKE_DESCRIPTOR = re.compile(rb"\x40\0\0\0(?=.{20}\0{12})", re.DOTALL)
"""From the descriptor's own size on: with a literal in front, 40 times as fast as the whole."""

_SCAN_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Descriptor:
    kind: str
    encrypted: bool
    previous: int
    size: int
    sound: bool

    def span(self, offset: int) -> int:
        """Bytes between the data of this section and the end of the section before."""
        before = self.previous + DESCRIPTOR_BYTES if self.previous else FILE_HEADER_BYTES
        return offset - self.size - before


def walk(files: SegmentFiles, index: int) -> Chain:
    """Follow the sections of one segment backwards; a broken link is bridged by a search.

    Layout from the published description of the format: a descriptor of 64 bytes after the data
    (type, flags, offset of the descriptor before, data size, its own size, padding size, MD5 of
    the data, 12 zeros, Adler-32 of the first 60 bytes).
    """
    found: list[Section] = []
    hurt: list[str] = []
    offset: int | None = files.sizes_bytes[index] - DESCRIPTOR_BYTES
    if _sound(files, index, offset or 0) is None:
        offset = _search(files, index, offset or 0)
    ending = "cut"
    while offset is not None and len(found) < MAX_SECTIONS:
        one = _believed(files, index, offset)
        if one is None:
            found.append(Section(kind=LOST, offset=offset, data_offset=offset, end=offset))
            offset = _search(files, index, offset)
            continue
        if not one.sound:
            hurt.append(one.kind)
        if one.kind in _TERMINAL and not found and one.sound:
            ending = one.kind
        found.append(_section(one, offset))
        offset = one.previous or None
    return Chain(sections=tuple(reversed(found)), ending=ending, hurt=tuple(reversed(hurt)))


def is_encrypted(files: SegmentFiles, index: int, chain: Chain) -> bool:
    """Tell whether the keys, or any section with a sound descriptor, say so."""
    for section in chain.sections:
        one = _sound(files, index, section.offset)
        if one is not None and (one.encrypted or one.kind == KINDS[0x0B]):
            return True
    return False


def _section(one: _Descriptor, offset: int) -> Section:
    data_offset = max(FILE_HEADER_BYTES, offset - one.size)
    return Section(kind=one.kind, offset=offset, data_offset=data_offset, end=offset)


def _read(files: SegmentFiles, index: int, offset: int) -> _Descriptor | None:
    if not FILE_HEADER_BYTES <= offset <= files.sizes_bytes[index] - DESCRIPTOR_BYTES:
        return None
    try:
        raw = files.pread(index, offset, DESCRIPTOR_BYTES)
    except OSError:
        return None
    return _parsed(raw) if len(raw) == DESCRIPTOR_BYTES else None


def _parsed(raw: bytes) -> _Descriptor:
    kind, flags, previous, size, own_size, _padding, _hash, checksum = _DESCRIPTOR.unpack(raw)
    sound = own_size == DESCRIPTOR_BYTES and isal_zlib.adler32(raw[:60]) == checksum
    name = KINDS.get(kind, f"type {kind:#x}")
    return _Descriptor(name, bool(flags & _ENCRYPTED), previous, size, sound)


def _sound(files: SegmentFiles, index: int, offset: int) -> _Descriptor | None:
    """Give a descriptor that agrees with its checksum and lies after all it speaks of.

    Data may be followed by bytes that belong to no section, as after an acquisition that was
    broken off and taken up again.
    """
    one = _read(files, index, offset)
    return one if one is not None and one.sound and one.span(offset) >= 0 else None


def _believed(files: SegmentFiles, index: int, offset: int) -> _Descriptor | None:
    """Give a sound descriptor, or a hurt one whose place and neighbour speak for it."""
    one = _read(files, index, offset)
    if one is None or (one.sound and one.span(offset) >= 0):
        return one
    fits = not one.sound and one.span(offset) == 0 and one.kind in KINDS.values()
    if not fits or one.kind in _TERMINAL:
        return None
    return one if not one.previous or _sound(files, index, one.previous) is not None else None


def _search(files: SegmentFiles, index: int, end: int) -> int | None:
    """Find the last sound descriptor before ``end`` that lies where it says it lies.

    An image kept inside the evidence has sound descriptors too, but their offsets count from
    the start of that image and so never fit here.
    """
    while end > FILE_HEADER_BYTES:
        start = max(FILE_HEADER_BYTES, end - _SCAN_BYTES)
        try:
            block = files.pread(index, start, end - start + DESCRIPTOR_BYTES - 1)
        except OSError:
            block = b""
        matches = [one.start() - _OWN_SIZE_AT for one in _LIKE_DESCRIPTOR.finditer(block)]
        for match in reversed([one for one in matches if 0 <= one < end - start]):
            one = _parsed(block[match : match + DESCRIPTOR_BYTES].ljust(DESCRIPTOR_BYTES, b"\0"))
            offset = start + match
            gap = one.span(offset)
            follows = gap > 0 and one.previous and _sound(files, index, one.previous) is not None
            if one.sound and (gap == 0 or follows):
                return offset
        end = start
    return None
