"""What an index is: it finds what a plain linear scan would find, only faster."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint8]
"""Digests as rows of bytes, shape (count, width)."""
Numbers = NDArray[np.int64]


class EqualIndex(Protocol):
    """Finds equal digests.

    Law: gives exactly the pairs (query, row) whose digests are equal in every byte, each once,
    sorted by query and then by row.
    """

    def find(self, queries: Rows) -> tuple[Numbers, Numbers]:
        """Give query numbers and row numbers."""
        ...


class RadiusIndex(Protocol):
    """Finds digests within a Hamming radius.

    Law: gives exactly the pairs (query, row) that differ in at most ``radius`` bits, each once,
    sorted by query and then by row. There is no approximation: a miss is a missed exhibit.
    """

    radius: int

    def search(self, queries: Rows) -> tuple[Numbers, Numbers, Numbers]:
        """Give query numbers, row numbers and distances in bits."""
        ...

    def parts(self, queries: Rows) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Give the same in parts of bounded size; all pairs of a query stand in one part."""
        ...


def prefixes_of(rows: Rows) -> NDArray[np.uint64]:
    """Give the first eight bytes of each digest as a number, first byte highest."""
    if not rows.flags.c_contiguous:
        rows = np.ascontiguousarray(rows[:, :8])
    width = rows.shape[1]
    # A field of a wider item is read in one pass, where a copy of eight bytes a row is slow.
    head = np.dtype({"names": ["head"], "formats": [">u8"], "offsets": [0], "itemsize": width})
    prefixes: NDArray[np.uint64] = rows.view(head).reshape(len(rows))["head"].astype(np.uint64)
    return prefixes


def rows_of(digests: list[bytes], width: int) -> Rows:
    """Lay digests of one width out as rows."""
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), width)


def expanded(starts: Numbers, counts: Numbers) -> Numbers:
    """Give ``start, start + 1, …`` for each start, ``count`` numbers each, one after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    numbers: Numbers = np.repeat(starts - (ends - counts), counts)
    return numbers + np.arange(total, dtype=np.int64)


def bounded_parts(counts: Numbers, limit: int) -> list[slice]:
    """Cut runs of so many items into parts of about ``limit`` items, so memory stays bounded."""
    if not len(counts):
        return []
    part = np.cumsum(counts) // limit
    cuts = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(counts)]
    return [slice(start, end) for start, end in pairwise(cuts)]
