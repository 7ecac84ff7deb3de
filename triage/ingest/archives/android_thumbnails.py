"""The cache of small copies that Android's media store kept: ``.thumbdata3-…``, one block each."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from triage.ingest.archives.member import ArchiveLimits
from triage.ingest.archives.small_copies import Copy, SmallCopies, ending
from triage.ingest.archives.source import Source
from triage.ingest.reading import ContentError
from triage.model.outcome import FailReason

MIME = "application/x-android-thumbdata"
BLOCK_BYTES = 10_000
_NAME = b".thumbdata"
_HEAD = struct.Struct(">BQI")
_READ_BLOCKS = 32


def recognises(head: bytes) -> bool:
    """Take a block that is empty, or that begins as one in use does."""
    return not any(head[: _HEAD.size]) or (head[:1] == b"\1" and bool(ending(head[13:21])))


def open_cache(source: Source, limits: ArchiveLimits, name: bytes) -> SmallCopies:
    """List the copies of a cache: a member is called by the number of its picture in the store.

    Raises:
        ContentError: neither name nor content is that of a cache.
    """
    copies = tuple(_copies(source, limits.max_members + 1))
    if not copies and not name.startswith(_NAME):
        raise ContentError(FailReason.READ_ERROR, "no archive of a kind that is opened")
    return SmallCopies(source, limits, copies)


def _copies(source: Source, most: int) -> Iterator[Copy]:
    """Look at the head of each block: 1, a number that marks the picture's state, the length.

    Source: MiniThumbFile of the Android Open Source Project, 10,000 bytes a block.
    """
    found = 0
    step = _READ_BLOCKS * BLOCK_BYTES
    for start in range(0, source.size_bytes, step):
        part = source.read_at(start, step)
        for at in range(0, len(part) - _HEAD.size, BLOCK_BYTES):
            status, _, length = _HEAD.unpack_from(part, at)
            first = at + _HEAD.size
            kind = ending(part[first : first + 8])
            if status != 1 or not kind or not 0 < length <= BLOCK_BYTES - _HEAD.size:
                continue
            number = (start + at) // BLOCK_BYTES
            yield Copy(
                name=b"%d%s" % (number, kind), offset_bytes=start + first, length_bytes=length
            )
            found += 1
            if found >= most:
                return
