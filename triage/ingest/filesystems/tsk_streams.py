"""Gives the data streams of a file that The Sleuth Kit has opened, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytsk3

NTFS_DATA = 128
NTFS_REPARSE = 192
_HFS_RSRC, _HFS_XATTR = 0x1101, 0x1102
DEFAULT_KINDS = frozenset({1, 0x1100})
"""Kinds of what a file holds, of most file systems and of HFS+."""

_RUN_FILLER, _RUN_SPARSE = 1, 2
RESIDENT, _ENCRYPTED, _COMPRESSED, _SPARSE = 0x04, 0x10, 0x20, 0x40
PACKED = _ENCRYPTED | _COMPRESSED | _SPARSE

WOF_STREAM = b"WofCompressedData"
"""Stream in which Windows keeps the packed bytes of a file whose own data then reads as zeros."""

HFS_COMPRESSION = b"com.apple.decmpfs"
"""Extended attribute that says how the data fork is packed; it is no content of its own."""


class Stream(NamedTuple):
    """One stream of one file; a tuple, as one is made for every entry.

    Attributes:
        name: ``b""`` for the default one.
        kind, number: type and id by which it is read.
        runs: ``(offset_bytes, length_bytes)`` on the medium, without holes, in order of content.
        plain: how many of the runs hold the content as it is, from its first byte on and gapless.
            The Sleuth Kit may end a list with a hole behind the content (ext2, UFS).
    """

    name: bytes
    kind: int
    number: int
    size_bytes: int
    runs: tuple[tuple[int, int], ...]
    resident: bool
    encrypted: bool
    compressed: bool
    sparse: bool
    plain: int


def streams(
    file: pytsk3.File, filesystem: str, base_bytes: int, block_bytes: int
) -> Iterator[Stream]:
    """Give the streams that hold content, in the order of the record.

    Args:
        filesystem: as in :class:`triage.model.volume.VolumeInfo`.
        base_bytes: start of the volume on the medium.
        block_bytes: unit of the run addresses.

    Raises:
        OSError: the attributes cannot be loaded.
    """
    ntfs = filesystem == "ntfs"
    for attribute in file:
        info = attribute.info
        kind = info.type
        if ntfs:
            if kind != NTFS_DATA:
                continue
            name = info.name or b""
        elif kind in DEFAULT_KINDS:
            name = b""
        else:
            named = _name(kind, info.name or b"")
            if not named:
                continue
            name = named
        runs, holes, plain = runs_of(attribute, base_bytes, block_bytes)
        flags = info.flags
        yield Stream(
            name,
            kind,
            info.id,
            info.size,
            runs,
            flags & RESIDENT > 0,
            flags & _ENCRYPTED > 0,
            flags & _COMPRESSED > 0,
            holes or flags & _SPARSE > 0,
            0 if flags & (RESIDENT | PACKED) else plain,
        )


def _name(kind: int, name: bytes) -> bytes:
    """Give the name of a stream of HFS+, none for an attribute that holds no content."""
    if kind == _HFS_RSRC:
        return b"rsrc"
    return name or b"xattr" if kind == _HFS_XATTR and name != HFS_COMPRESSION else b""


def runs_of(
    attribute: pytsk3.Attribute, base_bytes: int, block_bytes: int
) -> tuple[tuple[tuple[int, int], ...], bool, int]:
    """Give the runs, whether there are holes, and how many runs come before any gap."""
    runs: list[tuple[int, int]] = []
    holes, plain, due = False, 0, 0
    for run in attribute:
        flags, length = run.flags, run.len
        if plain == len(runs) and not flags and run.offset == due:
            plain += 1
            due += length
        if flags & (_RUN_SPARSE | _RUN_FILLER):
            holes = True
            continue
        runs.append((base_bytes + run.addr * block_bytes, length * block_bytes))
    return tuple(runs), holes, plain
