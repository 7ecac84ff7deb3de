"""The chain of sections in one segment file of an EWF image, walked past damage."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib

from triage.ingest.containers.files import SegmentFiles

FILE_HEADER_BYTES = 13
DESCRIPTOR_BYTES = 76
MAX_SECTIONS = 100_000
"""A segment of 2 GiB holds a few dozen; more is a hostile chain."""

_DESCRIPTOR = struct.Struct("<16sQQ40xI")
_KNOWN = (
    *(b"header2", b"header", b"xheader", b"volume", b"disk", b"data", b"sectors", b"table"),
    *(b"table2", b"next", b"done", b"hash", b"digest", b"xhash", b"error2", b"session"),
    *(b"ltree", b"ltypes", b"incomplete"),
)
_ANY_KNOWN = re.compile(b"|".join(re.escape(name.ljust(16, b"\0")) for name in _KNOWN))
_SCAN_BYTES = 4 * 1024 * 1024
_TERMINAL = ("next", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: where its descriptor and its data lie in the segment file.

    Attributes:
        data_offset: first byte after the descriptor.
        end: first byte after the section, never past the end of the file.
        cut: the section claims more than the file holds.
    """

    kind: str
    offset: int
    data_offset: int
    end: int
    cut: bool = False

    @property
    def data_bytes(self) -> int:
        """Length of what follows the descriptor."""
        return max(0, self.end - self.data_offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All sections of one segment.

    Attributes:
        ending: ``next`` or ``done`` as the chain says, ``cut`` where it breaks off.
        hurt: kinds of sections whose descriptor fails its checksum, ``?`` for unreadable ones.
    """

    sections: tuple[Section, ...]
    ending: str
    hurt: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Descriptor:
    kind: str
    next_offset: int
    size: int
    sound: bool


def walk(files: SegmentFiles, index: int) -> Chain:
    """Follow the sections of one segment; a broken link is bridged by looking for the next one.

    Layout from the published description of the format: type (16 bytes, NUL padded), offset of
    the next section, size of this one, 40 bytes padding, Adler-32 of the first 72 bytes.
    """
    sections: list[Section] = []
    hurt: list[str] = []
    file_bytes = files.sizes_bytes[index]
    offset: int | None = FILE_HEADER_BYTES
    while offset is not None and len(sections) < MAX_SECTIONS:
        found = _descriptor(files, index, offset)
        if found is None:
            return Chain(sections=tuple(sections), ending="cut", hurt=tuple(hurt))
        following = _following(files, index, offset, found)
        if following is None:
            hurt.append("?")
            offset = _rescan(files, index, offset + 1)
            continue
        if not found.sound:
            hurt.append(found.kind)
        sections.append(_section(found, offset, following, file_bytes))
        if found.kind in _TERMINAL:
            return Chain(sections=tuple(sections), ending=found.kind, hurt=tuple(hurt))
        offset = following
    return Chain(sections=tuple(sections), ending="cut", hurt=tuple(hurt))


def read_section(files: SegmentFiles, index: int, section: Section, limit_bytes: int) -> bytes:
    """Read the data of a section, at most ``limit_bytes``; empty where the disk fails."""
    try:
        return files.pread(index, section.data_offset, min(section.data_bytes, limit_bytes))
    except OSError:
        return b""


def _section(found: _Descriptor, offset: int, following: int, file_bytes: int) -> Section:
    end = offset + DESCRIPTOR_BYTES if found.kind in _TERMINAL else following
    return Section(
        kind=found.kind,
        offset=offset,
        data_offset=offset + DESCRIPTOR_BYTES,
        end=min(end, file_bytes),
        cut=end > file_bytes,
    )


def _descriptor(files: SegmentFiles, index: int, offset: int) -> _Descriptor | None:
    try:
        raw = files.pread(index, offset, DESCRIPTOR_BYTES)
    except OSError:
        return None
    return _parsed(raw) if len(raw) == DESCRIPTOR_BYTES else None


def _parsed(raw: bytes) -> _Descriptor:
    name, next_offset, size, checksum = _DESCRIPTOR.unpack(raw)
    kind = name.rstrip(b"\0").decode("ascii", "replace")
    return _Descriptor(kind, next_offset, size, isal_zlib.adler32(raw[:72]) == checksum)


def _following(files: SegmentFiles, index: int, offset: int, found: _Descriptor) -> int | None:
    """Where the chain goes on, ``None`` where this descriptor cannot be believed.

    A descriptor with a wrong checksum is believed when its type is known and what it points to
    is sound. The chain only ever goes forwards, so it cannot loop.
    """
    terminal = found.kind in _TERMINAL
    if found.sound:
        forwards = found.next_offset >= offset + DESCRIPTOR_BYTES
        return found.next_offset if forwards or terminal else None
    if found.kind.encode("ascii", "replace") not in _KNOWN:
        return None
    if terminal and found.next_offset == offset:
        return found.next_offset
    if found.next_offset < offset + DESCRIPTOR_BYTES:
        return None
    after = _descriptor(files, index, found.next_offset)
    return found.next_offset if after is not None and after.sound else None


def _rescan(files: SegmentFiles, index: int, start: int) -> int | None:
    """Find the next sound descriptor that lies where it says it lies.

    An image kept inside the evidence has sound descriptors too, but their offsets count from
    the start of that image and so never fit here.
    """
    for offset, raw in _candidates(files, index, start):
        found = _parsed(raw)
        here = found.next_offset == offset + (0 if found.kind in _TERMINAL else found.size)
        if found.sound and here:
            return offset
    return None


def _candidates(files: SegmentFiles, index: int, start: int) -> Iterator[tuple[int, bytes]]:
    while start < files.sizes_bytes[index]:
        try:
            block = files.pread(index, start, _SCAN_BYTES + DESCRIPTOR_BYTES)
        except OSError:
            block = b""
        for match in _ANY_KNOWN.finditer(block):
            raw = block[match.start() : match.start() + DESCRIPTOR_BYTES]
            if len(raw) == DESCRIPTOR_BYTES and match.start() < _SCAN_BYTES:
                yield start + match.start(), raw
        start += _SCAN_BYTES
