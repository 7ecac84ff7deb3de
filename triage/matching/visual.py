"""Look-alikes: pictures whose PDQ or pHash lies within the radius of a record's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from triage.matching import layout
from triage.matching.describing import Describer
from triage.matching.index import Numbers, Rows, rows_of
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
            yield from search.match(pictures)


class _Neighbours:
    """The eligible digests of one table: distinct ones are indexed once, in their byte order."""

    def __init__(
        self, rows: Numbers, table: DigestTable, describer: Describer, radius: int
    ) -> None:
        digests = table.digests[rows]
        order = np.lexsort(tuple(digests[:, column] for column in range(digests.shape[1]))[::-1])
        ordered = digests[order]
        fresh = np.ones(len(ordered), bool)
        fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        self.distinct: Rows = ordered[fresh]
        self.records = table.records_of(rows[order])
        self._starts = np.append(np.flatnonzero(fresh), len(ordered))
        self._describer = describer
        self._index = radius_index(self.distinct, radius)

    def search(self, queries: Rows) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Give query numbers, distinct digests, places in ``records`` and distances."""
        query, digest, distance = self._index.search(queries)
        counts = self._starts[digest + 1] - self._starts[digest]
        many = np.repeat(np.arange(len(query)), counts)
        ends = np.cumsum(counts)
        first = np.repeat(self._starts[digest] - (ends - counts), counts)
        return query[many], digest[many], first + np.arange(len(many)), distance[many]

    def nearest(
        self, pictures: Numbers, digests: Numbers, places: Numbers, distances: Numbers
    ) -> Numbers:
        """Choose, for each picture, what is reported; in order of picture, distance, digest."""
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
        self._describer = describer
        flags = pack.values(layout.FLAGS, self._near.records)
        self._recipes = flags >> layout.RECIPE_SHIFT & 3
        self._quality = _quality(pack, self._near.records)

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            (number, pdq)
            for number, picture in enumerate(pictures)
            for pdq in picture.pdq
            if pdq.quality >= PDQ_MIN_QUALITY
        ]
        if not asked:
            return
        query, digest, place, distance = self._near.search(
            rows_of([pdq.bits for _, pdq in asked], 32)
        )
        same = self._comparable([pdq for _, pdq in asked], query, place)
        picture = np.array([number for number, _ in asked], np.int64)[query[same]]
        digest, place, distance = digest[same], place[same], distance[same]
        for chosen in self._near.nearest(picture, digest, place, distance).tolist():
            spot = int(place[chosen])
            yield (
                int(picture[chosen]),
                self._describer.match(
                    int(self._near.records[spot]),
                    MatchKind.VISUAL,
                    Algorithm.PDQ,
                    self._near.distinct[digest[chosen]].tobytes(),
                    distance_bits=int(distance[chosen]),
                    detail=self._detail(spot),
                ),
            )

    def _comparable(self, asked: list[Pdq], query: Numbers, place: Numbers) -> Numbers:
        """Keep pairs of one recipe; a side that does not say is compared with every recipe."""
        unknown = layout.RECIPES.index(PdqRecipe.UNKNOWN)
        given = np.array([layout.RECIPES.index(pdq.recipe) for pdq in asked], np.int64)[query]
        stated = self._recipes[place]
        return np.flatnonzero((given == stated) | (given == unknown) | (stated == unknown))

    def _detail(self, spot: int) -> str:
        words = []
        if int(self._recipes[spot]) == layout.RECIPES.index(PdqRecipe.UNKNOWN):
            words.append("recipe of the record unknown, the nearer one taken")
        if int(self._quality[spot]) == layout.QUALITY_UNKNOWN:
            words.append("quality of the record unknown")
        return "; ".join(words)


class _PhashSearch:
    def __init__(self, pack: OpenPack, table: DigestTable, describer: Describer) -> None:
        rows = np.arange(len(table.digests), dtype=np.int64)
        records = table.records_of(rows)
        # A record without a PDQ has quality 0 in its flags, and nothing is known against it.
        flat = _quality(pack, records) < PDQ_MIN_QUALITY
        has_pdq = pack.values(layout.FLAGS, records) >> layout.RECIPE_SHIFT & 3 != 0
        usable = _telling(table.digests) & ~(flat & has_pdq)
        self._near = _Neighbours(rows[usable], table, describer, PHASH_RADIUS_BITS)
        self._describer = describer

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            number
            for number, picture in enumerate(pictures)
            if picture.pdq and picture.pdq[0].quality >= PDQ_MIN_QUALITY
        ]
        rows = rows_of([pictures[number].phash for number in asked], 8)
        telling = _telling(rows)
        numbers = np.array(asked, np.int64)[telling]
        if not len(numbers):
            return
        query, digest, place, distance = self._near.search(rows[telling])
        picture = numbers[query]
        for chosen in self._near.nearest(picture, digest, place, distance).tolist():
            yield (
                int(picture[chosen]),
                self._describer.match(
                    int(self._near.records[place[chosen]]),
                    MatchKind.VISUAL,
                    Algorithm.PHASH,
                    self._near.distinct[digest[chosen]].tobytes(),
                    distance_bits=int(distance[chosen]),
                ),
            )


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
