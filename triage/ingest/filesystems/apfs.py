"""Reads APFS through libfsapfs: a container is a pool of volumes, live entries only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyfsapfs

from triage.ingest.container import Container
from triage.ingest.filesystems.apfs_entries import (
    ROOT_IDENTIFIER,
    Attributed,
    entries_of,
    folder_of,
    is_folder,
)
from triage.ingest.filesystems.apfs_locks import unlocked
from triage.ingest.filesystems.apfs_superblocks import PoolFacts, VolumeFacts, pool_facts
from triage.ingest.reading import (
    CHUNK_BYTES,
    DEPTH_LIMIT,
    ContentError,
    Found,
    VolumeError,
    overlapping,
)
from triage.ingest.window import Window
from triage.model.display import printable
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

OPENS = frozenset({"apfs"})
_MAGIC = b"NXSB"
_MAGIC_OFFSET = 32
_LOCKED = "encrypted APFS volume (FileVault): a user's password or the recovery key opens it"


def find(container: Container, offset_bytes: int, length_bytes: int) -> tuple[Found, ...]:
    """Give every volume of the APFS container that starts at an offset; locked ones too."""
    head = container.read_at(offset_bytes, _MAGIC_OFFSET + 8)
    if head[_MAGIC_OFFSET : _MAGIC_OFFSET + 4] != _MAGIC:
        return ()
    block_bytes = int.from_bytes(head[_MAGIC_OFFSET + 4 :], "little")
    pool = pyfsapfs.container()
    facts = pool_facts(container, offset_bytes)
    try:
        pool.open_file_object(Window(container, offset_bytes, length_bytes))
        found = tuple(_found(pool, index, block_bytes) for index in range(pool.number_of_volumes))
        known = tuple(_known(pool, index, facts) for index in range(pool.number_of_volumes))
        return tuple(
            _completed(one, of_it, facts.size_bytes)
            for one, of_it in zip(found, known, strict=True)
        )
    except OSError as error:
        reason = f"APFS container does not open: {printable(str(error))}"
        return (Found(state=VolumeState.DAMAGED, filesystem="apfs", reason=reason),)


def _found(pool: pyfsapfs.container, index: int, block_bytes: int) -> Found:
    state, reason, label, opened_by = VolumeState.OPENED, "", "", ""
    try:
        volume = pool.get_volume(index)
        label = printable(volume.name or "")
        opened = unlocked(pool, index) if volume.is_locked() else (volume, "")
        if opened is None:
            state, reason = VolumeState.LOCKED, _LOCKED
        else:
            volume, opened_by = opened
            volume.get_file_entry_by_identifier(ROOT_IDENTIFIER)
    except OSError as error:
        state, reason = VolumeState.DAMAGED, f"APFS volume does not open: {printable(str(error))}"
    return Found(
        state=state,
        filesystem="apfs",
        label=label,
        block_size_bytes=block_bytes,
        pooled=True,
        reason=reason,
        unlocked=opened_by,
    )


def _known(pool: pyfsapfs.container, index: int, facts: PoolFacts) -> VolumeFacts | None:
    """Give what the superblock of a volume says; ``None`` where it does not read."""
    try:
        return facts.volumes.get(pool.get_volume(index).identifier)
    except OSError:
        return None


def _completed(found: Found, facts: VolumeFacts | None, size_bytes: int) -> Found:
    """Add what libfsapfs does not tell; it is not known to find the contents of sealed systems."""
    if facts is None:
        return replace(found, extent_bytes=size_bytes)
    notes = tuple(facts.words())
    if facts.sealed and found.state is VolumeState.OPENED:
        reason = "not supported: sealed system volume of macOS, which holds no files of users"
        return replace(
            found, state=VolumeState.UNSUPPORTED, filesystem="", reason=reason, snapshots=notes
        )
    return replace(found, extent_bytes=size_bytes, snapshots=notes)


class ApfsFileSystem:
    """One volume of an APFS container."""

    def __init__(
        self, container: Container, info: VolumeInfo, pool: pyfsapfs.container, index: int
    ) -> None:
        self._container = container
        self._pool = pool
        self._opened = _opened(pool, index, info)
        self.volume = info

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the root folder; APFS keeps no area of orphans that could be listed."""
        return (DirectoryRef(volume=self.volume.key, path=b"/", address=ROOT_IDENTIFIER),)

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder in the order of the disk."""
        if folder.depth > DEPTH_LIMIT:
            detail = f"nested more than {DEPTH_LIMIT} deep: not listed"
            return Listing(entries=(), directories=(), problems=(self._problem(folder, detail),))
        entries: list[FileEntry] = []
        folders: list[DirectoryRef] = []
        problems: list[Problem] = []
        evidence = self._container.info.key
        try:
            opened = self._opened.get_file_entry_by_identifier(folder.address)
            count = opened.number_of_sub_file_entries
        except OSError as error:
            problem = self._problem(folder, str(error))
            return Listing(entries=(), directories=(), problems=(problem,))
        for index in range(count):
            try:
                child = opened.get_sub_file_entry(index)
                entries.extend(entries_of(child, folder, evidence, self.volume))
                if is_folder(child):
                    folders.append(folder_of(child, folder))
            except OSError as error:
                problems.append(self._problem(folder, f"name {index}: {error}"))
        return Listing(entries=tuple(entries), directories=tuple(folders), problems=tuple(problems))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a stream in order, see the protocol."""
        return self._chunks(entry, 0, entry.size_bytes)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content of a stream, see the protocol."""
        end = min(offset_bytes + length_bytes, entry.size_bytes)
        return b"".join(self._chunks(entry, offset_bytes, end))

    def _chunks(self, entry: FileEntry, offset: int, end: int) -> Iterator[bytes]:
        try:
            source = self._source(entry)
            while offset < end:
                wanted = min(CHUNK_BYTES, end - offset)
                chunk = source.read_buffer_at_offset(wanted, offset)
                if not chunk:
                    raise ContentError(FailReason.SHORT_READ, f"content ends at byte {offset}")
                offset += len(chunk)
                yield chunk
        except OSError as error:
            raise ContentError(FailReason.READ_ERROR, f"at byte {offset}: {error}") from error

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges known so far that the content lies on."""
        damage = self._container.damage()
        if not damage:
            return ()
        try:
            source = self._source(entry)
            extents = tuple(source.get_extent(at) for at in range(source.number_of_extents))
        except OSError:
            return ()
        base = self.volume.offset_bytes
        return overlapping(damage, tuple((base + start, size) for start, size, _ in extents))

    def _source(self, entry: FileEntry) -> Attributed:
        file = self._opened.get_file_entry_by_identifier(entry.ref.address)
        if not entry.ref.stream:
            return file
        for index in range(file.number_of_extended_attributes):
            attribute = file.get_extended_attribute(index)
            if attribute.name.encode("utf-8", "surrogateescape") == entry.ref.stream:
                return attribute
        raise ContentError(FailReason.READ_ERROR, "the file has no such attribute")

    def _problem(self, folder: DirectoryRef, detail: str) -> Problem:
        return Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._container.info.key,
            volume=self.volume.key,
            path=folder.path,
            detail=printable(detail),
        )


def open_volume(container: Container, volume: VolumeInfo) -> ApfsFileSystem:
    """Open one volume of the pool; the last part of its key is its number in the pool.

    Raises:
        VolumeError: it does not open.
    """
    pool = pyfsapfs.container()
    number = int(volume.key.rpartition(".")[2])
    try:
        pool.open_file_object(Window(container, volume.offset_bytes, volume.length_bytes))
        return ApfsFileSystem(container, volume, pool, number - 1)
    except OSError as error:
        raise VolumeError(f"volume {volume.key}: {error}") from error


def _opened(pool: pyfsapfs.container, index: int, info: VolumeInfo) -> pyfsapfs.volume:
    volume = pool.get_volume(index)
    if not volume.is_locked():
        return volume
    opened = unlocked(pool, index)
    if opened is None:
        raise VolumeError(f"volume {info.key}: {_LOCKED}")
    return opened[0]
