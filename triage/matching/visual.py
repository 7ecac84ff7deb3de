"""Look-alikes: pictures whose PDQ or pHash lies within the radius of a record's.

Pictures that come with the hashes of each turn are asked for as they lie, exactly as all are, and
then turned; what is found as it lies is not told a second time.
"""

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
from triage.matching.turned import upright_of, words_of
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
    "Found",
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
        self._pdq: _Neighbours | None = None
        pdq, phash = pack.table(Algorithm.PDQ), pack.table(Algorithm.PHASH)
        if pdq is not None:
            self._pdq = _Neighbours(pack, pdq, Algorithm.PDQ, describer)
            self._searches.append(_PdqSearch(self._pdq))
        if phash is not None:
            near = _Neighbours(pack, phash, Algorithm.PHASH, describer)
            self._searches.append(_PhashSearch(near))

    def match(self, pictures: Sequence[PictureHashes]) -> Iterator[tuple[int, Match]]:
        """Give (number of the picture, match), for each algorithm the nearest first.

        At most the 20 nearest are given, and for each further code its nearest one, so that many
        harmless neighbours never hide a grave one. What only the picture turned is near to comes
        behind, chosen likewise; its ``detail`` names the turn.
        """
        for search in self._searches:
            yield from search.match(pictures)

    def near_frames(self, queries: Rows) -> Iterator[Found]:
        """Give, in pieces, all pairs of a PDQ and a record within the radius, whatever its recipe.

        Each query stands for one picture; those of too low a quality are the caller's to leave out.
        """
        if self._pdq is not None:
            numbers = np.arange(len(queries), dtype=np.int64)
            yield from self._pdq.pairs(numbers, queries)

    def leading(self, held: Found | None, piece: Found) -> Found | None:
        """Join a piece to what was held, without what cannot be among the nearest of its query."""
        if self._pdq is None or not len(piece.pictures):
            return held
        both = piece if held is None else Found(*map(np.append, held, piece))
        return self._pdq.leading(both)

    def nearest(self, found: Found) -> Iterator[tuple[int, int, int, Facts]]:
        """Choose what is reported of pairs as if all queries were one picture's.

        Yields:
            Query, row of the digest, distance in bits, and facts of the record.
        """
        if self._pdq is None:
            return
        of_one = found._replace(pictures=np.zeros_like(found.pictures))
        chosen = of_one.only(self._pdq.nearest(of_one))
        columns = (chosen.queries, chosen.digests, chosen.distances)
        numbers = zip(*(column.tolist() for column in columns), strict=True)
        for (query, digest, distance), facts in zip(
            numbers, self._pdq.facts(chosen.records), strict=True
        ):
            yield query, digest, distance, facts

    def digest(self, row: int) -> bytes:
        """Give the PDQ of a row."""
        return b"" if self._pdq is None else self._pdq.digest(row)


class Found(NamedTuple):
    """Pictures and the records near them, one number of each column a pair.

    A digest is told by the first row that holds it; rows stand in the order of their bytes.
    """

    pictures: Numbers
    queries: Numbers
    digests: Numbers
    records: Numbers
    distances: Numbers
    flags: Numbers

    def only(self, chosen: Numbers | NDArray[np.bool_]) -> Found:
        """Give some of the pairs."""
        return Found(*(column[chosen] for column in self))


Comparable = Callable[[Found], NDArray[np.bool_]]
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
        self, pictures: Numbers, queries: Rows, comparable: Comparable, words: Sequence[str] = ()
    ) -> Iterator[tuple[int, Match]]:
        """Give what is reported, in order of picture, distance, digest.

        Args:
            pictures: for each query the picture that it belongs to, ascending.
            words: for each query what its matches say of it, if anything.
        """
        held: Found | None = None
        for part in self._near.index.parts(queries):
            for piece in self._pieces(pictures, part):
                found = self.leading(piece.only(comparable(piece)))
                found = found if held is None else Found(*map(np.append, held, found))
                if not len(found.pictures):
                    continue
                # The last picture may go on in the next part.
                last = found.pictures == found.pictures.max()
                yield from self._described(found.only(~last), words)
                held = self.leading(found.only(last))
        if held is not None:
            yield from self._described(held, words)

    def pairs(self, pictures: Numbers, queries: Rows) -> Iterator[Found]:
        """Give all eligible pairs within the radius, a bounded number at a time."""
        for part in self._near.index.parts(queries):
            yield from self._pieces(pictures, part)

    def facts(self, records: Numbers) -> list[Facts]:
        """Give what the pack holds of records."""
        return self._describer.facts(records)

    def digest(self, row: int) -> bytes:
        """Give the digest of a row."""
        return bytes(self._table.digests[row].tobytes())

    def digests_of(self, found: Found) -> Rows:
        """Give the digest of the record of each pair."""
        digests: Rows = self._table.digests[found.digests]
        return digests

    def _flags_of(self, rows: Numbers) -> Numbers:
        return self._pack.values(layout.FLAGS, self._table.records_of(rows))

    def _pieces(
        self, pictures: Numbers, pairs: tuple[Numbers, Numbers, Numbers]
    ) -> Iterator[Found]:
        """Give the eligible records of near digests, a bounded number at a time."""
        counts = self._near.ends_of(pairs[1]) - pairs[1]
        for part in bounded_parts(counts, _MOST_PAIRS):
            many = np.repeat(np.arange(part.start, part.stop), counts[part])
            query, digest, distance = (column[many] for column in pairs)
            record = self._table.records_of(expanded(pairs[1][part], counts[part]))
            flags = self._pack.values(layout.FLAGS, record)
            found = Found(pictures[query], query, digest, record, distance, flags)
            yield found.only(eligible(self.algorithm, flags))

    def leading(self, found: Found) -> Found:
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

    def _described(self, found: Found, words: Sequence[str]) -> Iterator[tuple[int, Match]]:
        if not len(found.pictures):
            return
        chosen = found.only(self.nearest(found))
        facts = self._describer.facts(chosen.records)
        for spot, fact in enumerate(facts):
            said = [words[chosen.queries[spot]]] if words else []
            said += _pdq_words(fact) if self.algorithm == Algorithm.PDQ else []
            match = self._describer.match(
                fact,
                MatchKind.VISUAL,
                self.algorithm,
                self._table.digests[chosen.digests[spot]].tobytes(),
                distance_bits=int(chosen.distances[spot]),
                detail="; ".join(said),
            )
            yield int(chosen.pictures[spot]), match

    def nearest(self, found: Found) -> Numbers:
        """Choose, for each picture, what is reported; in order of picture, distance, digest."""
        pictures, digests = found.pictures, found.digests
        codes = self._describer.code_keys(found.records)
        order = np.lexsort((found.queries, found.records, digests, found.distances, pictures))
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
            (number, nth, pdq)
            for number, picture in enumerate(pictures)
            for nth, pdq in enumerate(picture.pdq)
            if pdq.quality >= PDQ_MIN_QUALITY and self._worth_asking(pdq)
        ]
        if not asked:
            return
        given = np.array([layout.RECIPES.index(pdq.recipe) for _, _, pdq in asked], np.int64)
        numbers = np.array([number for number, _, _ in asked], np.int64)
        queries = rows_of([pdq.bits for _, _, pdq in asked], 32)
        yield from self._near.matches(
            numbers, queries, lambda found: _comparable(given[found.queries], recipes(found.flags))
        )
        yield from self._match_turned(pictures, asked)

    def _match_turned(
        self, pictures: Sequence[PictureHashes], asked: Sequence[tuple[int, int, Pdq]]
    ) -> Iterator[tuple[int, Match]]:
        as_they_lie: dict[int, list[tuple[bytes, int]]] = {}
        for number, _, pdq in asked:
            hashes = as_they_lie.setdefault(number, [])
            hashes.append((pdq.bits, layout.RECIPES.index(pdq.recipe)))
        turned = [
            (number, layout.RECIPES.index(pdq.recipe), one.pdq[nth], words_of(one.turn))
            for number, nth, pdq in asked
            for one in pictures[number].turned
        ]
        if not turned:
            return
        upright = upright_of([as_they_lie[number] for number, _, _, _ in turned], 32)
        given = np.array([recipe for _, recipe, _, _ in turned], np.int64)

        def counts(found: Found) -> NDArray[np.bool_]:
            stated = recipes(found.flags)
            near = upright.near(found.queries, self._near.digests_of(found), PDQ_RADIUS_BITS)
            near &= _comparable(upright.recipes[found.queries], stated[:, None])
            return np.asarray(_comparable(given[found.queries], stated) & (near.sum(axis=1) == 0))

        numbers = np.array([number for number, _, _, _ in turned], np.int64)
        queries = rows_of([bits for _, _, bits, _ in turned], 32)
        words = [words for _, _, _, words in turned]
        yield from self._near.matches(numbers, queries, counts, words)

    def _worth_asking(self, pdq: Pdq) -> bool:
        given, present = layout.RECIPES.index(pdq.recipe), self._near.recipes
        return _UNKNOWN in {given, *present} or given in present


def _comparable(asked: Numbers, stated: Numbers) -> NDArray[np.bool_]:
    """Tell pairs of one recipe; a side that does not say is compared with every recipe."""
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
        yield from self._match_turned(pictures, asked, frozenset(numbers.tolist()))

    def _match_turned(
        self,
        pictures: Sequence[PictureHashes],
        asked: Sequence[int],
        upright_asked: frozenset[int],
    ) -> Iterator[tuple[int, Match]]:
        turned = [(number, one) for number in asked for one in pictures[number].turned]
        rows = rows_of([one.phash for _, one in turned], 8)
        usable = np.flatnonzero(telling(Algorithm.PHASH, rows))
        if not len(usable):
            return
        kept = [turned[spot] for spot in usable]
        upright = upright_of(
            [[(pictures[one].phash, 0)] if one in upright_asked else [] for one, _ in kept], 8
        )

        def counts(found: Found) -> NDArray[np.bool_]:
            digests = self._near.digests_of(found)
            near = upright.near(found.queries, digests, PHASH_RADIUS_BITS)
            return np.asarray(near.sum(axis=1) == 0)

        numbers = np.array([number for number, _ in kept], np.int64)
        words = [words_of(one.turn) for _, one in kept]
        yield from self._near.matches(numbers, rows[usable], counts, words)


def _pdq_words(facts: Facts) -> list[str]:
    words = []
    if facts.flags >> layout.RECIPE_SHIFT & 3 == _UNKNOWN:
        words.append("recipe of the record unknown, the nearer one taken")
    if facts.flags >> layout.QUALITY_SHIFT & layout.QUALITY_MASK == layout.QUALITY_UNKNOWN:
        words.append("quality of the record unknown")
    return words
