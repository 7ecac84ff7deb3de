"""Finds the inodes of an ext volume that are free and were in use before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from triage.ingest.filesystems.ext_inodes import InodeTables

_PIECE_BYTES = 1024 * 1024
_MODE, _SIZE, _CHANGED = slice(0, 2), slice(4, 8), slice(12, 16)
"""Fields of an inode, from the kernel's documentation; one that was never used has zeros there."""


def freed_inodes(tables: InodeTables) -> Iterator[int]:
    """Give inode numbers in rising order, by the tables and their bitmaps alone.

    Groups whose bitmap was never written count as free; their tables may still hold what an
    earlier file system left there.
    """
    layout = tables.layout
    for first in range(0, layout.inodes, layout.inodes_per_group):
        count = min(layout.inodes_per_group, layout.inodes - first)
        bits = np.frombuffer(tables.bitmap(first // layout.inodes_per_group), np.uint8)
        free = np.unpackbits(bits, bitorder="little")[:count] == 0
        if free.any():
            yield from _freed_of_group(tables, first, free)


def _freed_of_group(
    tables: InodeTables, first: int, free: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterator[int]:
    """Give the used ones among the inodes of a group that its bitmap calls free."""
    width = tables.layout.inode_bytes
    step = max(1, _PIECE_BYTES // width)
    for start in range(0, len(free), step):
        wanted = free[start : start + step]
        if not wanted.any():
            continue
        raw = tables.read(tables.offset(first + start + 1), len(wanted) * width)
        rows = np.frombuffer(raw, np.uint8).reshape(-1, width)
        used = np.zeros(len(rows), dtype=np.bool_)
        for field in (_MODE, _SIZE, _CHANGED):
            used |= rows[:, field].any(axis=1)
        for index in np.flatnonzero(wanted & used):
            yield first + start + int(index) + 1
