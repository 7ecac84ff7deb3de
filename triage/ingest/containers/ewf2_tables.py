"""Sector tables of an EWF2 image: each says which chunk it begins with and where each one lies."""

from __future__ import annotations

import struct

import numpy as np
from isal import isal_zlib

from triage.ingest.containers.ewf_pages import BARE, FILLED, PACKED, PAGE_ENTRIES, STORED, Page
from triage.ingest.containers.ewf_sections import Section
from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.ewf_tables import MAX_ENTRIES
from triage.ingest.containers.files import SegmentFiles

HEADER_BYTES = 32
ENTRY_BYTES = 16

_HEADER = struct.Struct("<QI4xI")
_ENTRY = np.dtype([("offset", "<u8"), ("size", "<u4"), ("flags", "<u4")])
_COMPRESSED, _CHECKSUMMED, _PATTERN = 1, 2, 4
_STREAM_BYTES = 4 * 1024 * 1024


def resolve(files: SegmentFiles, segment: int, section: Section) -> Table | None:
    """Make a table of a section; ``None`` where neither its head nor its entries hold.

    The head carries the Adler-32 of its first 16 bytes at 16, the entries are followed by
    theirs. Without a sound head the table has no number to begin with, and its length is the
    one under which the entries agree with their checksum.
    """
    raw = _pread(files, segment, section.data_offset, HEADER_BYTES)
    if len(raw) < HEADER_BYTES:
        return None
    first_chunk, count, checksum = _HEADER.unpack(raw[:20])
    head_sound = isal_zlib.adler32(raw[:16]) == checksum
    room = (section.data_bytes - HEADER_BYTES - 4) // ENTRY_BYTES
    lengths = (count,) if head_sound else (count, room)
    for length in lengths:
        if not 0 < length <= min(room, MAX_ENTRIES):
            continue
        entries_offset = section.data_offset + HEADER_BYTES
        sound = _entries_sound(files, segment, entries_offset, length)
        if head_sound or sound:
            return Table(
                segment=segment,
                entries_offset=entries_offset,
                count=length,
                first_cut=length,
                first_chunk=first_chunk if head_sound else None,
                sound=sound,
                damage=_words(head_sound=head_sound, sound=sound),
            )
    return None


def load_page(files: SegmentFiles, table: Table, entries_offset: int, first: int) -> Page:
    """Decode entries: u64 offset or pattern, u32 size with its checksum, u32 flags.

    A pattern counts only together with the flag for compression.
    """
    take = min(PAGE_ENTRIES, table.count - first) * ENTRY_BYTES
    raw = _pread(files, table.segment, entries_offset + ENTRY_BYTES * first, take)
    entries = np.frombuffer(raw[: len(raw) // ENTRY_BYTES * ENTRY_BYTES], dtype=_ENTRY)
    flags = entries["flags"]
    packed = (flags & _COMPRESSED) != 0
    filled = packed & ((flags & _PATTERN) != 0)
    bare = ~packed & ((flags & _CHECKSUMMED) == 0)
    kinds = np.select([filled, packed, bare], [FILLED, PACKED, BARE], STORED).astype(np.uint8)
    past = np.uint64(files.sizes_bytes[table.segment])
    offsets = np.minimum(entries["offset"], past)
    starts = np.where(filled, entries["offset"], offsets).view(np.int64)
    ends = starts + np.where(filled, 0, entries["size"].astype(np.int64))
    return Page.of(first, starts, ends, kinds)


def _entries_sound(files: SegmentFiles, segment: int, offset: int, count: int) -> bool:
    """Check the entries once, in pieces, without keeping them."""
    adler, left = 1, ENTRY_BYTES * count
    while left:
        raw = _pread(files, segment, offset, min(left, _STREAM_BYTES))
        if not raw:
            return False
        adler = isal_zlib.adler32(raw, adler)
        offset += len(raw)
        left -= len(raw)
    return _pread(files, segment, offset, 4) == adler.to_bytes(4, "little")


def _pread(files: SegmentFiles, segment: int, offset: int, length_bytes: int) -> bytes:
    try:
        return files.pread(segment, offset, length_bytes)
    except OSError:
        return b""


def _words(*, head_sound: bool, sound: bool) -> str:
    if not head_sound:
        return "the head of a chunk table fails its checksum; its place follows from its neighbours"
    return "" if sound else "a chunk table fails its checksum; each chunk is checked by itself"
