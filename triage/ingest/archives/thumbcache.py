"""Thumbnail caches of Windows since Vista: ``thumbcache_*.db``, one file a size."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from triage.ingest.archives.member import ArchiveLimits
from triage.ingest.archives.small_copies import LONGEST_MARK_BYTES, Copy, SmallCopies, ending
from triage.ingest.archives.source import Source
from triage.ingest.reading import ContentError
from triage.model.outcome import FailReason

MARK, INDEX_MARK = b"CMMM", b"IMMM"
_VISTA, _SEVEN, _EIGHT = 20, 21, 30
_HEAD_BYTES = 24
_LEAST_ENTRY_BYTES, _ENTRY_BYTES = 48, 56
_SEARCH_BYTES = 256 * 1024


def recognises(head: bytes) -> bool:
    """Take a cache, and the index beside them, by the first bytes."""
    return head.startswith((MARK, INDEX_MARK))


def open_cache(source: Source, limits: ArchiveLimits, name: bytes) -> SmallCopies:
    """List the copies of a cache; the index holds none.

    A member is called by the number that Windows gave the picture, and what it begins with. The
    cache does not say what the original was called.

    Raises:
        ContentError: it is of a version that is not known.
    """
    del name
    head = source.read_at(0, _HEAD_BYTES)
    if head.startswith(INDEX_MARK):
        return SmallCopies(source, limits, ())
    version = int.from_bytes(head[4:8], "little")
    if version not in {_VISTA, _SEVEN} and not _EIGHT <= version < 2 * _EIGHT:
        words = f"a thumbnail cache of version {version}, which is not known"
        raise ContentError(FailReason.READ_ERROR, words)
    copies: list[Copy] = []
    for one in _copies(source, version):
        copies.append(one)
        if len(copies) > limits.max_members:
            break
    return SmallCopies(source, limits, tuple(copies))


def _copies(source: Source, version: int) -> Iterator[Copy]:
    """Go from entry to entry; where one is damaged, to the next that begins with the mark.

    Layout: "Windows Explorer Thumbnail Cache database format" of libwtcdb.
    """
    at = _next_mark(source, len(MARK))
    while at is not None:
        entry = source.read_at(at, _ENTRY_BYTES)
        if len(entry) < _ENTRY_BYTES:
            return
        (size,) = struct.unpack_from("<I", entry, 4)
        found = _copy(source, entry, at, version)
        if found is not None:
            yield found
        if size >= _LEAST_ENTRY_BYTES and source.read_at(at + size, len(MARK)) == MARK:
            at += size
        else:
            at = _next_mark(source, at + len(MARK))


def _copy(source: Source, entry: bytes, at: int, version: int) -> Copy | None:
    size, number = struct.unpack_from("<IQ", entry, 4)
    lengths_at = 24 if version == _VISTA else 16
    name_bytes, padding, data_bytes = struct.unpack_from("<III", entry, lengths_at)
    head = 48 if version == _SEVEN else _ENTRY_BYTES
    place = at + head + name_bytes + padding
    if not data_bytes or head + name_bytes + padding + data_bytes > size:
        return None
    if place + data_bytes > source.size_bytes:
        return None
    kind = ending(source.read_at(place, min(LONGEST_MARK_BYTES, data_bytes)))
    return Copy(
        name=b"%016x%s" % (number, kind or b".bin"), offset_bytes=place, length_bytes=data_bytes
    )


def _next_mark(source: Source, start: int) -> int | None:
    """Find the mark of an entry from a place on."""
    at = start
    while at < source.size_bytes:
        part = source.read_at(at, _SEARCH_BYTES)
        found = part.find(MARK)
        if found >= 0:
            return at + found
        if len(part) <= len(MARK):
            return None
        at += len(part) - len(MARK) + 1
    return None
