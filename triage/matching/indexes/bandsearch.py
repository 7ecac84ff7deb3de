"""All digests within a radius, exactly, by looking up bands of their bits; in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows, bounded_parts
from triage.matching.indexes.bandplan import (
    TAG_BITS,
    Plan,
    Words,
    bits_of,
    masks_of,
    numbers_of,
    plan_of,
    words_of,
)
from triage.matching.indexes.bandtable import BandTable, band_table
from triage.matching.indexes.found import (
    NUMBER_LIMIT,
    Found,
    Triple,
    packed,
    searched,
    unpacked,
)
from triage.matching.indexes.scanning import apart, scanned

_PROBES_AT_A_TIME = 1 << 16
_ENTRIES_AT_A_TIME = 1 << 18
_LONG_RUN = 1 << 12
"""A bucket of more entries is compared as a stretch of its own."""
_SCAN_SHARE = 16
"""A query whose long buckets hold more than this share of all digests is cheaper by a scan."""
_MOST_PAIRS = 1 << 21
_QUERIES_AT_A_TIME = 4096
_SCANS_AT_A_TIME = 4
_NUMBER_MASK, _TAG_SHIFT = np.uint64(NUMBER_LIMIT - 1), np.uint64(TAG_BITS)


@dataclass(slots=True)
class _Batch:
    """Some queries, and what was found of them so far."""

    numbers: Words
    words: Words
    found: list[Found] = field(default_factory=list)
    pairs: int = 0
    crowd: Numbers = field(init=False)
    """Entries of long buckets that each query has met."""

    def __post_init__(self) -> None:
        self.crowd = np.zeros(len(self.words), np.int64)

    def keep(self, found: Found) -> None:
        self.found.append(found)
        self.pairs += len(found)

    def merge(self) -> Found:
        """Drop what several bands have found."""
        merged = np.concatenate([np.empty(0, np.uint64), *self.found])
        merged.sort()  # not by numpy.unique, whose table of hashes takes ten times as long
        fresh = np.ones(len(merged), bool)
        fresh[1:] = merged[1:] != merged[:-1]
        merged = merged[fresh]
        self.found, self.pairs = [merged], len(merged)
        return merged


class _Hits(NamedTuple):
    """Probes, and where and how long the buckets are that they look up."""

    probes: NDArray[np.uint64]
    starts: Numbers
    counts: Numbers

    def only(self, chosen: slice | NDArray[np.bool_]) -> _Hits:
        return _Hits(self.probes[chosen], self.starts[chosen], self.counts[chosen])


class BandRadius:
    """Looks queries up band by band; every candidate is compared in full.

    The probes of a batch are sorted, so that bucket tables and entries, which may lie on disk, are
    walked from front to back. A batch that finds too many pairs is cut in two, and a query that
    meets a large share of all digests in its buckets is answered by a scan.

    Args:
        rows: the digests, in any order.
        tables: one for each band of the plan.
        wanted: tells which rows stand in the tables; ``None`` where all do.
    """

    def __init__(
        self,
        rows: Rows,
        radius: int,
        plan: Plan,
        tables: Sequence[BandTable],
        *,
        wanted: Callable[[Numbers], NDArray[np.bool_]] | None = None,
    ) -> None:
        self.radius = radius
        self.plan = plan
        self.tables = tuple(tables)
        self._rows = words_of(rows)
        self._wanted = wanted
        self._masks = [masks_of(band) for band in plan]
        self._crowd_limit = len(rows) // _SCAN_SHARE

    @classmethod
    def of(cls, rows: Rows, radius: int, plan: Plan | None = None) -> BandRadius:
        """Index rows that lie in memory."""
        plan = plan or plan_of(len(rows), rows.shape[1] * 8, radius)
        return cls(rows, radius, plan, [band_table(rows, band) for band in plan])

    def search(self, queries: Rows) -> Triple:
        """Give query numbers, row numbers and distances in bits."""
        return searched(self.parts(queries))

    def parts(self, queries: Rows) -> Iterator[Triple]:
        """Give what ``search`` gives, in parts: all pairs of a query stand in one part."""
        if not len(self._rows):
            return
        for start in range(0, len(queries), _QUERIES_AT_A_TIME):
            part = queries[start : start + _QUERIES_AT_A_TIME]
            yield from self._solved(start, numbers_of(part), words_of(part))

    def _solved(self, first: int, numbers: Words, words: Words) -> Iterator[Triple]:
        """Answer a batch, in two halves where it finds too much."""
        batch = _Batch(numbers, words)
        if self._looked_up(batch):
            yield from self._answers(first, batch)
            return
        half = len(words) // 2
        yield from self._solved(first, numbers[:half], words[:half])
        yield from self._solved(first + half, numbers[half:], words[half:])

    def _looked_up(self, batch: _Batch) -> bool:
        """Look all bands up; give ``False`` where too many pairs turned up on the way."""
        for place in range(len(self.plan)):
            self._look_up(batch, place)
            if batch.pairs > _MOST_PAIRS and len(batch.words) > 1:
                batch.merge()
                if batch.pairs > _MOST_PAIRS // 2:
                    return False
        return True

    def _answers(self, first: int, batch: _Batch) -> Iterator[Triple]:
        """Give what was found, and by a scan what was not looked up to the end; in order."""
        found = batch.merge()
        crowded = np.flatnonzero(batch.crowd > self._crowd_limit)
        bounds = np.searchsorted(found, crowded.astype(np.uint64) << np.uint64(40))
        done = 0
        for start in range(0, len(crowded), _SCANS_AT_A_TIME):
            some = crowded[start : start + _SCANS_AT_A_TIME]
            scans = scanned(self._rows, batch.words[some], self.radius)
            for number, bound, (row, distance) in zip(some, bounds[start:], scans, strict=False):
                yield unpacked(found[done:bound], first)
                kept = np.ones(len(row), bool) if self._wanted is None else self._wanted(row)
                yield np.full(kept.sum(), first + number), row[kept], distance[kept]
                after = (int(number) + 1) << 40
                done = int(np.searchsorted(found, np.uint64(after)))
        yield unpacked(found[done:], first)

    def _look_up(self, batch: _Batch, place: int) -> None:
        """Find what agrees with the queries in one band, up to the masks."""
        band, table = self.plan[place], self.tables[place]
        asked = np.flatnonzero(batch.crowd <= self._crowd_limit).astype(np.uint64)
        keys = bits_of(batch.numbers, band.first_bit, band.key_bits) << _TAG_SHIFT
        tags = bits_of(batch.numbers, band.tag_bit, TAG_BITS)
        # A probe is a key and below it the query's number. Combined with this by exclusive or, it
        # leaves the changed bits of the key and below them the query's tag.
        wanted = keys | (tags ^ np.arange(len(keys), dtype=np.uint64))
        mine = keys[asked] | asked
        probes = (mine[None, :] ^ (self._masks[place] << _TAG_SHIFT)[:, None]).reshape(-1)
        probes.sort()
        for start in range(0, len(probes), _PROBES_AT_A_TIME):
            part = probes[start : start + _PROBES_AT_A_TIME]
            hits = _Hits(part, *table.runs((part >> _TAG_SHIFT).view(np.int64)))
            long = hits.counts > _LONG_RUN
            if long.any():
                self._long_runs(batch, place, hits.only(long))
                hits = hits.only(~long)
            for piece in bounded_parts(hits.counts, _ENTRIES_AT_A_TIME):
                self._runs(batch, place, wanted, hits.only(piece))

    def _runs(self, batch: _Batch, place: int, wanted: Found, hits: _Hits) -> None:
        """Compare the entries of short buckets: keys and tags first, then whole digests."""
        band, table = self.plan[place], self.tables[place]
        probes, starts, counts = hits
        ends = np.cumsum(counts)
        probe = np.repeat(np.arange(len(probes)), counts)
        entry = (starts - (ends - counts)).take(probe)
        entry += np.arange(len(probe))
        differ = probes.take(probe)
        query = (differ & _NUMBER_MASK).view(np.int64)
        differ ^= wanted.take(query)
        differ ^= table.tags.take(entry, mode="clip")
        near = np.flatnonzero(np.bitwise_count(differ) <= band.most_bits)
        self._compare(batch, query[near], table.rows_at(entry[near]))

    def _long_runs(self, batch: _Batch, place: int, hits: _Hits) -> None:
        """Compare long buckets one after another, unless a query has met too many entries."""
        band, table = self.plan[place], self.tables[place]
        for probe, start, count in zip(*(column.tolist() for column in hits), strict=True):
            query = probe & (NUMBER_LIMIT - 1)
            batch.crowd[query] += count
            if batch.crowd[query] > self._crowd_limit:
                continue
            own = batch.numbers[query : query + 1]
            key = int(bits_of(own, band.first_bit, band.key_bits)[0])
            most = band.most_bits - (key ^ probe >> TAG_BITS).bit_count()
            tag = bits_of(own, band.tag_bit, TAG_BITS).astype(np.uint16)
            for at in range(start, start + count, _ENTRIES_AT_A_TIME):
                end = min(at + _ENTRIES_AT_A_TIME, start + count)
                near = np.flatnonzero(np.bitwise_count(table.tags[at:end] ^ tag) <= most)
                rows = table.rows_at(near + at)
                self._compare(batch, np.full(len(rows), query), rows)

    def _compare(self, batch: _Batch, query: Numbers, row: Numbers) -> None:
        """Count the bits in which whole digests differ, and keep the near ones."""
        if len(row):
            distance = apart(self._rows, row, batch.words.take(query, axis=0))
            near = np.flatnonzero(distance <= self.radius)
            batch.keep(packed(query[near], row[near], distance[near]))
