"""Equal digests by sorted eight-byte prefixes; every hit is confirmed on the full digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.index import Numbers, Rows, bounded_parts, expanded, prefixes_of

_BLOCK_PAIRS = 1 << 20
_NOTHING = np.empty(0, np.int64)


class Keys:
    """Digests that are looked up: prepared once, for any number of tables.

    Args:
        rows: rows of bytes.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def prefixes(self) -> NDArray[np.uint64]:
        """First eight bytes of each as a number."""
        return prefixes_of(self.rows)

    @cached_property
    def rests(self) -> NDArray[Any]:
        """The other bytes of each in words."""
        return _words(np.ascontiguousarray(self.rows[:, 8:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedKeys:
    """A table of digests in ascending order; the arrays may lie on disk.

    Attributes:
        prefixes: first eight bytes of each as a number.
        rests: the other bytes of each, rows of bytes.
        records: what each belongs to; equal digests in ascending order of it. ``None`` where
            digest n belongs to record n.
        buckets: for each value of the first bits of a prefix, where its digests start; one more
            at the end.
    """

    prefixes: NDArray[np.uint64]
    rests: Rows
    records: NDArray[np.uint32] | None
    buckets: NDArray[np.uint32]


class ExactIndex:
    """Looks batches up in a sorted table.

    The first bits of a prefix name a bucket of a few digests; bisection in it ends on the first
    digest that is not below, in all queries at once. So a look-up costs a line of the processor's
    cache in the buckets and one or two in the prefixes, and a hit one more for the rest.
    """

    def __init__(self, keys: SortedKeys) -> None:
        self._prefixes = keys.prefixes
        self._rests = _words(keys.rests)
        self._records = keys.records
        self._buckets = keys.buckets
        self._shift = np.uint64(64 - (max(2, len(keys.buckets) - 1)).bit_length() + 1)

    @classmethod
    def of(cls, digests: Rows) -> ExactIndex:
        """Index rows that lie in memory; a query gives numbers of these rows."""
        order = np.lexsort([digests[:, place] for place in reversed(range(digests.shape[1]))])
        prefixes = prefixes_of(digests[order])
        bits = layout.bucket_bits(max(1, len(digests)))
        bounds = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        starts = np.append(np.searchsorted(prefixes, bounds), len(digests))
        return cls(
            SortedKeys(
                prefixes=prefixes,
                rests=np.ascontiguousarray(digests[order, 8:]),
                records=order.astype(np.uint32),
                buckets=starts.astype(np.uint32),
            )
        )

    def find(self, queries: Rows) -> tuple[Numbers, Numbers]:
        """Give query numbers and record numbers, sorted by query and then by record."""
        return self.look_up(Keys(queries))

    def look_up(self, keys: Keys) -> tuple[Numbers, Numbers]:
        """Give query numbers and record numbers, sorted by query and then by record."""
        found = list(self._equal(keys)) or [(_NOTHING, _NOTHING)]
        query = np.concatenate([part[0] for part in found])
        row = np.concatenate([part[1] for part in found])
        return query, row if self._records is None else self._records[row].astype(np.int64)

    def met(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell of each query whether it is in the table."""
        found = np.zeros(len(keys), bool)
        for query, _ in self._equal(keys):
            found[query] = True
        return found

    def _equal(self, keys: Keys) -> Iterator[tuple[Numbers, Numbers]]:
        """Give queries and the rows that are equal to them, in parts, both ascending."""
        if not len(keys) or not len(self._prefixes):
            return
        query, first, last = self._runs(keys.prefixes)
        for part in bounded_parts(last - first, _BLOCK_PAIRS):
            counts = last[part] - first[part]
            numbers = np.repeat(query[part], counts)
            rows = expanded(first[part], counts)
            there, asked = self._rests[rows], keys.rests[numbers]
            equal = np.ones(len(rows), bool)
            for word in range(there.shape[1]):
                equal &= there[:, word] == asked[:, word]
            yield numbers[equal], rows[equal]

    def _runs(self, wanted: NDArray[np.uint64]) -> tuple[Numbers, Numbers, Numbers]:
        """Give the queries whose prefix occurs, where its run starts and where it ends."""
        bucket = (wanted >> self._shift).astype(np.int64)
        low = self._buckets[bucket].astype(np.int64)
        end = self._buckets[bucket + 1].astype(np.int64)
        low = self._bisected(wanted, low, end)
        query = np.flatnonzero(low < end)
        query = query[self._prefixes[low[query]] == wanted[query]]
        low, end = low[query], end[query]
        last = low + 1
        more = np.flatnonzero(last < end)
        more = more[self._prefixes[last[more]] == wanted[query[more]]]
        if len(more):
            last[more] = np.searchsorted(self._prefixes, wanted[query[more]], "right")
        return query, low, last

    def _bisected(self, wanted: NDArray[np.uint64], low: Numbers, end: Numbers) -> Numbers:
        """Give for each query the first place between two whose prefix is not below it."""
        high = end.copy()
        live = np.flatnonzero(low < high)
        while len(live):
            some = len(live) < len(low)
            below, above = (low[live], high[live]) if some else (low, high)
            asked = wanted[live] if some else wanted
            middle = (below + above) >> 1
            less = self._prefixes[middle] < asked
            low[live] = below = np.where(less, middle + 1, below)
            high[live] = above = np.where(less, above, middle)
            live = live[below < above]
        return low


def _words(rests: Rows) -> NDArray[Any]:
    """See rows of bytes as words, as wide as their width lets them be."""
    width = rests.shape[1]
    size = 8 if width % 8 == 0 else 4 if width % 4 == 0 else 1
    if width == 0:
        return rests
    words: NDArray[Any] = rests.view(np.dtype(f"<u{size}"))
    return words
