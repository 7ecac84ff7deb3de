"""What every file system promises, and the readers in order of trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from triage.ingest.container import Container
from triage.ingest.filesystems import apfs, tsk, xfs
from triage.ingest.reading import ContentError, Found, VolumeError
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.volume import VolumeInfo

__all__ = ["FILESYSTEMS", "ContentError", "FileSystem", "FileSystemReader", "find", "open_volume"]


class FileSystem(Protocol):
    """One volume, for one process; opened at the latest when it is first listed.

    Laws: a listing is the same in every process and after any other calls; damage becomes a
    problem of the listing, never an exception; no name is left out of a listing because of its
    bytes; what ``read`` gives adds up to ``size_bytes`` or ends in :class:`ContentError`.
    """

    @property
    def volume(self) -> VolumeInfo:
        """The volume this was opened from."""

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the root folder, then the orphan area where the file system has one."""

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder in the order of the disk."""

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a stream in order, in chunks of at most 1 MiB.

        Raises:
            ContentError: the content could not be read, or not to its end.
        """

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content: exactly so many bytes, and none beyond ``size_bytes``.

        Raises:
            ContentError: the part could not be read, or not to its end.
        """

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that the content lies on; ask after reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemReader:
    """One row of the registry.

    Attributes:
        find: takes the container, a start and a length in bytes; gives what it recognises there,
            nothing where it recognises nothing. Never raises for what the bytes are.
        open: takes the container and a volume that ``find`` gave; raises, itself or when it is
            first listed, :class:`triage.ingest.reading.VolumeError`.
        opens: names of file systems as they stand in ``VolumeInfo.filesystem``.
    """

    name: str
    find: Callable[[Container, int, int], tuple[Found, ...]]
    open: Callable[[Container, VolumeInfo], FileSystem]
    opens: frozenset[str]


FILESYSTEMS: tuple[FileSystemReader, ...] = (
    FileSystemReader(name="apfs", find=apfs.find, open=apfs.open_volume, opens=apfs.OPENS),
    FileSystemReader(name="tsk", find=tsk.find, open=tsk.open_volume, opens=tsk.OPENS),
    FileSystemReader(name="xfs", find=xfs.find, open=xfs.open_volume, opens=xfs.OPENS),
)
"""In order of trial; every reader is asked, so that two signatures on one volume are both seen."""


def find(container: Container, offset_bytes: int, length_bytes: int) -> tuple[Found, ...]:
    """Give what the readers recognise in a stretch of the medium, in order of the registry."""
    return tuple(
        found
        for reader in FILESYSTEMS
        for found in reader.find(container, offset_bytes, length_bytes)
    )


def open_volume(container: Container, volume: VolumeInfo) -> FileSystem:
    """Open a volume by the name of its file system, without trying again what it may be.

    Raises:
        VolumeError: no reader opens it, now or when it is first listed.
    """
    for reader in FILESYSTEMS:
        if volume.filesystem in reader.opens:
            return reader.open(container, volume)
    raise VolumeError(f"volume {volume.key}: {volume.reason or 'no file system was opened'}")
