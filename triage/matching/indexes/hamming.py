"""All digests within a Hamming radius, exactly: a counting scan, and lookup by 16-bit words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows, bounded_parts, expanded

_SCAN_CELLS = 1 << 21
_BLOCK_CANDIDATES = 1 << 20
_WORDS = 1 << 16

Triple = tuple[Numbers, Numbers, Numbers]


class ScanRadius:
    """XOR and count the bits of every row; the right choice for short lists."""

    def __init__(self, rows: Rows, radius: int) -> None:
        self._rows = _as_u64(rows)
        self.radius = radius

    def search(self, queries: Rows) -> Triple:
        """Give query numbers, row numbers and distances in bits."""
        wanted = _as_u64(queries)
        step = max(1, _SCAN_CELLS // max(1, self._rows.size))
        parts = [
            self._part(wanted[start : start + step], start) for start in range(0, len(wanted), step)
        ]
        return _joined(parts)

    def _part(self, wanted: NDArray[np.uint64], first: int) -> Triple:
        distances = np.zeros((len(wanted), len(self._rows)), np.uint16)
        for column in range(self._rows.shape[1]):
            distances += np.bitwise_count(wanted[:, column, None] ^ self._rows[None, :, column])
        query, row = np.nonzero(distances <= self.radius)
        return query + first, row, distances[query, row].astype(np.int64)


class WordRadius:
    """Multi-index hashing over 16-bit words.

    Proof of exactness: cut a digest into ``w`` words. If every word of two digests differed in at
    least ``radius // w + 1`` bits, they would differ in at least ``w * (radius // w + 1)`` bits,
    which is more than ``radius``. So a pair within the radius has a word that differs in at most
    ``radius // w`` bits, and looking each word up with all such changes finds every pair.
    (Norouzi, Punjani, Fleet: Fast search in Hamming space with multi-index hashing, 2012.)
    """

    def __init__(self, rows: Rows, radius: int) -> None:
        self._rows = _as_u64(rows)
        self.radius = radius
        words = self._words = _as_u16(rows)
        self._word_bits = radius // words.shape[1]
        self._masks = _masks(self._word_bits)
        self._orders = [
            np.argsort(words[:, column], kind="stable").astype(np.uint32)
            for column in range(words.shape[1])
        ]
        self._starts = [_bucket_starts(words[:, column]) for column in range(words.shape[1])]

    def search(self, queries: Rows) -> Triple:
        """Give query numbers, row numbers and distances in bits."""
        wanted = _as_u64(queries)
        words = _as_u16(queries)
        parts = [
            part for column in range(words.shape[1]) for part in self._column(column, words, wanted)
        ]
        query, row, distance = _joined(parts)
        order = np.lexsort((row, query))
        return query[order], row[order], distance[order]

    def _column(
        self, column: int, words: NDArray[np.uint16], wanted: NDArray[np.uint64]
    ) -> Iterator[Triple]:
        """Compare the queries with the rows that agree in one word, up to the masks."""
        probes = (words[:, column, None] ^ self._masks[None, :]).astype(np.int64)
        starts = self._starts[column][probes].ravel()
        counts = self._starts[column][probes + 1].ravel() - starts
        used = np.flatnonzero(counts)
        numbers, starts, counts = used // len(self._masks), starts[used], counts[used]
        for part in bounded_parts(counts, _BLOCK_CANDIDATES):
            query = np.repeat(numbers[part], counts[part])
            row = self._orders[column][expanded(starts[part], counts[part])].astype(np.int64)
            yield self._fresh(column, words, self._compare(query, row, wanted))

    def _fresh(self, column: int, words: NDArray[np.uint16], found: Triple) -> Triple:
        """Drop pairs that an earlier word has found, so that each is held in memory once."""
        query, row, distance = found
        for earlier in range(column):
            apart = np.bitwise_count(words[query, earlier] ^ self._words[row, earlier])
            new = np.flatnonzero(apart > self._word_bits)
            query, row, distance = query[new], row[new], distance[new]
        return query, row, distance

    def _compare(self, query: Numbers, row: Numbers, wanted: NDArray[np.uint64]) -> Triple:
        """Count bits 64 at a time and drop a pair as soon as it is out of reach."""
        distance = np.zeros(len(query), np.int64)
        for column in range(wanted.shape[1]):
            distance += np.bitwise_count(wanted[query, column] ^ self._rows[row, column])
            near = np.flatnonzero(distance <= self.radius)
            query, row, distance = query[near], row[near], distance[near]
        return query, row, distance


def _as_u64(rows: Rows) -> NDArray[np.uint64]:
    return np.ascontiguousarray(rows).view(np.uint64)


def _as_u16(rows: Rows) -> NDArray[np.uint16]:
    return np.ascontiguousarray(rows).view(np.uint16)


def _masks(bits: int) -> NDArray[np.uint16]:
    """Give all 16-bit words with at most so many bits set."""
    chosen = [places for count in range(bits + 1) for places in combinations(range(16), count)]
    return np.array([sum(1 << place for place in places) for places in chosen], np.uint16)


def _bucket_starts(words: NDArray[np.uint16]) -> Numbers:
    starts = np.zeros(_WORDS + 1, np.int64)
    np.cumsum(np.bincount(words, minlength=_WORDS), out=starts[1:])
    return starts


def _joined(parts: list[Triple]) -> Triple:
    empty = np.empty(0, np.int64)
    return (
        np.concatenate([empty, *(part[0] for part in parts)]),
        np.concatenate([empty, *(part[1] for part in parts)]),
        np.concatenate([empty, *(part[2] for part in parts)]),
    )
