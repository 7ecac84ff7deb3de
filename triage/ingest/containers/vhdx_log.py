"""The log of a VHDX disk: changes of its tables that a machine which was cut off left behind."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.containers.crc32c import crc32c
from triage.ingest.containers.files import SegmentFiles

SECTOR_BYTES = 4096
MOST_LOG_BYTES = 64 * 1024 * 1024
_HEAD_BYTES = 64
_DESCRIPTOR_BYTES = 32
_MOST_ZEROS_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One write of several sectors, done in whole or not at all."""

    offset_bytes: int
    length_bytes: int
    tail_bytes: int
    sequence: int
    descriptors: int
    data: bytes


def replayed(
    files: SegmentFiles, offset_bytes: int, length_bytes: int, identifier: bytes
) -> dict[int, bytes] | None:
    """Give the sectors of 4 KiB that the log holds, by their place in the file.

    Source: "[MS-VHDX]", 2.3: the active sequence is the one of the highest numbers that leads
    from the tail which its last entry names, without a gap, to that entry.

    Returns:
        Nothing where the disk was closed; ``None`` where the log that there should be is damaged.
    """
    if not any(identifier):
        return {}
    try:
        log = files.pread(0, offset_bytes, min(length_bytes, MOST_LOG_BYTES))
    except (OSError, OverflowError):
        return None
    best = _active(log, identifier) if len(log) == length_bytes else []
    sectors: dict[int, bytes] = {}
    whole = all(_apply(entry, sectors) for entry in best)
    return sectors if best and whole else None


def _active(log: bytes, identifier: bytes) -> list[_Entry]:
    """Give the entries of the active sequence, the oldest first."""
    entries = {
        entry.offset_bytes: entry
        for at in range(0, len(log), SECTOR_BYTES)
        if (entry := _entry(log, at, identifier)) is not None
    }
    best: list[_Entry] = []
    for last in sorted(entries.values(), key=lambda one: -one.sequence):
        best = _leading_to(last, entries, len(log))
        if best:
            break
    return best


def _leading_to(last: _Entry, entries: dict[int, _Entry], log_bytes: int) -> list[_Entry]:
    """Follow the entries from the tail of the last one; none where they do not lead to it."""
    found: list[_Entry] = []
    at = last.tail_bytes
    while at in entries and len(found) <= len(entries):
        entry = entries[at]
        if found and entry.sequence != found[-1].sequence + 1:
            break
        found.append(entry)
        if entry is last:
            return found
        at = (at + entry.length_bytes) % log_bytes
    return []


def _entry(log: bytes, at: int, identifier: bytes) -> _Entry | None:
    """Read an entry, which may go on at the start of the log; ``None`` where none is whole."""
    head = log[at : at + _HEAD_BYTES]
    if head[:4] != b"loge" or head[32:48] != identifier:
        return None
    told, length, tail, sequence, descriptors = struct.unpack_from("<IIIQI", head, 4)
    if length == 0 or length % SECTOR_BYTES or length > len(log):
        return None
    data = (log[at:] + log[:at])[:length]
    if crc32c(data[:4] + bytes(4) + data[8:]) != told:
        return None
    return _Entry(
        offset_bytes=at,
        length_bytes=length,
        tail_bytes=tail,
        sequence=sequence,
        descriptors=descriptors,
        data=data,
    )


def _apply(entry: _Entry, sectors: dict[int, bytes]) -> bool:
    """Take over what an entry wrote; tell whether it could be understood."""
    end = _HEAD_BYTES + entry.descriptors * _DESCRIPTOR_BYTES
    body = -(-end // SECTOR_BYTES) * SECTOR_BYTES
    if end > entry.length_bytes:
        return False
    for at in range(_HEAD_BYTES, end, _DESCRIPTOR_BYTES):
        kind = entry.data[at : at + 4]
        first, second, offset, sequence = struct.unpack_from("<IQQQ", entry.data, at + 4)
        if sequence != entry.sequence or offset % SECTOR_BYTES:
            return False
        if kind == b"zero" and second <= _MOST_ZEROS_BYTES:
            for place in range(offset, offset + second, SECTOR_BYTES):
                sectors[place] = bytes(SECTOR_BYTES)
        elif kind == b"desc":
            part = entry.data[body : body + SECTOR_BYTES]
            if len(part) < SECTOR_BYTES or part[:4] != b"data":
                return False
            sectors[offset] = struct.pack("<Q", second) + part[8:4092] + struct.pack("<I", first)
            body += SECTOR_BYTES
        else:
            return False
    return True
