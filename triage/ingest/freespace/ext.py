"""Tells the blocks that no file of an ext2, ext3 or ext4 volume holds (kernel documentation)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from triage.ingest.freespace.bits import Flags, runs_of
from triage.ingest.freespace.space import FreeSpace, Reading

_META_BG, _64BIT = 0x10, 0x80
_CHECKED = 0x10 | 0x400
"""Read-only features under which groups say that their bitmap was never written."""

_UNWRITTEN = 0x2
_MOST_GROUPS = 1 << 21


def free_of_ext(read: Reading, start: int, length: int) -> FreeSpace | None:
    """Give the blocks that the bitmaps of the groups do not mark.

    A group whose bitmap was never written holds no file; what it holds of the file system's own
    tables is given with the rest of it.
    """
    superblock = read(start + 1024, 1024)
    if len(superblock) < 1024 or superblock[56:58] != b"\x53\xef":
        return None
    low, first_block, log = (struct.unpack_from("<I", superblock, at)[0] for at in (4, 20, 24))
    (per_group,) = struct.unpack_from("<I", superblock, 32)
    incompatible, checked = struct.unpack_from("<II", superblock, 96)
    block = 1024 << (log & 15)
    wide = bool(incompatible & _64BIT)
    (high,) = struct.unpack_from("<I", superblock, 336) if wide else (0,)
    blocks = low | high << 32
    groups = -(-(blocks - first_block) // per_group) if per_group else 0
    if not 0 < groups <= _MOST_GROUPS or incompatible & _META_BG or per_group % 8:
        return None
    (size,) = struct.unpack_from("<H", superblock, 254) if wide else (32,)
    table = read(start + (first_block + 1) * block, groups * max(size, 32))

    def flags() -> Iterator[Flags]:
        for number in range(groups):
            count = min(per_group, blocks - first_block - number * per_group)
            at = number * max(size, 32)
            place, unwritten = _bitmap(table, at, wide=size >= 64)
            if unwritten and checked & _CHECKED:
                yield np.ones(count, np.bool_)
                continue
            raw = read(start + place * block, -(-count // 8)).ljust(-(-count // 8), b"\xff")
            yield np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[:count] == 0

    heap = start + first_block * block
    return FreeSpace.of(
        ((heap + first * block, count * block) for first, count in runs_of(flags())),
        end=min(start + length, start + blocks * block),
        heap=start,
        block_bytes=block,
    )


def _bitmap(table: bytes, at: int, *, wide: bool) -> tuple[int, bool]:
    """Give the block of a group's bitmap, and whether it was never written."""
    (place,) = struct.unpack_from("<I", table, at)
    (marks,) = struct.unpack_from("<H", table, at + 18)
    if wide:
        place |= struct.unpack_from("<I", table, at + 32)[0] << 32
    return place, bool(marks & _UNWRITTEN)
