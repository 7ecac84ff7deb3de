"""Digests that are looked up, and tables of digests to look them up in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.index import Numbers, Rows, prefixes_of
from triage.matching.indexes.blockfilter import filter_blocks, marks_of, places_of, upper_of

Words = NDArray[np.uint32]


class Keys:
    """Digests that are looked up: prepared once, for any number of tables.

    Args:
        rows: rows of bytes, one after another; a multiple of four bytes each.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = np.ascontiguousarray(rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def prefixes(self) -> NDArray[np.uint64]:
        """First eight bytes of each as a number."""
        return prefixes_of(self.rows)

    @cached_property
    def upper(self) -> NDArray[np.uint64]:
        """First half of each prefix."""
        return upper_of(self.prefixes)

    @cached_property
    def marks(self) -> NDArray[np.uint64]:
        """What each sets in its block of a filter."""
        return marks_of(self.prefixes)

    def rests(self, numbers: Numbers) -> Words:
        """Give the bytes behind the prefix of some, in words."""
        if len(numbers) == len(self) and np.array_equal(numbers, np.arange(len(self))):
            return self.rows.view("<u4")[:, 2:]
        whole = self.rows.view(f"V{self.rows.shape[1]}").reshape(len(self))
        return whole.take(numbers).view("<u4").reshape(len(numbers), -1)[:, 2:]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedKeys:
    """A table of digests in ascending order; the arrays may lie on disk.

    Attributes:
        prefixes: first eight bytes of each as a number.
        rows: the other bytes of each and then, in four bytes, the number of its record; rows of
            bytes. Equal digests ascend by record.
        buckets: for each value of the first bits of a prefix, where its digests start; one more
            at the end.
        blocks: of a filter, see :mod:`triage.matching.indexes.blockfilter`.
        repeats: whether a prefix occurs more than once.
    """

    prefixes: NDArray[np.uint64]
    rows: Rows
    buckets: NDArray[np.uint32]
    blocks: NDArray[np.uint64]
    repeats: bool

    @classmethod
    def of(cls, digests: Rows) -> SortedKeys:
        """Sort rows that lie in memory; their numbers are those of their records."""
        order = np.lexsort([digests[:, place] for place in reversed(range(digests.shape[1]))])
        ordered = digests[order]
        prefixes = prefixes_of(ordered)
        bits = layout.bucket_bits(len(digests))
        bounds = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        starts = np.append(np.searchsorted(prefixes, bounds), len(digests))
        blocks = np.zeros(filter_blocks(len(digests)), np.uint64)
        places = places_of(upper_of(prefixes), len(blocks))
        np.bitwise_or.at(blocks, places, marks_of(prefixes))
        return cls(
            prefixes=prefixes,
            rows=joined_rows(ordered, order.astype(np.uint32)),
            buckets=starts.astype(np.uint32),
            blocks=blocks,
            repeats=bool((prefixes[1:] == prefixes[:-1]).any()),
        )


def joined_rows(digests: Rows, records: NDArray[np.uint32]) -> Rows:
    """Give what stands beside the prefix of each digest: its other bytes, then its record."""
    rows = np.empty((len(digests), digests.shape[1] - 4), np.uint8)
    rows[:, :-4] = digests[:, 8:]
    rows[:, -4:] = records.astype("<u4").reshape(-1, 1).view(np.uint8)
    return rows
