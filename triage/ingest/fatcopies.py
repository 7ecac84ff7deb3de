"""Compares the two allocation tables of a FAT volume: where they differ, files may be misread."""

from __future__ import annotations

from collections.abc import Callable

SECTOR_BYTES = (512, 1024, 2048, 4096)
PIECE_BYTES = 1 << 20


def copies_differ(read_at: Callable[[int, int], bytes], offset_bytes: int) -> bool:
    """Tell whether the first two allocation tables differ.

    The Sleuth Kit follows the first table alone. Layout: Microsoft, FAT32 File System
    Specification: bytes a sector at 11, reserved sectors at 14, number of tables at 16, sectors a
    table at 22, or at 36 where that is 0.

    Args:
        read_at: reads the medium by offset and length.
        offset_bytes: start of the volume.
    """
    boot = read_at(offset_bytes, 64)
    if len(boot) < 64 or boot[16] < 2:
        return False
    sector = int.from_bytes(boot[11:13], "little")
    sectors = int.from_bytes(boot[22:24], "little") or int.from_bytes(boot[36:40], "little")
    if sector not in SECTOR_BYTES or not sectors:
        return False
    first = offset_bytes + int.from_bytes(boot[14:16], "little") * sector
    length = sectors * sector
    return any(
        read_at(first + place, min(PIECE_BYTES, length - place))
        != read_at(first + length + place, min(PIECE_BYTES, length - place))
        for place in range(0, length, PIECE_BYTES)
    )
