"""Look-alikes: pictures whose PDQ or pHash lies within the radius of a record's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.describing import Describer, Facts
from triage.matching.eligible import (
    PDQ_MIN_QUALITY,
    PDQ_RADIUS_BITS,
    PHASH_MAX_SET_BITS,
    PHASH_MIN_SET_BITS,
    PHASH_RADIUS_BITS,
    eligible,
    recipes,
    telling,
)
from triage.matching.index import Numbers, Rows, bounded_parts, expanded, rows_of
from triage.matching.near import near_of
from triage.matching.nearchoice import Listed
from triage.matching.pack import DigestTable, OpenPack
from triage.model.digest import Algorithm, Pdq, PdqRecipe, PictureHashes
from triage.model.match import Match, MatchKind

__all__ = [
    "MOST_CODES",
    "NEAREST",
    "PDQ_MIN_QUALITY",
    "PDQ_RADIUS_BITS",
    "PHASH_MAX_SET_BITS",
    "PHASH_MIN_SET_BITS",
    "PHASH_RADIUS_BITS",
    "VisualMatcher",
]

NEAREST = 20
"""Look-alikes reported for a picture, a pack and an algorithm."""
MOST_CODES = 100
"""Codes of which the nearest look-alike is reported even behind the nearest 20."""

_UNKNOWN = layout.RECIPES.index(PdqRecipe.UNKNOWN)
# A list of one picture in a million variants, all of them near, must not fill the memory.
_MOST_PAIRS = 1_000_000
_DISTANCES = 256


class VisualMatcher:
    """Searches one pack by PDQ and by pHash."""

    def __init__(self, pack: OpenPack) -> None:
        describer = Describer(pack)
        self._searches: list[_PdqSearch | _PhashSearch] = []
        pdq, phash = pack.table(Algorithm.PDQ), pack.table(Algorithm.PHASH)
        if pdq is not None:
            self._searches.append(_PdqSearch(_Neighbours(pack, pdq, Algorithm.PDQ, describer)))
        if phash is not None:
            near = _Neighbours(pack, phash, Algorithm.PHASH, describer)
            self._searches.append(_PhashSearch(near))

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        """Give (number of the picture, match), for each algorithm the nearest first.

        At most the 20 nearest are given, and for each further code its nearest one, so that many
        harmless neighbours never hide a grave one.
        """
        for search in self._searches:
            yield from search.match(pictures)


class _Found(NamedTuple):
    """Pictures and the records near them, one number of each column a pair.

    A digest is told by the first row that holds it; rows stand in the order of their bytes.
    """

    pictures: Numbers
    queries: Numbers
    digests: Numbers
    records: Numbers
    distances: Numbers
    flags: Numbers

    def only(self, chosen: Numbers | NDArray[np.bool_]) -> _Found:
        return _Found(*(column[chosen] for column in self))


Comparable = Callable[[_Found], NDArray[np.bool_]]
"""Tells which pairs may be compared."""


class _Neighbours:
    """The digests of one algorithm in one pack, with their index."""

    def __init__(
        self, pack: OpenPack, table: DigestTable, algorithm: Algorithm, describer: Describer
    ) -> None:
        self.algorithm = algorithm
        self._pack = pack
        self._table = table
        self._describer = describer
        listed = Listed(algorithm=algorithm, digests=table.digests, flags_of=self._flags_of)
        self._near = near_of(listed, pack.column)
        self.recipes = self._near.recipes

    def matches(
        self, pictures: Numbers, queries: Rows, comparable: Comparable
    ) -> Iterator[tuple[int, Match]]:
        """Give what is reported, in order of picture, distance, digest.

        Args:
            pictures: for each query the picture that it belongs to, ascending.
        """
        held: _Found | None = None
        for part in self._near.index.parts(queries):
            for piece in self._pieces(pictures, part):
                found = self._leading(piece.only(comparable(piece)))
                found = found if held is None else _Found(*map(np.append, held, found))
                if not len(found.pictures):
                    continue
                # The last picture may go on in the next part.
                last = found.pictures == found.pictures.max()
                yield from self._described(found.only(~last))
                held = self._leading(found.only(last))
        if held is not None:
            yield from self._described(held)

    def _flags_of(self, rows: Numbers) -> Numbers:
        return self._pack.values(layout.FLAGS, self._table.records_of(rows))

    def _pieces(
        self, pictures: Numbers, pairs: tuple[Numbers, Numbers, Numbers]
    ) -> Iterator[_Found]:
        """Give the eligible records of near digests, a bounded number at a time."""
        counts = self._near.ends_of(pairs[1]) - pairs[1]
        for part in bounded_parts(counts, _MOST_PAIRS):
            many = np.repeat(np.arange(part.start, part.stop), counts[part])
            query, digest, distance = (column[many] for column in pairs)
            record = self._table.records_of(expanded(pairs[1][part], counts[part]))
            flags = self._pack.values(layout.FLAGS, record)
            found = _Found(pictures[query], query, digest, record, distance, flags)
            yield found.only(eligible(self.algorithm, flags))

    def _leading(self, found: _Found) -> _Found:
        """Drop pairs that cannot be reported: 20 nearer digests of the same code are there."""
        if len(found.queries) <= NEAREST:
            return found
        codes = self._describer.code_keys(found.records)
        _, code = np.unique(codes, return_inverse=True)
        _, group = np.unique(found.queries * (code.max() + 1) + code, return_inverse=True)
        # A digest counts once, for the code of its first record: too few is on the safe side.
        fresh = np.ones(len(group), bool)
        fresh[1:] = (found.digests[1:] != found.digests[:-1]) | (np.diff(found.queries) != 0)
        cells = group * _DISTANCES + np.minimum(found.distances, _DISTANCES - 1)
        counts = np.bincount(cells[fresh], minlength=(group.max() + 1) * _DISTANCES)
        within = counts.reshape(-1, _DISTANCES).cumsum(axis=1)
        furthest = (within < NEAREST).sum(axis=1)
        return found.only(found.distances <= furthest[group])

    def _described(self, found: _Found) -> Iterator[tuple[int, Match]]:
        if not len(found.pictures):
            return
        chosen = found.only(self.nearest(found))
        facts = self._describer.facts(chosen.records)
        for spot, fact in enumerate(facts):
            match = self._describer.match(
                fact,
                MatchKind.VISUAL,
                self.algorithm,
                self._table.digests[chosen.digests[spot]].tobytes(),
                distance_bits=int(chosen.distances[spot]),
                detail=_pdq_detail(fact) if self.algorithm == Algorithm.PDQ else "",
            )
            yield int(chosen.pictures[spot]), match

    def nearest(self, found: _Found) -> Numbers:
        """Choose, for each picture, what is reported; in order of picture, distance, digest."""
        pictures, digests = found.pictures, found.digests
        codes = self._describer.code_keys(found.records)
        order = np.lexsort((found.records, digests, found.distances, pictures))
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
    def __init__(self, near: _Neighbours) -> None:
        self._near = near

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            (number, pdq)
            for number, picture in enumerate(pictures)
            for pdq in picture.pdq
            if pdq.quality >= PDQ_MIN_QUALITY and self._worth_asking(pdq)
        ]
        if not asked:
            return
        given = np.array([layout.RECIPES.index(pdq.recipe) for _, pdq in asked], np.int64)
        numbers = np.array([number for number, _ in asked], np.int64)
        queries = rows_of([pdq.bits for _, pdq in asked], 32)
        yield from self._near.matches(numbers, queries, lambda found: _comparable(given, found))

    def _worth_asking(self, pdq: Pdq) -> bool:
        given, present = layout.RECIPES.index(pdq.recipe), self._near.recipes
        return _UNKNOWN in {given, *present} or given in present


def _comparable(given: Numbers, found: _Found) -> NDArray[np.bool_]:
    """Keep pairs of one recipe; a side that does not say is compared with every recipe."""
    asked, stated = given[found.queries], recipes(found.flags)
    kept: NDArray[np.bool_] = (asked == stated) | (asked == _UNKNOWN) | (stated == _UNKNOWN)
    return kept


class _PhashSearch:
    def __init__(self, near: _Neighbours) -> None:
        self._near = near

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        asked = [
            number
            for number, picture in enumerate(pictures)
            if picture.pdq and picture.pdq[0].quality >= PDQ_MIN_QUALITY
        ]
        rows = rows_of([pictures[number].phash for number in asked], 8)
        usable = telling(Algorithm.PHASH, rows)
        numbers = np.array(asked, np.int64)[usable]
        if len(numbers):
            yield from self._near.matches(
                numbers, rows[usable], lambda found: np.ones(len(found.queries), bool)
            )


def _pdq_detail(facts: Facts) -> str:
    words = []
    if facts.flags >> layout.RECIPE_SHIFT & 3 == _UNKNOWN:
        words.append("recipe of the record unknown, the nearer one taken")
    if facts.flags >> layout.QUALITY_SHIFT & layout.QUALITY_MASK == layout.QUALITY_UNKNOWN:
        words.append("quality of the record unknown")
    return "; ".join(words)
