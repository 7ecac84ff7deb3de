"""Reads the file systems that The Sleuth Kit opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import pytsk3

from triage.ingest.container import Container
from triage.ingest.filesystems import tsk_find
from triage.ingest.filesystems.ext_inodes import InodeTables
from triage.ingest.filesystems.hfs_catalog import CatalogError
from triage.ingest.filesystems.tsk_content import chosen, content, content_part
from triage.ingest.filesystems.tsk_folder import Folder, Volume
from triage.ingest.filesystems.tsk_names import WITH_INODES
from triage.ingest.filesystems.tsk_orphans import orphans
from triage.ingest.placed import is_placed, placed_content, placed_part
from triage.ingest.reading import DEPTH_LIMIT, VolumeError, overlapping
from triage.ingest.tskimage import ContainerImage, plain_words
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo

OPENS = frozenset(tsk_find.TYPES)
find = tsk_find.find
_VIRTUAL_FOLDER = 11


class TskFileSystem:
    """One volume that The Sleuth Kit opens.

    It is opened when it is first needed: contents whose place is known are read without it.
    """

    def __init__(self, container: Container, volume: VolumeInfo) -> None:
        self._container = container
        self.volume = volume

    @cached_property
    def _opened(self) -> pytsk3.FS_Info:
        return _opened(self._container, self.volume)

    @cached_property
    def _facts(self) -> Volume:
        return Volume.of(self._container, self.volume, self._opened)

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the root folder, then ``$OrphanFiles`` where the file system has one."""
        key = self.volume.key
        root = DirectoryRef(volume=key, path=b"/", address=int(self._opened.info.root_inum))
        last = int(self._opened.info.last_inum)
        try:
            meta = self._opened.open_meta(last).info.meta
        except OSError:
            return (root,)
        if meta is None or int(meta.type) != _VIRTUAL_FOLDER:
            return (root,)
        area = DirectoryRef(
            volume=key, path=b"/$OrphanFiles", address=last, live=False, orphan=True, depth=1
        )
        return root, area

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder in the order of the disk."""
        if folder.depth > DEPTH_LIMIT:
            return self._unlisted(folder, f"nested more than {DEPTH_LIMIT} deep: not listed")
        try:
            opened = self._opened.open_dir(inode=folder.address)
            listing = Folder(self._facts, folder).listed(opened)
        except OSError as error:
            again = self._listed_otherwise(folder)
            if again is None:
                return self._unlisted(folder, plain_words(error))
            listing = again
        hurt = overlapping(self._container.damage(), self._runs_of_folder(folder))
        if not hurt:
            return listing
        detail = f"folder lies on {len(hurt)} damaged range(s) of the image: names may be missing"
        problem = self._problem(folder, detail, hurt[0])
        return Listing(
            entries=listing.entries,
            directories=listing.directories,
            problems=(*listing.problems, problem),
        )

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a stream in order, see the protocol."""
        if is_placed(entry):
            return placed_content(self._container, entry.extents)
        return content(self._facts, entry)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content of a stream, see the protocol."""
        if is_placed(entry):
            return placed_part(self._container, entry, offset_bytes, length_bytes)
        return content_part(self._facts, entry, offset_bytes, length_bytes)

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that the content lies on."""
        damage = self._container.damage()
        if not any(hurt.length_bytes for hurt in damage):
            return ()
        if is_placed(entry):
            return overlapping(damage, entry.extents)
        try:
            file = self._opened.open_meta(entry.ref.address)
            every = tuple(self._facts.streams(file))
        except OSError:
            return ()
        one = chosen(every, entry)
        packed = entry.compressed or one is None
        used = every if packed or one is None else (one,)
        return overlapping(damage, tuple(run for stream in used for run in stream.runs))

    def _listed_otherwise(self, folder: DirectoryRef) -> Listing | None:
        """List by our own reading what The Sleuth Kit does not open, where there is such a way."""
        try:
            if self.volume.filesystem == "hfs+":
                return Folder(self._facts, folder).listed_from_catalog()
            if self.volume.filesystem not in WITH_INODES:
                return None
            if folder.orphan and folder.address == int(self._opened.info.last_inum):
                found, complete = orphans(self._opened, self._records())
                return Folder(self._facts, folder).listed_orphans(found, complete=complete)
        except (OSError, CatalogError):
            return None
        return None if folder.live else Listing(entries=(), directories=())

    def _records(self) -> Iterable[int]:
        """Give the records to look for orphans in, in rising order; for ext just freed ones."""
        tables = InodeTables.of(self._container, self.volume)
        if tables is not None:
            from triage.ingest.filesystems.ext_sweep import (  # noqa: PLC0415  (with numpy)
                freed_inodes,
            )

            return freed_inodes(tables)
        return range(int(self._opened.info.first_inum), int(self._opened.info.last_inum))

    def _runs_of_folder(self, folder: DirectoryRef) -> tuple[tuple[int, int], ...]:
        if not self._container.damage():
            return ()
        runs: list[tuple[int, int]] = []
        try:
            for attribute in self._opened.open_meta(folder.address):
                runs.extend(
                    (
                        self.volume.offset_bytes + int(run.addr) * self._facts.block_bytes,
                        int(run.len) * self._facts.block_bytes,
                    )
                    for run in attribute
                    if not int(run.flags)
                )
        except OSError:
            return tuple(runs)
        return tuple(runs)

    def _unlisted(self, folder: DirectoryRef, detail: str) -> Listing:
        return Listing(entries=(), directories=(), problems=(self._problem(folder, detail, None),))

    def _problem(self, folder: DirectoryRef, detail: str, hurt: DamagedRange | None) -> Problem:
        return Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._facts.evidence,
            volume=self.volume.key,
            path=folder.path,
            detail=detail,
            offset_bytes=None if hurt is None else hurt.offset_bytes,
            length_bytes=None if hurt is None else hurt.length_bytes,
        )


def open_volume(container: Container, volume: VolumeInfo) -> TskFileSystem:
    """Take a volume for opening by the name of its file system.

    Its first listing, or reading by way of the file system, raises VolumeError where it does not
    open.
    """
    return TskFileSystem(container, volume)


def _opened(container: Container, volume: VolumeInfo) -> pytsk3.FS_Info:
    image = ContainerImage(container)
    kind = tsk_find.TYPES[volume.filesystem]
    try:
        return pytsk3.FS_Info(image, offset=volume.offset_bytes, type=kind)
    except OSError as error:
        raise VolumeError(f"volume {volume.key}: {plain_words(error)}") from error
