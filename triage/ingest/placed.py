"""Reads contents by their place on the medium, where the listing told it."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.reading import ContentError
from triage.model.entry import FileEntry
from triage.model.extents import Extents, adds_up
from triage.model.outcome import FailReason

PIECE_BYTES = 256 * 1024
"""Bigger pieces are no faster, and memory for them is given back to the system after each."""


def is_placed(entry: FileEntry) -> bool:
    """Tell whether the places of an entry add up to its content."""
    return adds_up(entry.extents, entry.size_bytes)


def placed_content(container: Container, extents: Extents) -> Iterator[bytes]:
    """Give the content in order; pieces end where chunks of a container do.

    Raises:
        ContentError: the medium ends before the content does.
    """
    if len(extents) == 1:
        start, length = extents[0]
        if 0 < length <= PIECE_BYTES - start % PIECE_BYTES:  # as most are: one read is all of it
            yield _read(container, start, length)
            return
    yield from _pieces(container, extents)


def placed_part(
    container: Container, entry: FileEntry, offset_bytes: int, length_bytes: int
) -> bytes:
    """Give a part of the content, none of it beyond its end.

    Raises:
        ContentError: the medium ends before the part does.
    """
    skip, left = offset_bytes, min(length_bytes, entry.size_bytes - offset_bytes)
    places: list[tuple[int, int]] = []
    for start, length in entry.extents:
        if left <= 0:
            break
        if skip < length:
            taken = min(length - skip, left)
            places.append((start + skip, taken))
            left -= taken
        skip = max(0, skip - length)
    return b"".join(_pieces(container, tuple(places)))


def _pieces(container: Container, places: Extents) -> Iterator[bytes]:
    """Read places one after the other; what lies in many small ones is handed out together."""
    held: list[bytes] = []
    room = PIECE_BYTES
    for start, wanted in _cut(places):
        if held and wanted > room:
            yield _joined(held)
            room = PIECE_BYTES
        held.append(_read(container, start, wanted))
        room -= wanted
    if held:
        yield _joined(held)


def _read(container: Container, start: int, wanted: int) -> bytes:
    data = container.read_content(start, wanted)
    if len(data) < wanted:
        raise ContentError(FailReason.SHORT_READ, "the content lies beyond the medium")
    return data


def _cut(places: Extents) -> Iterator[tuple[int, int]]:
    """Cut places where the medium is cut into chunks, so that none has to be inflated twice."""
    for start, length in places:
        at, end = start, start + length
        while at < end:
            wanted = min(end - at, PIECE_BYTES - at % PIECE_BYTES)
            yield at, wanted
            at += wanted


def _joined(held: list[bytes]) -> bytes:
    """Take everything out of the list as one piece."""
    data = held[0] if len(held) == 1 else b"".join(held)
    held.clear()
    return data
