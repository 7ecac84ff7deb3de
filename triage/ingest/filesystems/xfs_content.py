"""Reads the content of an XFS inode: its runs in order, its holes as zeros."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_inodes import Run
from triage.ingest.placed import PIECE_BYTES
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.extents import Extents
from triage.model.outcome import FailReason

EXTENT_LIMIT = 64
"""A content in more pieces than this is read by way of the file system."""


def places(runs: tuple[Run, ...], block_bytes: int, size_bytes: int) -> Extents:
    """Give where a plain content lies; nothing where it has holes or too many pieces."""
    found: list[tuple[int, int]] = []
    at = 0
    for run in runs:
        start, length = run.start * block_bytes, run.count * block_bytes
        if start >= size_bytes:
            break
        if start != at or not run.written:
            return ()
        taken = min(length, size_bytes - start)
        if found and sum(found[-1]) == run.place_bytes:
            found[-1] = (found[-1][0], found[-1][1] + taken)
        else:
            found.append((run.place_bytes, taken))
        at += taken
    return tuple(found) if at == size_bytes and len(found) <= EXTENT_LIMIT else ()


def held(runs: tuple[Run, ...], block_bytes: int) -> Extents:
    """Give all that runs hold on the medium, written or not."""
    return tuple((run.place_bytes, run.count * block_bytes) for run in runs)


def content(
    container: Container, runs: tuple[Run, ...], block_bytes: int, offset: int, end: int
) -> Iterator[bytes]:
    """Give the bytes from an offset to an end, in pieces.

    Raises:
        ContentError: the medium ends before a piece does.
    """
    for run in runs:
        start = run.start * block_bytes
        stop = min(start + run.count * block_bytes, end)
        if stop <= offset or not run.written:
            continue
        if start >= end:
            break
        yield from _zeros(start - offset)
        offset = max(offset, start)
        while offset < stop:
            wanted = min(PIECE_BYTES, stop - offset)
            data = container.read_content(run.place_bytes + offset - start, wanted)
            if len(data) < wanted:
                raise ContentError(FailReason.SHORT_READ, "the content lies beyond the medium")
            offset += wanted
            yield data
    yield from _zeros(end - offset)


def _zeros(length: int) -> Iterator[bytes]:
    while length > 0:
        yield bytes(min(CHUNK_BYTES, length))
        length -= CHUNK_BYTES
