"""Reads the directory of a zip entry by entry, so that one bad entry does not hide the others.

The structures are those of PKWARE's APPNOTE 6.3: 4.3.7 local header, 4.3.12 directory, 4.3.14 to
4.3.16 the records at the end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.archives.source import HeaderFile, Source, guarded
from triage.ingest.archives.zip_fields import times, widened
from triage.ingest.reading import ContentError
from triage.model.entry import Times

_END = struct.Struct("<4s4H2IH")
_END64_PLACE = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQ2H2I4Q")
ENTRY = struct.Struct("<4s6H3I5H2I")
LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_MARK = b"PK\3\4"
ENTRY_MARK, _END_MARK = b"PK\1\2", b"PK\5\6"
_END64_MARK, _END64_PLACE_MARK = b"PK\6\6", b"PK\6\7"
_COMMENT_BYTES = 0xFFFF
SIZES_FOLLOW = 1 << 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """One entry of the directory, its places counted from the start of the file.

    Attributes:
        made_by: system of the program that packed it; 3 is Unix.
        attributes: external attributes; the upper half is the mode where ``made_by`` is Unix.
        extra: all extra fields.
    """

    name: bytes
    flags: int
    method: int
    checksum: int
    packed_bytes: int
    size_bytes: int
    header_offset_bytes: int
    dos_date: int
    dos_time: int
    made_by: int = 0
    attributes: int = 0
    extra: bytes = b""

    @property
    def times(self) -> Times:
        """The times that the extra fields have, else the local one of the entry itself."""
        return times(self.extra, self.dos_date, self.dos_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All entries that could be read, and what stood in the way."""

    entries: tuple[ZipEntry, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPlace:
    """Where the directory lies; ``shift_bytes`` is what was put before the archive."""

    start_bytes: int
    end_bytes: int
    shift_bytes: int
    count: int


def read_directory(source: Source, limit: int) -> Directory:
    """List a zip by its directory, or by the headers before each member where it has none.

    Args:
        limit: as many entries are read.

    Raises:
        ContentError: the end of the source cannot be read.
    """
    with guarded("end of the zip"):
        place = directory_place(source)
    if place is None:
        entries, fault = _walk_locals(source, limit)
        faults = ("the directory at the end is missing: listed by the headers before the members",)
        return Directory(entries=entries, faults=(*faults, fault) if fault else faults)
    entries, fault = _walk_directory(source, place, limit)
    if not fault and len(entries) % 0x10000 != place.count % 0x10000:
        fault = f"the directory holds {len(entries)} entries and announces {place.count}"
    if fault and len(entries) < limit:
        entries = (*entries, *_left_out(source, entries, limit))
    return Directory(entries=entries, faults=(fault,) if fault else ())


def _left_out(source: Source, listed: tuple[ZipEntry, ...], limit: int) -> tuple[ZipEntry, ...]:
    """Give what a damaged directory leaves out and the headers before the members still tell."""
    known = {entry.header_offset_bytes for entry in listed}
    found, _ = _walk_locals(source, limit)
    missing = [entry for entry in found if entry.header_offset_bytes not in known]
    return tuple(missing[: limit - len(listed)])


def directory_place(source: Source) -> DirectoryPlace | None:
    """Find the directory by the record at the end, ``None`` where there is no such record."""
    start = max(0, source.size_bytes - _END.size - _COMMENT_BYTES)
    tail = source.read_at(start, source.size_bytes - start)
    at = tail.rfind(_END_MARK, 0, max(0, len(tail) - _END.size + len(_END_MARK)))
    if at < 0:
        return None
    _, _, _, _, count, size, offset, _ = _END.unpack_from(tail, at)
    end = start + at
    wide = _wide_end(source, end)
    if wide is not None:
        end, count, size, offset = wide
    shift = end - size - offset
    if shift < 0:  # sizes that contradict each other: believe the stated place of the directory
        return DirectoryPlace(start_bytes=offset, end_bytes=end, shift_bytes=0, count=count)
    return DirectoryPlace(start_bytes=end - size, end_bytes=end, shift_bytes=shift, count=count)


def _wide_end(source: Source, end: int) -> tuple[int, int, int, int] | None:
    """Give place, count, size and offset of the zip64 record, ``None`` where there is none."""
    locator = source.read_at(max(0, end - _END64_PLACE.size), _END64_PLACE.size)
    if len(locator) < _END64_PLACE.size or not locator.startswith(_END64_PLACE_MARK):
        return None
    stated = _END64_PLACE.unpack(locator)[2]
    for place in (end - _END64_PLACE.size - _END64.size, stated):
        raw = source.read_at(place, _END64.size) if 0 <= place < source.size_bytes else b""
        if len(raw) == _END64.size and raw.startswith(_END64_MARK):
            fields = _END64.unpack(raw)
            return place, fields[7], fields[8], fields[9]
    return None


def _walk_directory(
    source: Source, place: DirectoryPlace, limit: int
) -> tuple[tuple[ZipEntry, ...], str]:
    entries: list[ZipEntry] = []
    file = HeaderFile(source)
    at = place.start_bytes
    try:
        with guarded("directory of the zip"):
            file.seek(at)
            while at < place.end_bytes:
                head = file.read(ENTRY.size)
                if len(head) < ENTRY.size or not head.startswith(ENTRY_MARK):
                    fault = f"the directory is damaged after {len(entries)} entries"
                    return tuple(entries), "" if head.startswith(b"PK\5\5") else fault
                if len(entries) >= limit:
                    return tuple(entries), f"stopped after {limit} members: limit"
                fields = ENTRY.unpack(head)
                lengths = fields[10:13]
                rest = file.read(sum(lengths))
                if len(rest) < sum(lengths):
                    return tuple(entries), f"the directory breaks off after {len(entries)} entries"
                entries.append(parsed(fields, rest, place.shift_bytes))
                at += ENTRY.size + len(rest)
    except ContentError as error:
        return tuple(entries), error.detail
    return tuple(entries), ""


def parsed(fields: tuple[int, ...], rest: bytes, shift: int) -> ZipEntry:
    """Give an entry of the directory.

    Args:
        fields: as :data:`ENTRY` unpacks them.
        rest: name, extra fields and comment.
        shift: what was put before the archive.
    """
    made_by, flags, method, time, date = fields[1], fields[3], fields[4], fields[5], fields[6]
    name_bytes, extra_bytes = fields[10], fields[11]
    extra = rest[name_bytes : name_bytes + extra_bytes]
    size, packed, offset = widened(extra, (fields[9], fields[8], fields[16]))
    return ZipEntry(
        name=rest[:name_bytes],
        flags=flags,
        method=method,
        checksum=fields[7],
        packed_bytes=packed,
        size_bytes=size,
        header_offset_bytes=offset + shift,
        dos_date=date,
        dos_time=time,
        made_by=made_by >> 8,
        attributes=fields[15],
        extra=extra,
    )


def _walk_locals(source: Source, limit: int) -> tuple[tuple[ZipEntry, ...], str]:
    """Go from header to header, as far as each tells how long its member is."""
    entries: list[ZipEntry] = []
    at = 0
    while at < source.size_bytes:
        try:
            found = local_entry(source, at)
        except ContentError as error:
            return tuple(entries), error.detail
        if found is None:
            break
        if len(entries) >= limit:
            return tuple(entries), f"stopped after {limit} members: limit"
        entry, after = found
        if entry.flags & SIZES_FOLLOW and not entry.packed_bytes:
            words = f"member {len(entries)} does not tell its length beforehand"
            return tuple(entries), f"{words}: what follows is not listed"
        entries.append(entry)
        at = after
    return tuple(entries), "" if entries else "no member found"


def local_entry(source: Source, at: int) -> tuple[ZipEntry, int] | None:
    """Give the member whose header stands at a place, and where its content ends."""
    head = source.read_at(at, LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(LOCAL_MARK):
        return None
    _, _, flags, method, time, date, checksum, packed, size, names, more = LOCAL.unpack(head)
    rest = source.read_at(at + LOCAL.size, names + more)
    size, packed, _ = widened(rest[names:], (size, packed, 0))
    entry = ZipEntry(
        name=rest[:names],
        flags=flags,
        method=method,
        checksum=checksum,
        packed_bytes=packed,
        size_bytes=size,
        header_offset_bytes=at,
        dos_date=date,
        dos_time=time,
        extra=rest[names:],
    )
    return entry, at + LOCAL.size + names + more + packed
