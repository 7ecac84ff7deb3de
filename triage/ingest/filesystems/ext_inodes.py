"""Tells which inodes of an ext4 volume are encrypted, which The Sleuth Kit does not say."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.container import Container
from triage.model.volume import VolumeInfo

_SUPERBLOCK_BYTES = 1024
_MAGIC = 0xEF53
_INCOMPAT_META_BG, _INCOMPAT_64BIT, _INCOMPAT_ENCRYPT = 0x10, 0x80, 0x10000
_INODE_ENCRYPTED = 0x800
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Places in an ext4 superblock, from the kernel's documentation of the disk layout."""

    block_bytes: int
    inodes_per_group: int
    inodes: int
    inode_bytes: int
    descriptor_bytes: int
    descriptors_offset: int
    meta_group: int


class EncryptedInodes:
    """Membership test of inode numbers; always false where the feature is off."""

    def __init__(self, container: Container, base_bytes: int, layout: _Layout | None) -> None:
        self._container = container
        self._base = base_bytes
        self._layout = layout
        self._tables: dict[int, int] = {}
        self._block = (-1, b"")

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo) -> EncryptedInodes:
        """Look at the superblock once."""
        if not volume.filesystem.startswith("ext"):
            return cls(container, 0, None)
        raw = container.read_at(volume.offset_bytes + 1024, _SUPERBLOCK_BYTES)
        return cls(container, volume.offset_bytes, _layout(raw))

    def __contains__(self, inode: object) -> bool:
        layout = self._layout
        if layout is None or not isinstance(inode, int) or not 0 < inode <= layout.inodes:
            return False
        group, index = divmod(inode - 1, layout.inodes_per_group)
        if group not in self._tables:
            self._tables[group] = self._table(layout, group)
        table = self._tables[group]
        raw = self._read(table * layout.block_bytes + index * layout.inode_bytes + 32, 4)
        return bool(struct.unpack("<I", raw)[0] & _INODE_ENCRYPTED)

    def _table(self, layout: _Layout, group: int) -> int:
        """Give the first block of a group's inode table."""
        raw = self._read(self._descriptor(layout, group), layout.descriptor_bytes)
        low: int = struct.unpack_from("<I", raw, 8)[0]
        if layout.descriptor_bytes < 64:
            return low
        high: int = struct.unpack_from("<I", raw, 0x28)[0]
        return low | high << 32

    def _descriptor(self, layout: _Layout, group: int) -> int:
        """Give the place of a group's descriptor; under meta_bg it stands in its own meta group."""
        per_block = layout.block_bytes // layout.descriptor_bytes
        block, index = divmod(group, per_block)
        if block < layout.meta_group:
            return layout.descriptors_offset + group * layout.descriptor_bytes
        return self._meta_group(layout, block * per_block) + index * layout.descriptor_bytes

    def _meta_group(self, layout: _Layout, group: int) -> int:
        blocks_per_group = layout.block_bytes * 8
        first = layout.descriptors_offset // layout.block_bytes - 1
        start = first + group * blocks_per_group
        return (start + (1 if _has_superblock(group) else 0)) * layout.block_bytes

    def _read(self, offset: int, length: int) -> bytes:
        """Give bytes of the volume through one remembered piece: inodes are asked for in order."""
        start = offset // _PIECE_BYTES * _PIECE_BYTES
        if offset + length > start + _PIECE_BYTES:
            return self._container.read_at(self._base + offset, length).ljust(length, b"\0")
        if self._block[0] != start:
            piece = self._container.read_at(self._base + start, _PIECE_BYTES)
            self._block = (start, piece)
        return self._block[1][offset - start : offset - start + length].ljust(length, b"\0")


def _layout(raw: bytes) -> _Layout | None:
    raw = raw.ljust(_SUPERBLOCK_BYTES, b"\0")
    magic, incompat = struct.unpack_from("<H", raw, 0x38)[0], struct.unpack_from("<I", raw, 0x60)[0]
    shift = struct.unpack_from("<I", raw, 0x18)[0]
    per_group = struct.unpack_from("<I", raw, 0x28)[0]
    if magic != _MAGIC or not incompat & _INCOMPAT_ENCRYPT or shift > 6 or not per_group:
        return None
    block_bytes = 1024 << shift
    size = struct.unpack_from("<H", raw, 0xFE)[0] if incompat & _INCOMPAT_64BIT else 32
    return _Layout(
        block_bytes=block_bytes,
        inodes_per_group=per_group,
        inodes=struct.unpack_from("<I", raw, 0)[0],
        inode_bytes=struct.unpack_from("<H", raw, 0x58)[0] or 128,
        descriptor_bytes=max(32, size),
        descriptors_offset=(struct.unpack_from("<I", raw, 0x14)[0] + 1) * block_bytes,
        meta_group=struct.unpack_from("<I", raw, 0x104)[0]
        if incompat & _INCOMPAT_META_BG
        else 1 << 62,
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
