"""Tells the clusters that no file of a FAT or exFAT volume holds (Microsoft's specifications)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import numpy as np

from triage.ingest.freespace.bits import Flags, free_bits, runs_of
from triage.ingest.freespace.space import FreeSpace, Reading

_PIECE_BYTES = 3 << 20
"""A multiple of 3, so that no entry of 12 bits is cut."""

_BITMAP = 0x81
_MOST_CLUSTER_BYTES = 32 << 20


def free_of_fat(read: Reading, start: int, length: int) -> FreeSpace | None:
    """Give the clusters of a FAT12, FAT16 or FAT32 volume whose entry in the first table is 0."""
    boot = read(start, 90)
    sector, cluster_sectors, reserved, tables, roots, small, fat16 = (
        *struct.unpack_from("<HBHBHH", boot, 11),
        struct.unpack_from("<H", boot, 22)[0],
    )
    large, fat32 = struct.unpack_from("<II", boot, 32)
    cluster, table_sectors = sector * cluster_sectors, fat16 or fat32
    if not cluster or not table_sectors:
        return None
    data = (reserved + tables * table_sectors) * sector + -(-roots * 32 // sector) * sector
    clusters = ((small or large) * sector - data) // cluster
    if clusters <= 0:
        return None
    bits = 12 if clusters < 4085 else 16 if clusters < 65525 else 32
    table = start + reserved * sector
    runs = runs_of(_empty(read, table, clusters + 2, bits))
    heap = start + data
    return FreeSpace.of(
        ((heap + (first - 2) * cluster, count * cluster) for first, count in runs if first >= 2),
        end=min(start + length, heap + clusters * cluster),
        heap=heap,
        block_bytes=cluster,
    )


def _empty(read: Reading, table: int, entries: int, bits: int) -> Iterator[Flags]:
    """Yield whether each entry is 0; the first two stand for nothing, as if they were not."""
    size = -(-entries * bits // 8)
    for at in range(0, size, _PIECE_BYTES):
        raw = read(table + at, min(_PIECE_BYTES, size - at))
        flags = _VALUES[bits](raw)[: entries - at * 8 // bits] == 0
        if not at:
            flags[:2] = False
        yield flags


def _twelve(raw: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    packed = np.frombuffer(raw.ljust(-(-len(raw) // 3) * 3, b"\0"), np.uint8)
    three = packed.reshape(-1, 3).astype(np.uint16)
    even = three[:, 0] | (three[:, 1] & 0x0F) << 8
    odd = three[:, 1] >> 4 | three[:, 2] << 4
    return np.stack((even, odd), axis=1).reshape(-1)


_VALUES: dict[int, Callable[[bytes], np.ndarray[tuple[int], np.dtype[np.generic]]]] = {
    12: _twelve,
    16: lambda raw: np.frombuffer(raw[: len(raw) & ~1], "<u2"),
    32: lambda raw: np.frombuffer(raw[: len(raw) & ~3], "<u4") & 0x0FFFFFFF,
}


def free_of_exfat(read: Reading, start: int, length: int) -> FreeSpace | None:
    """Give the clusters of an exFAT volume that its bitmap does not mark."""
    boot = read(start, 120)
    heap_sector, clusters, root = struct.unpack_from("<III", boot, 88)
    sector, cluster = 1 << (boot[108] & 31), 1 << (boot[108] & 31) + (boot[109] & 31)
    if cluster > _MOST_CLUSTER_BYTES:
        return None
    heap = start + heap_sector * sector
    folder = read(heap + (root - 2) * cluster, cluster)
    for at in range(0, len(folder) - 31, 32):
        if folder[at] == _BITMAP and not folder[at + 1] & 1:
            first, size = struct.unpack_from("<IQ", folder, at + 20)
            place = heap + (first - 2) * cluster
            size = min(size, -(-clusters // 8))
            runs = free_bits(_pieces(read, place, size), clusters)
            return FreeSpace.of(
                ((heap + first * cluster, count * cluster) for first, count in runs),
                end=min(start + length, heap + clusters * cluster),
                heap=heap,
                block_bytes=cluster,
            )
    return None


def _pieces(read: Reading, place: int, size: int) -> Iterator[bytes]:
    for at in range(0, size, _PIECE_BYTES):
        yield read(place + at, min(_PIECE_BYTES, size - at))
