"""Lists one folder of a volume that The Sleuth Kit has opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytsk3

from triage.ingest.container import Container
from triage.ingest.filesystems.ext_inodes import EncryptedInodes
from triage.ingest.filesystems.hfs_catalog import Catalog
from triage.ingest.filesystems.tsk_extents import Extents, Places
from triage.ingest.filesystems.tsk_names import (
    WITH_INODES,
    Name,
    allocation,
    from_catalog,
    from_record,
    resolve,
    reused,
    why_no_content,
)
from triage.ingest.filesystems.tsk_ordinary import OrdinaryNames
from triage.ingest.filesystems.tsk_streams import NTFS_REPARSE, WOF_STREAM, Stream, streams
from triage.ingest.filesystems.tsk_times import NAIVE, Moments, times
from triage.ingest.tskimage import plain_words
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, made_directory
from triage.model.listing import Listing
from triage.model.outcome import SkipReason
from triage.model.packing import COMPRESSED, ENCRYPTED, RESIDENT, SPARSE, Packer
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo

__all__ = ["ORPHAN_LIMIT", "WOF_STREAM", "Folder", "Volume", "overlay_packed"]

ORPHAN_LIMIT = 1_000_000
"""Orphans of one folder beyond this number are not listed, and reported."""

_CATALOG_FILE = 4
"""Number of the catalog of every HFS+ volume."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What every listing and read of one volume needs to know."""

    evidence: str
    key: str
    filesystem: str
    base_bytes: int
    block_bytes: int
    medium_bytes: int
    naive: bool
    encrypted: EncryptedInodes
    places: Places
    ordinary: OrdinaryNames
    opened: pytsk3.FS_Info

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo, opened: pytsk3.FS_Info) -> Volume:
        """Gather the facts once, when the volume is opened."""
        block_bytes, naive = int(opened.info.block_size), volume.filesystem in NAIVE
        places = Places.of(container, volume, opened)
        return cls(
            evidence=container.info.key,
            key=volume.key,
            filesystem=volume.filesystem,
            base_bytes=volume.offset_bytes,
            block_bytes=block_bytes,
            medium_bytes=container.info.size_bytes,
            naive=naive,
            encrypted=EncryptedInodes.of(container, volume),
            places=places,
            ordinary=OrdinaryNames(volume, block_bytes, places, naive=naive),
            opened=opened,
        )

    def streams(self, file: pytsk3.File) -> Iterator[Stream]:
        """Give the streams of a file; raises OSError where the attributes cannot be loaded."""
        return streams(file, self.filesystem, self.base_bytes, self.block_bytes)


def overlay_packed(file: pytsk3.File, every: Sequence[Stream]) -> bool:
    """Tell whether the default stream of a file only stands for a packed one."""
    if not any(stream.name == WOF_STREAM for stream in every):
        return False
    return any(int(attribute.info.type) == NTFS_REPARSE for attribute in file)


class Folder:
    """One pass over the names of one folder."""

    def __init__(self, volume: Volume, folder: DirectoryRef) -> None:
        self._volume = volume
        self._folder = folder
        self._prefix = folder.path if folder.path.endswith(b"/") else folder.path + b"/"
        self._packer = Packer(volume.evidence, volume.key, folder.address)
        self._directories: list[DirectoryRef] = []
        self._problems: list[Problem] = []
        self._orphan_bytes = 0
        self._orphans_hit = False
        self._encrypts = bool(volume.encrypted)
        self._quick = not (self._encrypts or folder.orphan)
        self._direct = True
        """Whether an entry's address leads to the record that its streams were taken from."""

    def listed(self, opened: pytsk3.Directory) -> Listing:
        """Take all names; an error costs the one name it came with, and is reported."""
        names = iter(opened)
        limit = ORPHAN_LIMIT if self._folder.orphan else int(opened.size)
        for index in range(int(opened.size)):
            if index >= limit:
                self._note(ProblemKind.ORPHAN_LIMIT, self._folder.path, f"more than {limit} names")
                break
            try:
                self._take(next(names))
            except StopIteration:
                break
            except OSError as error:
                detail = plain_words(error)
                self._note(ProblemKind.DIRECTORY_UNREADABLE, self._folder.path, detail)
        return self._listing()

    def listed_from_catalog(self) -> Listing:
        """Take the names from the HFS+ catalog by ourselves.

        Raises:
            OSError, CatalogError: the catalog does not read.
        """
        opened = self._volume.opened
        source = opened.open_meta(_CATALOG_FILE)
        for child in Catalog(source.read_random).children(self._folder.address):
            try:
                file = opened.open_meta(child.identifier)
            except OSError:
                self._enter(from_catalog(child, None), None)
                continue
            self._direct = file.info.meta is not None and file.info.meta.addr == child.identifier
            self._enter(from_catalog(child, file.info.meta), file)
        return self._listing()

    def listed_orphans(self, addresses: Sequence[int], *, complete: bool) -> Listing:
        """Take records that no folder names, by their addresses.

        Raises:
            OSError: a record does not open.
        """
        opened = self._volume.opened
        if not complete or len(addresses) > ORPHAN_LIMIT:
            detail = f"more than {ORPHAN_LIMIT} names"
            self._note(ProblemKind.ORPHAN_LIMIT, self._folder.path, detail)
        for address in addresses[:ORPHAN_LIMIT]:
            file = opened.open_meta(address)
            if file.info.meta is not None:
                self._enter(from_record(file.info.meta), file)
        return self._listing()

    def _listing(self) -> Listing:
        return Listing(
            entries=self._packer.done(),
            directories=tuple(self._directories),
            problems=tuple(self._problems),
        )

    def _take(self, file: pytsk3.File) -> None:
        if self._quick and self._taken(file):
            return
        resolved = resolve(self._volume.opened, file, self._volume.filesystem)
        if resolved is not None:
            self._enter(*resolved)

    def _taken(self, file: pytsk3.File) -> bool:
        """Tell whether a name was an ordinary one, and has been entered."""
        try:
            return self._volume.ordinary.take(
                file, self._folder, self._prefix, self._packer.add, self._directories
            )
        except OSError:
            return False

    def _enter(self, name: Name, file: pytsk3.File | None) -> None:
        if name.meta is None or not name.same:
            self._check(name)
        every = self._streams(name, file) if file is not None else (None,)
        state = allocation(name, self._folder)
        moments = times(name.meta, naive=self._volume.naive)
        for stream in every:
            if stream is not None and not stream.name and self._ordinary(name, stream, state):
                self._add_ordinary(name, stream, every, moments, state)
            else:
                self._add(name, stream, every, moments, state)
        if name.kind is EntryKind.DIRECTORY:
            self._descend(name)

    def _streams(self, name: Name, file: pytsk3.File) -> tuple[Stream | None, ...]:
        """Give what to list of a name: always a default stream, then the named ones."""
        filesystem = self._volume.filesystem
        folder = name.kind is EntryKind.DIRECTORY
        if name.meta is None or (name.deleted and reused(name, filesystem)):
            return (None,)
        if folder and filesystem not in ("ntfs", "hfs+"):
            return (None,)
        try:
            every = tuple(self._volume.streams(file))
        except OSError:
            return (None,)
        if len(every) == 1 and not folder and not every[0].name:
            return every
        default = tuple(stream for stream in every if not stream.name)
        named = tuple(stream for stream in every if stream.name)
        return (*((None,) if folder or not default else default), *named)

    def _ordinary(self, name: Name, stream: Stream, state: Allocation) -> bool:
        """Tell the default stream of a file in use that is to be read, as nearly all are."""
        return (
            name.kind is EntryKind.FILE
            and name.record_live
            and not name.deleted
            and state is not Allocation.ORPHAN
            and stream.size_bytes > 0
            and not (stream.encrypted or stream.compressed or stream.sparse)
            and not name.virtual_folder
            and name.same
            and not (self._encrypts and name.address in self._volume.encrypted)
        )

    def _add_ordinary(
        self,
        name: Name,
        stream: Stream,
        every: tuple[Stream | None, ...],
        moments: Moments,
        state: Allocation,
    ) -> None:
        self._packer.add(
            self._prefix + name.raw,
            b"",
            name.address,
            name.sequence,
            "file",
            state.value,
            stream.size_bytes,
            moments,
            stream.runs[0][0] if stream.runs else -1,
            self._extents(name, stream, every),
            RESIDENT if stream.resident else 0,
            "",
            "",
        )

    def _add(
        self,
        name: Name,
        stream: Stream | None,
        every: tuple[Stream | None, ...],
        moments: Moments,
        state: Allocation,
    ) -> None:
        size = self._size(name, stream)
        reason, detail = self._reason(name, stream, size, state)
        self._packer.add(
            self._prefix + name.raw,
            b"" if stream is None else stream.name,
            name.address,
            name.sequence,
            (name.kind if stream is None or not stream.name else EntryKind.FILE).value,
            state.value,
            size,
            moments,
            stream.runs[0][0] if size and stream and stream.runs else -1,
            () if reason else self._extents(name, stream, every),
            _flags(stream, encrypted=reason == SkipReason.ENCRYPTED),
            str(reason),
            detail,
        )

    def _reason(
        self, name: Name, stream: Stream | None, size: int, state: Allocation
    ) -> tuple[str, str]:
        volume = self._volume
        reason, detail = why_no_content(
            name,
            stream,
            size,
            filesystem=volume.filesystem,
            medium_bytes=volume.medium_bytes,
        )
        if not reason and self._encrypts and name.address in volume.encrypted:
            reason, detail = SkipReason.ENCRYPTED, "encrypted by the file system (fscrypt)"
        if not reason and state is Allocation.ORPHAN:
            reason, detail = self._orphan_bound(stream, size)
        if not reason and not name.same:
            detail = "name and record differ in generation: may be another file's content"
        return reason, detail

    def _extents(
        self, name: Name, stream: Stream | None, every: tuple[Stream | None, ...]
    ) -> Extents:
        if stream is None or not self._direct:
            return ()
        if len(every) == 1:
            return self._volume.places.extents(name.address, stream, (stream,))
        others = [other for other in every if other is not None]
        return self._volume.places.extents(name.address, stream, others)

    def _size(self, name: Name, stream: Stream | None) -> int:
        if stream is not None:
            return stream.size_bytes
        if name.meta is None:
            return 0
        if self._volume.filesystem == "ntfs" and name.kind is not EntryKind.DIRECTORY:
            return 0
        return max(0, name.meta.size)

    def _descend(self, name: Name) -> None:
        """Queue a folder below; a deleted name of a live folder is left to its live name."""
        if name.meta is None:
            return
        if name.deleted and name.record_live:
            return
        if self._wiped(name):
            return
        self._directories.append(
            made_directory(
                self._volume.key,
                self._prefix + name.raw,
                name.address,
                name.sequence,
                self._folder.live and not name.deleted,
                self._folder.orphan,
                self._folder.depth + 1,
            )
        )

    def _wiped(self, name: Name) -> bool:
        """Tell whether a deleted folder has lost its blocks, so that there is nothing to list."""
        wiped = not name.record_live and name.meta is not None and not name.meta.size
        return wiped and self._volume.filesystem in WITH_INODES

    def _orphan_bound(self, stream: Stream | None, size: int) -> tuple[str, str]:
        """Leave orphans unread once they claim twice the medium: bogus trees claim terabytes."""
        if stream is not None and (stream.sparse or stream.compressed):
            return "", ""
        self._orphan_bytes += size
        if self._orphan_bytes <= 2 * self._volume.medium_bytes:
            return "", ""
        if not self._orphans_hit:
            self._orphans_hit = True
            detail = "orphans claim more than twice the size of the medium: the rest is not read"
            self._note(ProblemKind.ORPHAN_LIMIT, self._folder.path, detail)
        return SkipReason.IMPLAUSIBLE_SIZE, f"claims {size} bytes, beyond the bound for orphans"

    def _check(self, name: Name) -> None:
        """Report a live name without a record of its own: a file is then missing."""
        if name.deleted or not self._folder.live:
            return
        path = self._prefix + name.raw
        if name.meta is None:
            detail = f"record {name.address} cannot be read"
            self._note(ProblemKind.ENTRY_UNREADABLE, path, detail)
        elif not name.same:
            detail = f"name and record {name.address} differ in generation"
            self._note(ProblemKind.ENTRY_UNREADABLE, path, detail)

    def _note(self, kind: ProblemKind, path: bytes, detail: str) -> None:
        self._problems.append(
            Problem(
                kind=kind,
                evidence=self._volume.evidence,
                volume=self._volume.key,
                path=path,
                detail=printable(detail),
            )
        )


def _flags(stream: Stream | None, *, encrypted: bool) -> int:
    """Give the properties of a stream; it counts as encrypted only where that is why it is left."""
    found = ENCRYPTED if encrypted else 0
    if stream is not None:
        found |= RESIDENT * stream.resident | COMPRESSED * stream.compressed
        found |= SPARSE * stream.sparse
    return found
