"""Look-alikes: pictures whose PDQ or pHash lies within the radius of a record's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from triage.matching import layout
from triage.matching.describing import Describer, Facts
from triage.matching.index import Numbers, Rows, expanded, rows_of
from triage.matching.indexes import radius_index
from triage.matching.pack import DigestTable, OpenPack
from triage.model.digest import Algorithm, Pdq, PdqRecipe, PictureHashes
from triage.model.match import Match, MatchKind

PDQ_RADIUS_BITS = 31
PDQ_MIN_QUALITY = 50
"""The start that PDQ's authors recommend: at most 31 bits apart, quality 50 or more."""
PHASH_RADIUS_BITS = 8
PHASH_MIN_SET_BITS = 4
PHASH_MAX_SET_BITS = 60
"""Uniform pictures all collide in pHashes that are nearly empty or nearly full."""
NEAREST = 20
"""Look-alikes reported for a picture, a pack and an algorithm."""
MOST_CODES = 100
"""Codes of which the nearest look-alike is reported even behind the nearest 20."""

_UNKNOWN = layout.RECIPES.index(PdqRecipe.UNKNOWN)
# Pictures are asked in steps, so that a list of one picture in a million variants, all of them
# near, does not fill the memory with pairs.
_MOST_PAIRS = 5_000_000
_LEAST_STEP = 8


class VisualMatcher:
    """Searches one pack by PDQ and by pHash."""

    def __init__(self, pack: OpenPack) -> None:
        describer = Describer(pack)
        self._searches: list[_PdqSearch | _PhashSearch] = []
        pdq, phash = pack.table(Algorithm.PDQ), pack.table(Algorithm.PHASH)
        if pdq is not None:
            self._searches.append(_PdqSearch(pack, pdq, describer))
        if phash is not None:
            self._searches.append(_PhashSearch(pack, phash, describer))

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        """Give (number of the picture, match), for each algorithm the nearest first.

        At most the 20 nearest are given, and for each further code its nearest one, so that many
        harmless neighbours never hide a grave one.
        """
        for search in self._searches:
            for start in range(0, len(pictures), search.step):
                for number, match in search.match(pictures[start : start + search.step]):
                    yield start + number, match


class _Found(NamedTuple):
    """Pictures and the records near them, one number of each column a pair."""

    pictures: Numbers
    digests: Numbers
    places: Numbers
    distances: Numbers


class _Neighbours:
    """The eligible digests of one table: distinct ones are indexed once, in their byte order."""

    def __init__(
        self, rows: Numbers, table: DigestTable, describer: Describer, radius: int
    ) -> None:
        digests = table.digests[rows]
        numbers = np.ascontiguousarray(digests).view(">u8").astype(np.uint64)
        order = np.lexsort(numbers.T[::-1])  # by bytes, that is by hex
        ordered = digests[order]
        fresh = np.ones(len(ordered), bool)
        fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        self.distinct: Rows = ordered[fresh]
        self.records = table.records_of(rows[order])
        self._starts = np.append(np.flatnonzero(fresh), len(ordered))
        self._describer = describer
        self._index = radius_index(self.distinct, radius)
        self.step = max(_LEAST_STEP, _MOST_PAIRS // max(1, len(ordered)))

    def search(self, queries: Rows) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Give query numbers, distinct digests, places in ``records`` and distances."""
        query, digest, distance = self._index.search(queries)
        counts = self._starts[digest + 1] - self._starts[digest]
        many = np.repeat(np.arange(len(query)), counts)
        place = expanded(self._starts[digest], counts)
        return query[many], digest[many], place, distance[many]

    def matches(self, algorithm: Algorithm, found: _Found) -> Iterator[tuple[int, Match]]:
        """Give what is reported, in order of picture, distance, digest."""
        chosen = self.nearest(found)
        facts = self._describer.facts(self.records[found.places[chosen]])
        for spot, fact in zip(chosen.tolist(), facts, strict=True):
            match = self._describer.match(
                fact,
                MatchKind.VISUAL,
                algorithm,
                self.distinct[found.digests[spot]].tobytes(),
                distance_bits=int(found.distances[spot]),
                detail=_pdq_detail(fact) if algorithm == Algorithm.PDQ else "",
            )
            yield int(found.pictures[spot]), match

    def nearest(self, found: _Found) -> Numbers:
        """Choose, for each picture, what is reported; in order of picture, distance, digest."""
        pictures, digests, places, distances = found
        codes = self._describer.code_keys(self.records[places])
        order = np.lexsort((self.records[places], digests, distances, pictures))
        keys = np.stack([pictures, digests, codes], axis=1)[order]
        _, first = np.unique(keys, axis=0, return_index=True)
        order = order[np.sort(first)]
        starts = np.searchsorted(pictures[order], np.unique(pictures[order]))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        _, lead = np.unique(np.stack([pictures, codes], axis=1)[order], axis=0, return_index=True)
        leads = np.zeros(len(order), bool)
        leads[lead] = True
        seen = np.cumsum(leads)
        of_picture = seen - np.repeat(seen[starts] - 1, np.diff(np.append(starts, len(order))))
        chosen: Numbers = order[(rank < NEAREST) | (leads & (of_picture <= MOST_CODES))]
        return chosen


class _PdqSearch:
    def __init__(self, pack: OpenPack, table: DigestTable, describer: Describer) -> None:
        rows = np.arange(len(table.digests), dtype=np.int64)
        quality = _quality(pack, table.records_of(rows))
        self._near = _Neighbours(
            rows[quality >= PDQ_MIN_QUALITY], table, describer, PDQ_RADIUS_BITS
        )
        flags = pack.values(layout.FLAGS, self._near.records)
        self.step = self._near.step
        self._recipes = flags >> layout.RECIPE_SHIFT & 3
        self._present = frozenset(np.unique(self._recipes).tolist())

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            (number, pdq)
            for number, picture in enumerate(pictures)
            for pdq in picture.pdq
            if pdq.quality >= PDQ_MIN_QUALITY and self._worth_asking(pdq)
        ]
        if not asked:
            return
        query, digest, place, distance = self._near.search(
            rows_of([pdq.bits for _, pdq in asked], 32)
        )
        same = self._comparable([pdq for _, pdq in asked], query, place)
        picture = np.array([number for number, _ in asked], np.int64)[query[same]]
        yield from self._near.matches(
            Algorithm.PDQ, _Found(picture, digest[same], place[same], distance[same])
        )

    def _worth_asking(self, pdq: Pdq) -> bool:
        given = layout.RECIPES.index(pdq.recipe)
        return _UNKNOWN in {given, *self._present} or given in self._present

    def _comparable(self, asked: list[Pdq], query: Numbers, place: Numbers) -> Numbers:
        """Keep pairs of one recipe; a side that does not say is compared with every recipe."""
        given = np.array([layout.RECIPES.index(pdq.recipe) for pdq in asked], np.int64)[query]
        stated = self._recipes[place]
        return np.flatnonzero((given == stated) | (given == _UNKNOWN) | (stated == _UNKNOWN))


class _PhashSearch:
    def __init__(self, pack: OpenPack, table: DigestTable, describer: Describer) -> None:
        rows = np.arange(len(table.digests), dtype=np.int64)
        records = table.records_of(rows)
        # A record without a PDQ has quality 0 in its flags, and nothing is known against it.
        flat = _quality(pack, records) < PDQ_MIN_QUALITY
        has_pdq = pack.values(layout.FLAGS, records) >> layout.RECIPE_SHIFT & 3 != 0
        usable = _telling(table.digests) & ~(flat & has_pdq)
        self._near = _Neighbours(rows[usable], table, describer, PHASH_RADIUS_BITS)
        self.step = self._near.step

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            number
            for number, picture in enumerate(pictures)
            if picture.pdq and picture.pdq[0].quality >= PDQ_MIN_QUALITY
        ]
        rows = rows_of([pictures[number].phash for number in asked], 8)
        telling = _telling(rows)
        numbers = np.array(asked, np.int64)[telling]
        if len(numbers):
            query, *rest = self._near.search(rows[telling])
            yield from self._near.matches(Algorithm.PHASH, _Found(numbers[query], *rest))


def _pdq_detail(facts: Facts) -> str:
    words = []
    if facts.flags >> layout.RECIPE_SHIFT & 3 == _UNKNOWN:
        words.append("recipe of the record unknown, the nearer one taken")
    if facts.flags >> layout.QUALITY_SHIFT & layout.QUALITY_MASK == layout.QUALITY_UNKNOWN:
        words.append("quality of the record unknown")
    return "; ".join(words)


def _quality(pack: OpenPack, records: Numbers) -> Numbers:
    """Give the stated PDQ quality of records; 127, which passes, where none was stated."""
    return pack.values(layout.FLAGS, records) >> layout.QUALITY_SHIFT & layout.QUALITY_MASK


def _telling(phashes: Rows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which pHashes are neither nearly empty nor nearly full."""
    bits = np.bitwise_count(phashes).sum(axis=1, dtype=np.int64)
    telling: np.ndarray[tuple[int], np.dtype[np.bool_]] = (bits >= PHASH_MIN_SET_BITS) & (
        bits <= PHASH_MAX_SET_BITS
    )
    return telling
