"""Tells the stretches of a medium that no file holds."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

from triage.ingest.container import Container
from triage.ingest.freespace import bitmapfile, ext, fat
from triage.ingest.freespace.space import FreeSpace
from triage.model.carving import FreeStretches
from triage.model.extents import Extents
from triage.model.volume import VolumeInfo, VolumeState

_FAT = ("fat12", "fat16", "fat32")
_EXT = ("ext2", "ext3", "ext4")
_CARVED_WHOLE = frozenset({VolumeState.UNSUPPORTED, VolumeState.DAMAGED})
"""A blank volume was read as zeros from end to end."""

Teller = Callable[[Container, VolumeInfo, int, int], FreeSpace | None]

TELLERS: dict[str, Teller] = {
    **dict.fromkeys(_FAT, lambda c, _v, start, length: fat.free_of_fat(c.read_at, start, length)),
    **dict.fromkeys(_EXT, lambda c, _v, start, length: ext.free_of_ext(c.read_at, start, length)),
    "exfat": lambda c, _v, start, length: fat.free_of_exfat(c.read_at, start, length),
    **dict.fromkeys(
        ("ntfs", "hfs+"),
        lambda c, volume, start, length: bitmapfile.free_of_bitmap(
            c, volume.filesystem, start, start + length
        ),
    ),
}
"""By the name of the file system; of others what no listed file holds is taken."""


def free_stretches(container: Container, volume: VolumeInfo) -> FreeStretches:
    """Give what no file of a volume holds, and what lies behind its file system.

    Args:
        container: what the volume lies in.
        volume: by its place there.
    """
    start = volume.offset_bytes
    length = max(0, min(volume.length_bytes, container.info.size_bytes - start))
    whole = ((start, length),) if length else ()
    if volume.state in _CARVED_WHOLE:
        return FreeStretches(stretches=whole)
    if volume.state is not VolumeState.OPENED:
        return FreeStretches(stretches=())
    try:
        teller = TELLERS.get(volume.filesystem)
        space = teller(container, volume, start, length) if teller else None
    except (struct.error, IndexError, ValueError):
        space = None
    if space is None:
        return FreeStretches(
            stretches=whole, by_files=True, heap_bytes=start, block_bytes=volume.block_size_bytes
        )
    behind = start + length - space.end_bytes
    tail = ((space.end_bytes, behind),) if behind > 0 else ()
    return FreeStretches(
        stretches=joined((*space.stretches, *tail)),
        heap_bytes=space.heap_bytes,
        block_bytes=space.block_bytes,
    )


def between(size_bytes: int, volumes: Iterable[VolumeInfo]) -> Extents:
    """Give what of a medium no volume covers."""
    found: list[tuple[int, int]] = []
    at = 0
    for start, length in sorted((one.offset_bytes, one.length_bytes) for one in volumes):
        if start > at:
            found.append((at, min(start, size_bytes) - at))
        at = max(at, start + length)
    if at < size_bytes:
        found.append((at, size_bytes - at))
    return tuple(one for one in found if one[1] > 0)


def joined(stretches: Iterable[tuple[int, int]]) -> Extents:
    """Join stretches that touch; they come in order."""
    found: list[tuple[int, int]] = []
    for start, length in stretches:
        if found and sum(found[-1]) == start:
            found[-1] = found[-1][0], found[-1][1] + length
        else:
            found.append((start, length))
    return tuple(found)
