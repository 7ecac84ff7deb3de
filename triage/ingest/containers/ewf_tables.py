"""Chunk tables of an EWF image: found and checked once, when the image is opened."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from isal import isal_zlib

from triage.ingest.containers.ewf_sections import Section
from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.files import SegmentFiles

HEADER_BYTES = 24
MAX_ENTRIES = 1 << 26

_HEADER = struct.Struct("<I4xQ4xI")
OFFSET_BITS = np.uint32(0x7FFF_FFFF)
COMPRESSED = np.uint32(0x8000_0000)
_STREAM_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Copy:
    section: Section
    count: int
    base: int
    header_sound: bool

    @property
    def entries_offset(self) -> int:
        return self.section.data_offset + HEADER_BYTES

    def fits(self, count: int) -> bool:
        """Whether so many entries lie inside the section."""
        return 0 < count <= MAX_ENTRIES and HEADER_BYTES + 4 * count <= self.section.data_bytes


@dataclass(frozen=True, slots=True)
class _Scan:
    sound: bool
    overflow_from: int
    first_cut: int


def resolve(
    files: SegmentFiles, segment: int, copies: tuple[Section, ...], data_end: int | None
) -> Table | None:
    """Make one table of ``table`` and its copy ``table2``; ``None`` where nothing is usable.

    A copy counts as sound when its header (Adler-32 at 20) and its entries (Adler-32 after
    them) agree. Where no copy is, the entries of both are kept: each chunk has its own check.

    Args:
        data_end: end of the ``sectors`` section before; ``None`` where chunks follow the table
            inside its own section (EnCase 1, SMART).
    """
    parsed = [copy for copy in (_copy(files, segment, one) for one in copies) if copy is not None]
    head = next((copy for copy in parsed if copy.header_sound and copy.fits(copy.count)), None)
    head = head or next((copy for copy in parsed if copy.fits(copy.count)), None)
    if head is None:
        return None
    fitting = [copy for copy in parsed if copy.fits(head.count)]
    scans = [_scan(files, segment, copy, head) for copy in fitting]
    best = next((at for at, scan in enumerate(scans) if scan.sound), 0)
    whole = all(copy.header_sound for copy in parsed) and len(parsed) == len(copies)
    whole = whole and len(fitting) == len(parsed) and all(scan.sound for scan in scans)
    alternate = fitting[1].entries_offset if len(fitting) > 1 and not scans[best].sound else None
    return Table(
        segment=segment,
        entries_offset=fitting[best].entries_offset,
        alternate_offset=alternate,
        count=head.count,
        base=head.base,
        overflow_from=scans[best].overflow_from,
        data_end=fitting[best].section.end if data_end is None else data_end,
        first_cut=scans[best].first_cut,
        damage="" if whole else _words(head, sound=scans[best].sound),
    )


def _words(head: _Copy, *, sound: bool) -> str:
    if sound and head.header_sound:
        return "one copy of the chunk table fails its checksum; the other one is used"
    return "no copy of the chunk table agrees with its checksum; each chunk is checked by itself"


def _copy(files: SegmentFiles, segment: int, section: Section) -> _Copy | None:
    try:
        raw = files.pread(segment, section.data_offset, HEADER_BYTES)
    except OSError:
        return None
    if len(raw) < HEADER_BYTES:
        return None
    count, base, checksum = _HEADER.unpack(raw)
    sound = isal_zlib.adler32(raw[:20]) == checksum
    if not sound and base >= files.sizes_bytes[segment]:
        return None
    return _Copy(section, count, base, sound)


def _scan(files: SegmentFiles, segment: int, copy: _Copy, head: _Copy) -> _Scan:
    """Check the entries once, in pieces, without keeping them."""
    file_bytes = files.sizes_bytes[segment]
    adler, done, previous = 1, 0, -1
    overflow_from = first_cut = head.count
    lowest = file_bytes
    while done < head.count:
        entries = read_entries(files, segment, copy.entries_offset, done, head.count)
        if entries.size == 0:
            return _Scan(sound=False, overflow_from=overflow_from, first_cut=min(done, first_cut))
        adler = isal_zlib.adler32(entries.tobytes(), adler)
        offsets = (entries & OFFSET_BITS).astype(np.int64)
        if overflow_from == head.count:
            steps = np.diff(offsets, prepend=previous)
            wraps = np.flatnonzero((steps < 0) & ((entries & COMPRESSED) != 0))
            overflow_from = done + int(wraps[0]) if wraps.size else overflow_from
        offsets[max(0, overflow_from - done) :] = entries[max(0, overflow_from - done) :]
        beyond = np.flatnonzero(offsets + head.base >= file_bytes)
        if beyond.size and first_cut == head.count:
            first_cut = done + int(beyond[0])
        lowest = min(lowest, int(offsets.min()) + head.base)
        previous = int(offsets[-1])
        done += entries.size
    footer_at = copy.entries_offset + 4 * head.count
    sound = _footer_agrees(files, segment, footer_at, adler)
    bare = lowest == footer_at and copy.header_sound  # SMART: chunks follow, without a checksum
    return _Scan(sound=sound or bare, overflow_from=overflow_from, first_cut=first_cut)


def _footer_agrees(files: SegmentFiles, segment: int, offset: int, adler: int) -> bool:
    try:
        return files.pread(segment, offset, 4) == adler.to_bytes(4, "little")
    except OSError:
        return False


def read_entries(
    files: SegmentFiles, segment: int, entries_offset: int, first: int, count: int
) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """Give entries from ``first`` up to ``count`` or to 4 MiB; fewer where the disk fails."""
    take = min(count - first, _STREAM_BYTES // 4)
    try:
        raw = files.pread(segment, entries_offset + 4 * first, 4 * take)
    except OSError:
        raw = b""
    return np.frombuffer(raw[: len(raw) // 4 * 4], dtype="<u4")
