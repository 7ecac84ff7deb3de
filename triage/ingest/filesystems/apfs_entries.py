"""Turns names of an APFS volume into entries of the model."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import Protocol

import pyfsapfs

from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry, Times
from triage.model.outcome import SkipReason
from triage.model.volume import VolumeInfo

ROOT_IDENTIFIER = 2
"""Inode number of every root folder, from Apple's File System Reference."""

_NO_CONTENT = frozenset({"com.apple.decmpfs", "com.apple.fs.symlink"})
"""Attributes that say how a file is packed or where a link points: no content of their own."""

_SPARSE_EXTENT = 1


class Attributed(Protocol):
    """What a file and an extended attribute have in common."""

    @property
    def number_of_extents(self) -> int:
        """How many stretches the content lies in."""

    def get_extent(self, index: int) -> tuple[int, int, int]:
        """Give start, length and flags of one stretch, in bytes of the container."""

    def read_buffer_at_offset(self, size: int, offset: int) -> bytes:
        """Give a part of the content."""


def is_folder(file: pyfsapfs.file_entry) -> bool:
    """Tell a folder by its mode."""
    return stat.S_ISDIR(file.file_mode)


def folder_of(file: pyfsapfs.file_entry, parent: DirectoryRef) -> DirectoryRef:
    """Give the reference by which a folder is listed next."""
    return DirectoryRef(
        volume=parent.volume,
        path=_path(file, parent),
        address=file.identifier,
        depth=parent.depth + 1,
    )


def entries_of(
    file: pyfsapfs.file_entry, parent: DirectoryRef, evidence: str, volume: VolumeInfo
) -> Iterator[FileEntry]:
    """Give the entry of a name, then one for each extended attribute (resource fork, …).

    Raises:
        OSError: the record cannot be read.
    """
    times = _times(file)
    kind = _kind(file.file_mode)
    folder = kind is EntryKind.DIRECTORY
    size = 0 if folder else file.size
    reason, detail = _reason(file, kind, size)
    yield FileEntry(
        ref=_ref(file, parent, evidence, b""),
        kind=kind,
        allocation=Allocation.LIVE,
        size_bytes=size,
        times=times,
        first_block_offset_bytes=None if folder else _first(file, volume),
        no_content=reason,
        detail=detail,
    )
    for index in range(file.number_of_extended_attributes):
        attribute = file.get_extended_attribute(index)
        if attribute.name in _NO_CONTENT:
            continue
        name = attribute.name.encode("utf-8", "surrogateescape")
        yield FileEntry(
            ref=_ref(file, parent, evidence, name),
            kind=EntryKind.FILE,
            allocation=Allocation.LIVE,
            size_bytes=attribute.size,
            times=times,
            first_block_offset_bytes=_first(attribute, volume),
            no_content="" if attribute.size else SkipReason.EMPTY.value,
        )


def _reason(file: pyfsapfs.file_entry, kind: EntryKind, size: int) -> tuple[str, str]:
    if kind is EntryKind.DIRECTORY:
        return SkipReason.DIRECTORY.value, ""
    if kind is EntryKind.SYMLINK:
        return SkipReason.NOT_A_FILE.value, f"link to {printable(file.symbolic_link_target or '')}"
    if kind is EntryKind.SPECIAL:
        return SkipReason.NOT_A_FILE.value, ""
    return ("", "") if size else (SkipReason.EMPTY.value, "")


def _kind(mode: int) -> EntryKind:
    if stat.S_ISDIR(mode):
        return EntryKind.DIRECTORY
    if stat.S_ISLNK(mode):
        return EntryKind.SYMLINK
    return EntryKind.FILE if stat.S_ISREG(mode) else EntryKind.SPECIAL


def _path(file: pyfsapfs.file_entry, parent: DirectoryRef) -> bytes:
    name = (file.name or "").encode("utf-8", "surrogateescape")
    return (parent.path if parent.path.endswith(b"/") else parent.path + b"/") + name


def _ref(file: pyfsapfs.file_entry, parent: DirectoryRef, evidence: str, stream: bytes) -> EntryRef:
    return EntryRef(
        evidence=evidence,
        volume=parent.volume,
        path=_path(file, parent),
        stream=stream,
        parent_address=parent.address,
        address=file.identifier,
    )


def _first(source: Attributed, volume: VolumeInfo) -> int | None:
    for index in range(source.number_of_extents):
        start, _, flags = source.get_extent(index)
        if not flags & _SPARSE_EXTENT:
            return volume.offset_bytes + start
    return None


def _times(file: pyfsapfs.file_entry) -> Times:
    return Times(
        modified_ns=file.get_modification_time_as_integer() or None,
        accessed_ns=file.get_access_time_as_integer() or None,
        changed_ns=file.get_inode_change_time_as_integer() or None,
        created_ns=file.get_creation_time_as_integer() or None,
    )
