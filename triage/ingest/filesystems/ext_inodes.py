"""Finds the inodes of ext volumes, and tells which are encrypted, as The Sleuth Kit does not."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.container import Container
from triage.model.volume import VolumeInfo

_SUPERBLOCK_BYTES = 1024
_MAGIC = 0xEF53
_INCOMPAT_META_BG, _INCOMPAT_64BIT, _INCOMPAT_ENCRYPT = 0x10, 0x80, 0x10000
_RO_COMPAT_CHECKED_GROUPS = 0x10 | 0x400
"""``gdt_csum`` or ``metadata_csum``: only then the flags of a group are kept."""

_GROUP_INODES_UNUSED = 0x1
_INODE_ENCRYPTED = 0x800
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Places in an ext superblock, from the kernel's documentation of the disk layout."""

    block_bytes: int
    inodes_per_group: int
    inodes: int
    inode_bytes: int
    descriptor_bytes: int
    descriptors_offset: int
    meta_group: int
    checked_groups: bool
    encrypts: bool


class InodeTables:
    """Where the inodes of one volume lie; offsets count from the start of the volume."""

    def __init__(self, container: Container, base_bytes: int, layout: Layout) -> None:
        self._container = container
        self._base = base_bytes
        self.layout = layout
        self._tables: dict[int, int] = {}
        self._block = (-1, b"")

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo) -> InodeTables | None:
        """Look at the superblock; ``None`` where it is none, or not one that can be true."""
        if not volume.filesystem.startswith("ext"):
            return None
        raw = container.read_at(volume.offset_bytes + 1024, _SUPERBLOCK_BYTES)
        layout = _layout(raw)
        return None if layout is None else cls(container, volume.offset_bytes, layout)

    def offset(self, inode: int) -> int:
        """Give the place of an inode, counted from 1."""
        group, index = divmod(inode - 1, self.layout.inodes_per_group)
        if group not in self._tables:
            self._tables[group] = self._pointer(group, 8, 0x28)
        return self._tables[group] * self.layout.block_bytes + index * self.layout.inode_bytes

    def bitmap(self, group: int) -> bytes:
        """Give the bits of the inodes of a group, lowest first; zeros where none were written."""
        length = -(-self.layout.inodes_per_group // 8)
        if self.layout.checked_groups and self._uninitialised(group):
            return bytes(length)
        return self.read(self._pointer(group, 4, 0x24) * self.layout.block_bytes, length)

    def read(self, offset: int, length: int) -> bytes:
        """Give bytes of the volume through one remembered piece: inodes are asked for in order."""
        start = offset // _PIECE_BYTES * _PIECE_BYTES
        if offset + length > start + _PIECE_BYTES:
            return self._container.read_at(self._base + offset, length).ljust(length, b"\0")
        if self._block[0] != start:
            piece = self._container.read_at(self._base + start, _PIECE_BYTES)
            self._block = (start, piece)
        return self._block[1][offset - start : offset - start + length].ljust(length, b"\0")

    def _uninitialised(self, group: int) -> bool:
        raw = self.read(self._descriptor(group) + 0x12, 2)
        return bool(struct.unpack("<H", raw)[0] & _GROUP_INODES_UNUSED)

    def _pointer(self, group: int, low_at: int, high_at: int) -> int:
        """Give a block number of a group's descriptor, whose upper half may stand apart."""
        raw = self.read(self._descriptor(group), self.layout.descriptor_bytes)
        low: int = struct.unpack_from("<I", raw, low_at)[0]
        if self.layout.descriptor_bytes < 64:
            return low
        high: int = struct.unpack_from("<I", raw, high_at)[0]
        return low | high << 32

    def _descriptor(self, group: int) -> int:
        """Give the place of a group's descriptor; under meta_bg it stands in its own meta group."""
        layout = self.layout
        per_block = layout.block_bytes // layout.descriptor_bytes
        block, index = divmod(group, per_block)
        if block < layout.meta_group:
            return layout.descriptors_offset + group * layout.descriptor_bytes
        return self._meta_group(block * per_block) + index * layout.descriptor_bytes

    def _meta_group(self, group: int) -> int:
        layout = self.layout
        blocks_per_group = layout.block_bytes * 8
        first = layout.descriptors_offset // layout.block_bytes - 1
        start = first + group * blocks_per_group
        return (start + (1 if _has_superblock(group) else 0)) * layout.block_bytes


class EncryptedInodes:
    """Membership test of inode numbers; always false where the feature is off."""

    def __init__(self, tables: InodeTables | None) -> None:
        self._tables = tables

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo) -> EncryptedInodes:
        """Look at the superblock once."""
        tables = InodeTables.of(container, volume)
        return cls(tables if tables is not None and tables.layout.encrypts else None)

    def __bool__(self) -> bool:
        """Tell whether there can be any."""
        return self._tables is not None

    def __contains__(self, inode: object) -> bool:
        tables = self._tables
        if tables is None or not isinstance(inode, int) or not 0 < inode <= tables.layout.inodes:
            return False
        raw = tables.read(tables.offset(inode) + 32, 4)
        return bool(struct.unpack("<I", raw)[0] & _INODE_ENCRYPTED)


def _layout(raw: bytes) -> Layout | None:
    raw = raw.ljust(_SUPERBLOCK_BYTES, b"\0")
    magic, incompat = struct.unpack_from("<H", raw, 0x38)[0], struct.unpack_from("<I", raw, 0x60)[0]
    shift = struct.unpack_from("<I", raw, 0x18)[0]
    per_group = struct.unpack_from("<I", raw, 0x28)[0]
    if magic != _MAGIC or shift > 6 or not 0 < per_group <= 8 * (1024 << shift):
        return None
    block_bytes = 1024 << shift
    size = struct.unpack_from("<H", raw, 0xFE)[0] if incompat & _INCOMPAT_64BIT else 32
    revision = struct.unpack_from("<I", raw, 0x4C)[0]
    inode_bytes = struct.unpack_from("<H", raw, 0x58)[0] if revision else 128
    if not 128 <= (inode_bytes or 128) <= block_bytes or not size <= block_bytes:
        return None
    return Layout(
        block_bytes=block_bytes,
        inodes_per_group=per_group,
        inodes=struct.unpack_from("<I", raw, 0)[0],
        inode_bytes=inode_bytes or 128,
        descriptor_bytes=max(32, size),
        descriptors_offset=(struct.unpack_from("<I", raw, 0x14)[0] + 1) * block_bytes,
        meta_group=struct.unpack_from("<I", raw, 0x104)[0]
        if incompat & _INCOMPAT_META_BG
        else 1 << 62,
        checked_groups=bool(struct.unpack_from("<I", raw, 0x64)[0] & _RO_COMPAT_CHECKED_GROUPS),
        encrypts=bool(incompat & _INCOMPAT_ENCRYPT),
    )


def _has_superblock(group: int) -> bool:
    """Tell whether a group starts with a copy of the superblock: 0, 1 and powers of 3, 5, 7."""
    if group <= 1:
        return True
    for prime in (3, 5, 7):
        power = prime
        while power < group:
            power *= prime
        if power == group:
            return True
    return False
