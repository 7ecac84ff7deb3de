"""Reads from an XFS superblock where groups, blocks and inodes lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.container import Container
from triage.model.display import printable

HEAD_BYTES = 264
_MAGIC = b"XFSB"
_NUMBERS = struct.Struct(">4xIQ")
_TREE = struct.Struct(">48xQQ20xII4xIH2xHH12sBxBBB")
_TYPED_NAMES_4, _TYPED_NAMES_5 = 0x200, 0x1
_KNOWN_FEATURES = 0xFF
"""Typed names, scattered inodes, own UUID, wide times, repair, wide counts, swaps, parents."""


class LayoutError(Exception):
    """A superblock that contradicts itself, in words."""


class ForeignLayoutError(LayoutError):
    """A superblock of a version, or with features, that are not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things of one volume lie.

    Attributes:
        blocks: of the whole volume, log and free space included.
        group_blocks: blocks of every allocation group but the last.
        group_bits: of a block's number within its group.
        inode_bits: of an inode's number within its block.
        folder_bytes: of a block of a folder, one or more blocks of the volume.
        journal: number of its first block, 0 where it lies on another device.
        typed_names: whether each name also tells a type.
    """

    base_bytes: int
    block_bytes: int
    blocks: int
    group_blocks: int
    groups: int
    group_bits: int
    inode_bytes: int
    inode_bits: int
    folder_bytes: int
    root: int
    journal: int
    journal_blocks: int
    version: int
    typed_names: bool
    label: str

    @property
    def end_bytes(self) -> int:
        """Where the volume ends on the medium, by its own account."""
        return self.base_bytes + self.blocks * self.block_bytes

    def place_of_block(self, number: int, count: int = 1) -> int | None:
        """Give where blocks lie on the medium, ``None`` where there are no such blocks."""
        group, inside = number >> self.group_bits, number & (1 << self.group_bits) - 1
        first = group * self.group_blocks + inside
        if not count or group >= self.groups or inside + count > self.group_blocks:
            return None
        if first + count > self.blocks:
            return None
        return self.base_bytes + first * self.block_bytes

    def place_of_inode(self, number: int) -> int | None:
        """Give where an inode lies on the medium, ``None`` where there is no such inode."""
        place = self.place_of_block(number >> self.inode_bits)
        if place is None:
            return None
        return place + (number & (1 << self.inode_bits) - 1) * self.inode_bytes


def is_xfs(head: bytes) -> bool:
    """Tell an XFS by the magic of its superblock."""
    return head.startswith(_MAGIC)


def read_layout(container: Container, base_bytes: int) -> Layout:
    """Read the first superblock of a volume.

    Source: *XFS Algorithms & Data Structures*, 3rd edition, chapter on allocation groups.

    Raises:
        LayoutError: it contradicts itself.
        ForeignLayoutError: it is of a version or has features that are not read.
    """
    head = container.read_at(base_bytes, HEAD_BYTES)
    if len(head) < HEAD_BYTES or not is_xfs(head):
        raise LayoutError("no superblock")
    block_bytes, blocks = _NUMBERS.unpack_from(head)
    found = _TREE.unpack_from(head)
    journal, root, group_blocks, groups, journal_blocks, version, inode_bytes, in_block = found[:8]
    label, block_log, inode_log, in_block_log, group_log = found[8:]
    layout = Layout(
        base_bytes=base_bytes,
        block_bytes=block_bytes,
        blocks=blocks,
        group_blocks=group_blocks,
        groups=groups,
        group_bits=group_log,
        inode_bytes=inode_bytes,
        inode_bits=in_block_log,
        folder_bytes=block_bytes << min(head[192], 16),
        root=root,
        journal=journal,
        journal_blocks=journal_blocks,
        version=version & 0xF,
        typed_names=_typed_names(head, version & 0xF),
        label=printable(label.rstrip(b"\0")),
    )
    _check(layout, block_log, inode_log, in_block)
    return layout


def _typed_names(head: bytes, version: int) -> bool:
    (features,) = struct.unpack_from(">I", head, 216 if version == 5 else 200)
    if version == 4:
        return bool(features & _TYPED_NAMES_4)
    if version in {1, 2, 3}:
        raise ForeignLayoutError(f"XFS of version {version}")
    if version != 5:
        raise LayoutError("the superblock contradicts itself")
    if features & ~_KNOWN_FEATURES:
        raise ForeignLayoutError(f"XFS with features that are not known here (0x{features:x})")
    return bool(features & _TYPED_NAMES_5)


def _check(layout: Layout, block_log: int, inode_log: int, in_block: int) -> None:
    """Refuse numbers that do not fit one another: nothing could be found by them."""
    fits = (
        9 <= block_log <= 16
        and layout.block_bytes == 1 << block_log
        and 8 <= inode_log <= min(11, block_log)
        and layout.inode_bytes == 1 << inode_log
        and in_block == layout.block_bytes // layout.inode_bytes == 1 << layout.inode_bits
        and layout.folder_bytes <= 1 << 16
        and layout.group_blocks > 0
        and layout.group_bits == (layout.group_blocks - 1).bit_length()
        and layout.groups == -(-layout.blocks // layout.group_blocks)
    )
    if not fits:
        raise LayoutError("the superblock contradicts itself")
