"""Reads the names in XFS folders, as bytes, from the short form and from blocks."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_content import content
from triage.ingest.filesystems.xfs_inodes import Form, Inode, Run
from triage.ingest.filesystems.xfs_layout import Layout
from triage.ingest.reading import ContentError

NAMES_END_BYTES = 32 * 1024**3
"""What lies behind this in a folder's content are indexes, not names."""

_HEADS = {b"XD2B": 16, b"XD2D": 16, b"XDB3": 64, b"XDD3": 64}
_WITH_TAIL = (b"XD2B", b"XDB3")
_FREE = 0xFFFF
_SELF_AND_PARENT = (b".", b"..")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in a folder.

    Attributes:
        type: as the folder tells it (1 file, 2 folder, 3 and 4 devices, 5 pipe, 6 socket, 7 link);
            0 where it does not.
    """

    raw: bytes
    inode: int
    type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A part of a folder that does not read, in words."""

    detail: str


def names_of(
    container: Container, layout: Layout, folder: Inode, runs: tuple[Run, ...]
) -> Iterator[Name | Unread]:
    """Give the names of a folder in the order of the disk, and what of it does not read.

    Source: *XFS Algorithms & Data Structures*, 3rd edition, chapter "Directories".

    Args:
        runs: of the folder; none where it is kept in the inode.
    """
    if folder.form == Form.LOCAL:
        yield from _short(folder.fork[: folder.size_bytes], typed=layout.typed_names)
        return
    blocks = _blocks(runs, layout)
    for number in blocks:
        start = number * layout.folder_bytes
        end = start + layout.folder_bytes
        try:
            raw = b"".join(content(container, runs, layout.block_bytes, start, end))
        except ContentError as error:
            yield Unread(detail=f"block {number} of the folder: {error.detail}")
            continue
        yield from _long(raw, number, typed=layout.typed_names)


def _blocks(runs: tuple[Run, ...], layout: Layout) -> Iterator[int]:
    each, last = layout.folder_bytes // layout.block_bytes, -1
    end = NAMES_END_BYTES // layout.block_bytes
    for run in runs:
        stop = min(run.start + run.count, end)
        for number in range(run.start // each, -(-stop // each)):
            if number > last:
                last = number
                yield number


def _short(raw: bytes, *, typed: bool) -> Iterator[Name | Unread]:
    if len(raw) < 6:
        yield Unread(detail="the folder is shorter than any folder")
        return
    count, wide = raw[0], 8 if raw[1] else 4
    at = 2 + wide
    for index in range(count):
        start = at + 3
        behind = start + (raw[at] if at < len(raw) else 0)
        at = behind + typed + wide
        if behind == start or at > len(raw):
            yield Unread(detail=f"name {index} of {count} does not read")
            return
        number = int.from_bytes(raw[behind + typed : at], "big")
        yield Name(raw=raw[start:behind], inode=number, type=raw[behind] if typed else 0)


def _long(raw: bytes, number: int, *, typed: bool) -> Iterator[Name | Unread]:
    at = _HEADS.get(raw[:4], 0)
    if not at:
        yield Unread(detail=f"block {number} of the folder holds no names that read")
        return
    end = len(raw)
    if raw[:4] in _WITH_TAIL:
        (count,) = struct.unpack_from(">I", raw, end - 8)
        end -= 8 + count * 8
    while at < end:
        tag, length = struct.unpack_from(">HH", raw, at) if at + 4 <= end else (0, 0)
        if tag != _FREE:
            length = -(-(11 + typed + raw[min(at + 8, len(raw) - 1)]) // 8) * 8
        if not length or length % 8 or at + length > end:
            yield Unread(detail=f"block {number} of the folder breaks off at byte {at}")
            return
        if tag != _FREE:
            behind = at + 9 + raw[at + 8]
            name = raw[at + 9 : behind]
            if name not in _SELF_AND_PARENT:
                inode = int.from_bytes(raw[at : at + 8], "big")
                yield Name(raw=name, inode=inode, type=raw[behind] if typed else 0)
        at += length
