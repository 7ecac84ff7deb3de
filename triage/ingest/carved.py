"""Reads what was found by its structure, for which no file system knows a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from triage.ingest.container import Container
from triage.ingest.evidence import Evidence, ImageEvidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.placed import placed_content, placed_part
from triage.ingest.reading import VolumeError, overlapping
from triage.model.carving import UNPARTITIONED
from triage.model.entry import DirectoryRef, FileEntry, Origin
from triage.model.evidence import DamagedRange
from triage.model.extents import Extents
from triage.model.listing import Listing
from triage.model.volume import VolumeInfo, VolumeState


def reader_of(evidence: Evidence, entry: FileEntry) -> FileSystem:
    """Give what reads an entry: the file system of its volume, or, if it was carved, its place.

    Raises:
        VolumeError: the volume does not open.
    """
    outermost = entry
    while outermost.container is not None:
        outermost = outermost.container
    if outermost.origin is not Origin.CARVED:
        return evidence.filesystem(entry.ref.volume)
    return CarvedFiles(medium_of(evidence, entry.ref.volume), entry.ref.volume)


def medium_of(evidence: Evidence, volume_key: str) -> Container:
    """Give what a volume lies in; for what no volume covers, the whole medium.

    Raises:
        VolumeError: the evidence is files and has no medium, or there is no such volume.
    """
    if not isinstance(evidence, ImageEvidence):
        raise VolumeError(f"volume {volume_key}: the evidence has no medium")
    if volume_key == UNPARTITIONED:
        return evidence.container
    return evidence.medium(volume_key)[0]


class CarvedFiles:
    """The files that were found in one volume, as a file system without folders."""

    def __init__(self, medium: Container, volume_key: str) -> None:
        self._medium = medium
        self.volume = VolumeInfo(
            key=volume_key,
            offset_bytes=0,
            length_bytes=medium.info.size_bytes,
            table="none",
            description="",
            state=VolumeState.NO_FILES,
        )

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give nothing: what was found lies in no folder."""
        return ()

    def list_directory(self, folder: DirectoryRef) -> Listing:  # noqa: ARG002  (the protocol's)
        """Give nothing: what was found lies in no folder."""
        return Listing(entries=(), directories=())

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content in order, see the protocol."""
        return placed_content(self._medium, places_of(entry))

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content, see the protocol."""
        placed = replace(entry, extents=places_of(entry))
        return placed_part(self._medium, placed, offset_bytes, length_bytes)

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that the content lies on."""
        return overlapping(self._medium.damage(), places_of(entry))


def places_of(entry: FileEntry) -> Extents:
    """Give where a found file lies: in one piece from its address on, if nothing else is said."""
    return entry.extents or ((entry.ref.address, entry.size_bytes),)
