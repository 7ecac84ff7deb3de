"""Lists of a volume as it was before only what differs from it as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from triage.ingest.filesystem import FileSystem
from triage.ingest.layered import InnerMedium, LayeredFileSystem, without_places
from triage.ingest.layers.vss import ShadowCopy
from triage.ingest.reading import VolumeError
from triage.model.entry import DirectoryRef, EntryKind, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing


class DifferingFileSystem:
    """A state of before, without the names that lead to the same now.

    Two names lead to the same where they, their records, sizes, times of change and places
    agree, and no byte there differs. The time of the last access does not count: to look at a
    file changes nothing in it.
    """

    def __init__(self, before: LayeredFileSystem, now: FileSystem, copy: ShadowCopy) -> None:
        self._before = before
        self._now = now.inner if isinstance(now, LayeredFileSystem) else now
        self._copy = copy
        self.volume = before.volume

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the roots of before."""
        return self._before.roots()

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give the names of one folder that led elsewhere, and all folders below it."""
        listing = self._before.inner.list_directory(folder)
        base = self._before.inner.volume.offset_bytes
        same = self._facts_now(folder)
        kept = tuple(
            entry
            for entry in listing.entries
            if _facts(entry, base) not in same or self._copy.differs(_moved(entry, base))
        )
        shown = Listing(entries=kept, directories=listing.directories, problems=listing.problems)
        return without_places(shown)

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of before."""
        return self._before.read(entry)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content of before."""
        return self._before.read_range(entry, offset_bytes, length_bytes)

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges of the outermost medium that the content is made of."""
        return self._before.touches_damage(entry)

    def _facts_now(self, folder: DirectoryRef) -> frozenset[tuple[Any, ...]]:
        """Give what the folder of the same record holds now; nothing where that does not read."""
        base = self._now.volume.offset_bytes
        try:
            listing = self._now.list_directory(self._now_of(folder))
        except VolumeError:
            return frozenset()
        return frozenset(_facts(entry, base) for entry in listing.entries)

    def _now_of(self, folder: DirectoryRef) -> DirectoryRef:
        """Give the same folder now; the made-up one of orphans may have another address."""
        if folder.orphan and folder == self.roots()[-1]:
            return next((root for root in self._now.roots() if root.orphan), folder)
        return folder


def compared(before: FileSystem, now: FileSystem) -> FileSystem:
    """Give of a state of before what is to be listed."""
    if isinstance(before, LayeredFileSystem):
        medium = before.medium
        if isinstance(medium, InnerMedium) and isinstance(medium.source, ShadowCopy):
            return DifferingFileSystem(before, now, medium.source)
    return before


def _facts(entry: FileEntry, base: int) -> tuple[Any, ...]:
    """Give by what an entry is recognised; places count from the start of the volume."""
    ref, times = entry.ref, entry.times
    return (
        ref.path,
        ref.stream,
        0 if entry.kind is EntryKind.VIRTUAL else ref.address,
        ref.sequence,
        entry.kind,
        entry.allocation,
        entry.size_bytes,
        (times.modified_ns, times.changed_ns, times.created_ns),
        entry.no_content,
        None if entry.first_block_offset_bytes is None else entry.first_block_offset_bytes - base,
        _moved(entry, base),
    )


def _moved(entry: FileEntry, base: int) -> tuple[tuple[int, int], ...]:
    return tuple((start - base, length) for start, length in entry.extents)
