"""Gives the data streams of a file that The Sleuth Kit has opened, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytsk3

NTFS_DATA = 128
NTFS_REPARSE = 192
_HFS_DATA, _HFS_RSRC, _HFS_XATTR = 0x1100, 0x1101, 0x1102
_DEFAULT = 1
_RUN_FILLER, _RUN_SPARSE = 1, 2
_RESIDENT, _ENCRYPTED, _COMPRESSED, _SPARSE = 0x04, 0x10, 0x20, 0x40
_ODD = _RESIDENT | _ENCRYPTED | _COMPRESSED | _SPARSE

WOF_STREAM = b"WofCompressedData"
"""Stream in which Windows keeps the packed bytes of a file whose own data then reads as zeros."""

HFS_COMPRESSION = b"com.apple.decmpfs"
"""Extended attribute that says how the data fork is packed; it is no content of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of one file.

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
    for attribute in file:
        info = attribute.info
        kind = int(info.type)
        name = _name(filesystem, kind, info.name or b"")
        if name is None:
            continue
        runs, holes, plain = _runs(attribute, base_bytes, block_bytes)
        flags = int(info.flags)
        yield Stream(
            name=name,
            kind=kind,
            number=int(info.id),
            size_bytes=int(info.size),
            runs=runs,
            resident=bool(flags & _RESIDENT),
            encrypted=bool(flags & _ENCRYPTED),
            compressed=bool(flags & _COMPRESSED),
            sparse=holes or bool(flags & _SPARSE),
            plain=0 if flags & _ODD else plain,
        )


def _name(filesystem: str, kind: int, name: bytes) -> bytes | None:
    """Give the name of a stream, ``None`` for an attribute that holds no content."""
    if filesystem == "ntfs":
        return name if kind == NTFS_DATA else None
    if kind in (_DEFAULT, _HFS_DATA):
        return b""
    if kind == _HFS_RSRC:
        return b"rsrc"
    if kind == _HFS_XATTR and name != HFS_COMPRESSION:
        return name or b"xattr"
    return None


def _runs(
    attribute: pytsk3.Attribute, base_bytes: int, block_bytes: int
) -> tuple[tuple[tuple[int, int], ...], bool, int]:
    """Give the runs, whether there are holes, and how many runs come before any gap."""
    runs = []
    holes, gapless, plain, due = False, True, 0, 0
    for run in attribute:
        length = int(run.len)
        gapless = gapless and not run.flags and run.offset == due
        plain += gapless
        due += length
        if int(run.flags) & (_RUN_SPARSE | _RUN_FILLER):
            holes = True
            continue
        runs.append((base_bytes + int(run.addr) * block_bytes, length * block_bytes))
    return tuple(runs), holes, plain
