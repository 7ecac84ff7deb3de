"""Equal digests by sorted eight-byte prefixes; every hit is confirmed on the full digest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows, bounded_parts, expanded
from triage.matching.indexes.blockfilter import places_of
from triage.matching.indexes.keys import Keys, SortedKeys, Words

_BLOCK_PAIRS = 1 << 20
_STEPS = 2
"""Digests that all queries of a batch pass one by one in their buckets, where they are below."""
_MORE_STEPS = 12
"""Further ones that the few queries which are not there yet pass, before they are bisected."""
_SAMPLE = 256
_MOST_PASSING = 0.5
"""Where more of the first queries pass the filter, it is not asked about the others."""
_NOTHING = np.empty(0, np.int64)

Pairs = tuple[Numbers, Numbers]


class ExactIndex:
    """Looks batches up in a sorted table, step by step for all queries of a batch at once.

    The filter first: one line of the processor's cache, and most queries that are not in the
    table are done with. The first bits of a prefix name a bucket of a few digests, which are
    passed one by one up to the first that is not below. A hit reads its row: the other bytes, and
    the record. Where many digests share a bucket, as in no list of true digests, it is bisected.
    """

    def __init__(self, keys: SortedKeys) -> None:
        self._prefixes = keys.prefixes
        self._buckets = keys.buckets
        self._blocks = keys.blocks
        self._repeats = keys.repeats
        self._width = keys.rows.shape[1] // 4
        self._rows = keys.rows.reshape(-1).view(f"V{keys.rows.shape[1]}")
        self._shift = np.uint64(65 - (len(keys.buckets) - 1).bit_length())

    @classmethod
    def of(cls, digests: Rows) -> ExactIndex:
        """Index rows that lie in memory; a query gives numbers of these rows."""
        return cls(SortedKeys.of(digests))

    def find(self, queries: Rows) -> Pairs:
        """Give query numbers and record numbers, sorted by query and then by record."""
        return self.look_up(Keys(queries))

    def look_up(self, keys: Keys) -> Pairs:
        """Give query numbers and record numbers, sorted by query and then by record."""
        found = list(self._equal(keys))
        if len(found) == 1:
            return found[0]
        return (
            np.concatenate([_NOTHING, *(query for query, _ in found)]),
            np.concatenate([_NOTHING, *(record for _, record in found)]),
        )

    def met(self, keys: Keys) -> NDArray[np.bool_]:
        """Tell of each query whether it is in the table."""
        found = np.zeros(len(keys), bool)
        for query, _ in self._equal(keys):
            found[query] = True
        return found

    def _equal(self, keys: Keys) -> Iterator[Pairs]:
        """Give queries and the records of equal digests, in parts, both ascending."""
        if not len(keys) or not len(self._prefixes):
            return
        query = self._passing(keys)
        wanted = keys.prefixes if len(query) == len(keys) else keys.prefixes.take(query)
        query, first = self._first(query, wanted)
        if not len(query):
            return
        if not self._repeats:
            yield self._confirmed(keys, query, first)
            return
        counts = self._counts(keys.prefixes.take(query), first)
        for part in bounded_parts(counts, _BLOCK_PAIRS):
            numbers = np.repeat(query[part], counts[part])
            yield self._confirmed(keys, numbers, expanded(first[part], counts[part]))

    def _passing(self, keys: Keys) -> Numbers:
        """Give the queries that the filter does not rule out; where it is of use at all."""
        sample = slice(None, _SAMPLE)
        if len(keys) > _SAMPLE and self._may_be(keys, sample).mean() > _MOST_PASSING:
            return np.arange(len(keys))
        return np.flatnonzero(self._may_be(keys, slice(None)))

    def _may_be(self, keys: Keys, part: slice) -> NDArray[np.bool_]:
        marks = keys.marks[part]
        met = self._blocks.take(places_of(keys.upper[part], len(self._blocks)))
        met &= marks
        passing: NDArray[np.bool_] = met == marks
        return passing

    def _first(self, query: Numbers, wanted: NDArray[np.uint64]) -> Pairs:
        """Give the queries whose prefix occurs, and the first place where it does."""
        place = self._buckets.take((wanted >> self._shift).view(np.int64)).astype(np.int64)
        # A place behind the last prefix gives the last one, which is below and so never equal.
        met = self._prefixes.take(place, mode="clip")
        for _ in range(_STEPS):  # all at once: cheaper than to pick out those that are not there
            place += met < wanted
            self._prefixes.take(place, mode="clip", out=met)
        live = np.flatnonzero(met < wanted)
        for _ in range(_MORE_STEPS):
            if not len(live):
                break
            place[live] = beyond = place.take(live) + 1
            met[live] = there = self._prefixes.take(beyond, mode="clip")
            live = live[there < wanted.take(live)]
        if len(live):
            place[live] = beyond = np.searchsorted(self._prefixes, wanted.take(live))
            met[live] = self._prefixes.take(beyond, mode="clip")
        hit = np.flatnonzero(met == wanted)
        if len(hit) == len(query):
            return query, place
        return query.take(hit), place.take(hit)

    def _counts(self, wanted: NDArray[np.uint64], first: Numbers) -> Numbers:
        """Give how often each prefix occurs."""
        last = len(self._prefixes) - 1
        again = self._prefixes.take(first + 1, mode="clip") == wanted
        again &= first < last
        counts = np.ones(len(first), np.int64)
        counts[again] = np.searchsorted(self._prefixes, wanted[again], "right") - first[again]
        return counts

    def _confirmed(self, keys: Keys, query: Numbers, place: Numbers) -> Pairs:
        """Keep the pairs that are equal in all other bytes too, and give their records."""
        row: Words = self._rows.take(place).view("<u4").reshape(len(place), self._width)
        asked = keys.rests(query)
        equal = row[:, 0] == asked[:, 0]
        for word in range(1, self._width - 1):
            equal &= row[:, word] == asked[:, word]
        records = row[:, -1].astype(np.int64)
        return (query, records) if equal.all() else (query[equal], records[equal])
