"""Count the bits of every row: what short lists need, and queries that nearly all rows crowd."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows
from triage.matching.indexes.bandplan import Words, words_of
from triage.matching.indexes.found import Triple, searched

_CELLS = 1 << 21
_ROWS_AT_A_TIME = 1 << 14
_FIRST_WORDS = 2
"""Random digests of 128 bits are already 64 bits apart on average, with a deviation of 5.7."""


class ScanRadius:
    """XOR and count the bits of every row; the right choice for short lists."""

    def __init__(self, rows: Rows, radius: int) -> None:
        self._rows = words_of(rows)
        self.radius = radius

    def search(self, queries: Rows) -> Triple:
        """Give query numbers, row numbers and distances in bits."""
        return searched(self.parts(queries))

    def parts(self, queries: Rows) -> Iterator[Triple]:
        """Give what ``search`` gives, in parts: all pairs of a query stand in one part."""
        wanted = words_of(queries)
        step = max(1, _CELLS // max(1, self._rows.size))
        for start in range(0, len(wanted), step):
            yield self._part(wanted[start : start + step], start)

    def _part(self, wanted: Words, first: int) -> Triple:
        distances = np.zeros((len(wanted), len(self._rows)), np.uint16)
        for column in range(self._rows.shape[1]):
            distances += np.bitwise_count(wanted[:, column, None] ^ self._rows[None, :, column])
        query, row = np.nonzero(distances <= self.radius)
        return query + first, row, distances[query, row].astype(np.int64)


class ChosenScan:
    """A scan of some rows of a longer list; answers with the numbers that they have there.

    Args:
        chosen: numbers of the rows, ascending.
    """

    def __init__(self, rows: Rows, radius: int, chosen: Numbers) -> None:
        self._scan = ScanRadius(rows[chosen], radius)
        self._chosen = chosen
        self.radius = radius

    def search(self, queries: Rows) -> Triple:
        """Give query numbers, row numbers and distances in bits."""
        return searched(self.parts(queries))

    def parts(self, queries: Rows) -> Iterator[Triple]:
        """Give what ``search`` gives, in parts: all pairs of a query stand in one part."""
        for query, row, distance in self._scan.parts(queries):
            yield query, self._chosen[row], distance


def scanned(rows: Words, queries: Words, radius: int) -> list[tuple[Numbers, Numbers]]:
    """Compare a few queries with every row; give rows and distances of each.

    The rows are read once for all queries, in pieces that stay in the processor's cache.
    """
    found: list[list[tuple[NDArray[np.uint32], NDArray[np.uint16]]]] = [[] for _ in queries]
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        block = rows[start : start + _ROWS_AT_A_TIME]
        for query, parts in zip(queries, found, strict=True):
            row = _near_in(block, query, radius)
            distance = apart(block, row, query)
            near = np.flatnonzero(distance <= radius)
            parts.append(((row[near] + start).astype(np.uint32), distance[near]))
    return [
        (
            np.concatenate([row for row, _ in parts]).astype(np.int64),
            np.concatenate([distance for _, distance in parts]).astype(np.int64),
        )
        for parts in found
    ]


def apart(rows: Words, row: Numbers, queries: Words) -> NDArray[np.uint16]:
    """Count the bits in which chosen rows differ from queries."""
    differ = rows.take(row, axis=0, mode="clip")
    differ ^= queries
    bits = np.bitwise_count(differ)
    distance = bits[:, 0].astype(np.uint16)
    for column in range(1, bits.shape[1]):
        distance += bits[:, column]
    return distance


def _near_in(block: Words, query: Words, radius: int) -> Numbers:
    """Give the rows that are near in their first words."""
    distance = np.bitwise_count(block[:, 0] ^ query[0])
    if block.shape[1] >= _FIRST_WORDS:
        distance += np.bitwise_count(block[:, 1] ^ query[1])  # at most 128, so a byte holds it
    return np.flatnonzero(distance <= radius)
