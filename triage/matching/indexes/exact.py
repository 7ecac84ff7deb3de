"""Equal digests by sorted eight-byte prefixes; every hit is confirmed on the full digest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows, bounded_parts, expanded, prefixes_of

_BLOCK_PAIRS = 1 << 20


class ExactIndex:
    """Looks batches up in arrays that may lie on disk.

    Args:
        digests: rows of bytes, in any order; a query gives numbers of these rows.
        prefixes: first eight bytes of each digest as a number, sorted.
        positions: for each prefix, the row it belongs to.
    """

    def __init__(
        self, digests: Rows, prefixes: NDArray[np.uint64], positions: NDArray[np.uint32]
    ) -> None:
        self._digests = digests
        self._prefixes = prefixes
        self._positions = positions

    @classmethod
    def of(cls, digests: Rows) -> ExactIndex:
        """Index rows that lie in memory."""
        prefixes = prefixes_of(digests)
        order = np.argsort(prefixes, kind="stable")
        return cls(digests, prefixes[order], order.astype(np.uint32))

    def find(self, queries: Rows) -> tuple[Numbers, Numbers]:
        """Give query numbers and row numbers."""
        if not len(queries) or not len(self._prefixes):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        numbers, starts, counts = self._runs(prefixes_of(queries))
        found_queries, found_rows = [], []
        for part in bounded_parts(counts, _BLOCK_PAIRS):
            query = np.repeat(numbers[part], counts[part])
            row = self._positions[expanded(starts[part], counts[part])].astype(np.int64)
            equal = (self._digests[row] == queries[query]).all(axis=1)
            found_queries.append(query[equal])
            found_rows.append(row[equal])
        query = np.concatenate([np.empty(0, np.int64), *found_queries])
        row = np.concatenate([np.empty(0, np.int64), *found_rows])
        order = np.lexsort((row, query))
        return query[order], row[order]

    def _runs(self, wanted: NDArray[np.uint64]) -> tuple[Numbers, Numbers, Numbers]:
        """Give the queries whose prefix occurs, and where its run starts and how long it is."""
        order = np.argsort(wanted)  # sorted queries walk the pages in order: 4 to 6 times faster
        ordered = wanted[order]
        starts = np.searchsorted(self._prefixes, ordered)
        inside = np.minimum(starts, len(self._prefixes) - 1)
        hit = (self._prefixes[inside] == ordered) & (starts < len(self._prefixes))
        ends = np.searchsorted(self._prefixes, ordered[hit], "right")
        return order[hit], starts[hit], ends - starts[hit]
