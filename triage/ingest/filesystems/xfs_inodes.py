"""Reads XFS inodes, and from them the map of where a content lies."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_layout import Layout

RUN_LIMIT = 1 << 20
"""A content in more pieces than this is not read: their map would not fit in memory."""

_MAGIC = b"IN"
_INODE = struct.Struct(">2xHBB18x8xQQQQQ4xI2xBx6xHI4x")
_OLD_BYTES, _NEW_BYTES = 100, 176
_EXTENT_BYTES = 16
_LEVELS = 8
_TREE_HEADS = {b"BMAP": 24, b"BMA3": 72}
_REALTIME = 1
_WIDE_TIMES, _WIDE_COUNTS = 8, 16
_SECOND = 1_000_000_000
_WIDE_EPOCH_NS = (1 << 31) * _SECOND


class InodeError(Exception):
    """An inode, or its map of blocks, that does not read, in words."""


class Form(IntEnum):
    """In what form an inode holds its content."""

    DEVICE = 0
    LOCAL = 1
    EXTENTS = 2
    TREE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a content that lies in one piece.

    Attributes:
        start: number of its first block within the content.
        place_bytes: where it lies on the medium.
        written: whether it was ever written; if not, it reads as zeros.
    """

    start: int
    count: int
    place_bytes: int
    written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Inode:
    """One inode: what it is, and what it says of its content.

    Attributes:
        times: modified, accessed, changed, created in nanoseconds, ``None`` where not recorded.
        fork: bytes of the inode in which the content, or its map, lies.
        pieces: how many extents the inode counts.
        realtime: whether the content lies on another device.
    """

    number: int
    mode: int
    form: int
    size_bytes: int
    times: tuple[int | None, int | None, int | None, int | None]
    generation: int
    pieces: int
    fork: bytes
    realtime: bool


def read_inode(container: Container, layout: Layout, number: int) -> Inode:
    """Read an inode by its number.

    Source: *XFS Algorithms & Data Structures*, 3rd edition, "On-disk Inode".

    Raises:
        InodeError: there is no such inode, it is free, or it does not read.
    """
    place = layout.place_of_inode(number)
    if place is None:
        raise InodeError(f"there is no inode {number}")
    raw = container.read_at(place, layout.inode_bytes)
    if len(raw) < layout.inode_bytes or not raw.startswith(_MAGIC):
        raise InodeError(f"inode {number} does not read")
    mode, version, form, accessed, modified, changed, size, _, count, fork, flags, generation = (
        _INODE.unpack_from(raw)
    )
    new = version == 3
    if new and int.from_bytes(raw[152:160], "big") != number:
        raise InodeError(f"inode {number} says that it is another one")
    if not mode:
        raise InodeError(f"inode {number} is free")
    if size >> 63:
        raise InodeError(f"inode {number} claims an impossible size")
    more = int.from_bytes(raw[120:128], "big") if new else 0
    wide = bool(more & _WIDE_TIMES)
    created = int.from_bytes(raw[144:152], "big") if new else None
    if more & _WIDE_COUNTS:
        count = int.from_bytes(raw[24:32], "big")
    start = _NEW_BYTES if new else _OLD_BYTES
    end = min(start + fork * 8, len(raw)) if fork else len(raw)
    return Inode(
        number=number,
        mode=mode,
        form=form,
        size_bytes=size,
        times=(
            _moment(modified, wide=wide),
            _moment(accessed, wide=wide),
            _moment(changed, wide=wide),
            None if created is None else _moment(created, wide=wide),
        ),
        generation=generation,
        pieces=count,
        fork=raw[start:end],
        realtime=bool(flags & _REALTIME),
    )


def _moment(raw: int, *, wide: bool) -> int | None:
    """Read a time: seconds and nanoseconds, or all nanoseconds since 1901; 0 is not recorded."""
    if wide:
        return raw - _WIDE_EPOCH_NS or None
    seconds = (raw >> 32) - ((raw >> 63) << 32)
    return seconds * _SECOND + (raw & 0xFFFFFFFF) or None


def runs_of(container: Container, layout: Layout, inode: Inode) -> tuple[Run, ...]:
    """Give where the content of an inode lies, in order; what no run covers is a hole.

    Raises:
        InodeError: the map does not read, contradicts itself or has too many pieces.
    """
    found: list[Run] = []
    end = 0
    for raw in _records(container, layout, inode):
        run = _run(layout, raw)
        if run.start < end:
            raise InodeError(f"map of inode {inode.number} is out of order")
        end = run.start + run.count
        if len(found) == RUN_LIMIT:
            raise InodeError(f"in more than {RUN_LIMIT} pieces")
        found.append(run)
    if len(found) != inode.pieces:
        raise InodeError(f"map of inode {inode.number} has {len(found)} of {inode.pieces} pieces")
    return tuple(found)


def _run(layout: Layout, raw: bytes) -> Run:
    """Read an extent: 1 bit unwritten, 54 bits start, 52 bits block, 21 bits count."""
    bits = int.from_bytes(raw, "big")
    count = bits & (1 << 21) - 1
    block = bits >> 21 & (1 << 52) - 1
    place = layout.place_of_block(block, count)
    if place is None:
        raise InodeError(f"its map points at blocks that the volume does not have ({block})")
    return Run(
        start=bits >> 73 & (1 << 54) - 1, count=count, place_bytes=place, written=not bits >> 127
    )


def _records(container: Container, layout: Layout, inode: Inode) -> Iterator[bytes]:
    if inode.realtime:
        raise InodeError("its content lies on a realtime device, which is not part of the volume")
    if inode.form == Form.EXTENTS:
        if inode.pieces * _EXTENT_BYTES > len(inode.fork):
            raise InodeError(f"inode {inode.number} counts more pieces than it has room for")
        yield from _cut(inode.fork, 0, inode.pieces)
    elif inode.form == Form.TREE:
        level, count = struct.unpack_from(">HH", inode.fork)
        room = (len(inode.fork) - 4) // 16
        blocks = _pointers(inode.fork, 4, count, room)
        yield from _Tree(container, layout, inode.number).records(blocks, level - 1)
    else:
        raise InodeError(f"inode {inode.number} has no map of blocks")


class _Tree:
    """The tree of extents of one inode; each block of it is read once."""

    def __init__(self, container: Container, layout: Layout, number: int) -> None:
        self._container = container
        self._layout = layout
        self._number = number
        self._seen: set[int] = set()

    def records(self, blocks: tuple[int, ...], level: int) -> Iterator[bytes]:
        if not 0 <= level <= _LEVELS:
            raise InodeError(f"map of inode {self._number} has no such depth")
        for block in blocks:
            raw, head, count = self._block(block, level)
            if level:
                room = (len(raw) - head) // 16
                yield from self.records(_pointers(raw, head, count, room), level - 1)
            else:
                yield from _cut(raw, head, count)

    def _block(self, number: int, level: int) -> tuple[bytes, int, int]:
        place = self._layout.place_of_block(number)
        if place is None or number in self._seen:
            raise InodeError(f"map of inode {self._number} leads astray (block {number})")
        self._seen.add(number)
        raw = self._container.read_at(place, self._layout.block_bytes)
        head = _TREE_HEADS.get(raw[:4], 0)
        stands, count = struct.unpack_from(">4xHH", raw) if len(raw) > _NEW_BYTES else (0, 0)
        if not head or stands != level or head + count * _EXTENT_BYTES > len(raw):
            raise InodeError(f"map of inode {self._number} does not read (block {number})")
        return raw, head, count


def _pointers(raw: bytes, head: int, count: int, room: int) -> tuple[int, ...]:
    """Give what a node of a tree points at: its keys come first, with room for all there may be."""
    if count > room:
        raise InodeError("a node of the map counts more than it has room for")
    return struct.unpack_from(f">{count}Q", raw, head + room * 8)


def _cut(raw: bytes, head: int, count: int) -> Iterator[bytes]:
    for at in range(head, head + count * _EXTENT_BYTES, _EXTENT_BYTES):
        yield raw[at : at + _EXTENT_BYTES]
