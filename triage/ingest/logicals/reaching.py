"""Reaches into the members of a zip: stored ones where they lie, packed ones by way of memory."""

from __future__ import annotations

from collections import OrderedDict

from triage.ingest.archives.inflate import naked_deflate
from triage.ingest.archives.member import ArchiveLimits
from triage.ingest.archives.packed_stream import InflatedSource, Packing
from triage.ingest.archives.source import HeldSource, Source, WindowSource
from triage.ingest.archives.zip_content import (
    DEFLATED,
    content_of,
    is_encrypted,
    start_of,
    window_of,
)
from triage.ingest.archives.zip_directory import ZipEntry
from triage.ingest.reading import ContentError
from triage.model.outcome import FailReason

HELD_BYTES = 64 * 1024 * 1024
"""A packed member of this size is held in memory; a larger one is inflated again as needed."""

_KEPT = 8
_NO_MARK = b"\xff" * 8
_DEFLATE = Packing(mark=_NO_MARK, make=naked_deflate, endings=())


class Reaching:
    """The members that were reached into last, at most 64 MiB of them held.

    Args:
        source: the zip.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: OrderedDict[int, Source] = OrderedDict()
        self._held_bytes = 0

    def read(
        self, entry: ZipEntry, offset_bytes: int, length_bytes: int, password: str | None = None
    ) -> bytes:
        """Give a part of a member: exactly so many bytes.

        Raises:
            ContentError: it cannot be unpacked, or ends before.
        """
        data = self._reachable(entry, password).read_at(offset_bytes, length_bytes)
        if len(data) < length_bytes:
            detail = f"content ends at byte {offset_bytes + len(data)} of {entry.size_bytes}"
            raise ContentError(FailReason.SHORT_READ, detail)
        return data

    def clear(self) -> None:
        """Let go of what is held."""
        self._kept.clear()
        self._held_bytes = 0

    def _reachable(self, entry: ZipEntry, password: str | None) -> Source:
        key = entry.header_offset_bytes
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        stored = window_of(self._source, entry)
        if stored is not None:
            return stored
        held = entry.size_bytes if entry.size_bytes <= HELD_BYTES else 0
        self._make_room(held)
        if held:
            made: Source = HeldSource(b"".join(content_of(self._source, entry, password)))
        else:
            made = self._far(entry)
        self._kept[key] = made
        self._held_bytes += held
        return made

    def _make_room(self, held: int) -> None:
        while self._kept and (len(self._kept) >= _KEPT or self._held_bytes + held > HELD_BYTES):
            _, gone = self._kept.popitem(last=False)
            self._held_bytes -= gone.size_bytes if isinstance(gone, HeldSource) else 0

    def _far(self, entry: ZipEntry) -> Source:
        if entry.method != DEFLATED or is_encrypted(entry):
            detail = "too large to reach into: encrypted, or packed by another method than deflate"
            raise ContentError(FailReason.READ_ERROR, detail)
        start = start_of(self._source, entry)
        packed = WindowSource(self._source, start, entry.packed_bytes)
        limits = ArchiveLimits(max_held_bytes=0, max_inflated_bytes=entry.size_bytes)
        return InflatedSource(packed, _DEFLATE, limits)
