"""Groups near-duplicate pictures into stacks: every member lies within a radius of one leader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.matching.eligible import (
    PDQ_MIN_QUALITY,
    PDQ_RADIUS_BITS,
    PHASH_MAX_SET_BITS,
    PHASH_MIN_SET_BITS,
)
from triage.matching.index import Numbers, RadiusIndex, Rows, rows_of
from triage.matching.indexes import radius_index
from triage.model.digest import Pdq

WIDTH_BYTES = 32
_MOST_ASKED, _LEAST_ASKED = 1024, 16
_CENTRES_ASKED = 16
_PAIRS_ASKED_FOR = 1 << 19
_COUNTED_ROWS = 1 << 14


class Place(NamedTuple):
    """Where a picture was put: the PDQ of its stack's leader, and how far from it, in bits."""

    leader: bytes
    distance_bits: int


def tells(pdq: Pdq, phash: bytes) -> bool:
    """Tell whether a picture has features to compare: the gate that matching has, too."""
    bits = int.from_bytes(phash, "big").bit_count()
    return pdq.quality >= PDQ_MIN_QUALITY and PHASH_MIN_SET_BITS <= bits <= PHASH_MAX_SET_BITS


def stacked(hashes: Sequence[bytes], radius: int = PDQ_RADIUS_BITS) -> list[Place]:
    """Put every PDQ of one recipe in a stack; equal ones are one.

    Laws: a leader leads itself; nothing is further than ``radius`` from its leader, and no other
    leader is nearer; leaders are further than ``radius`` from each other; so what is further apart
    than twice the radius shares no stack. The result is a function of the set of hashes.

    Args:
        hashes: 32 bytes each, in any order.

    Returns:
        The place of each, in the order given.
    """
    if not hashes:
        return []
    rows, inverse = np.unique(rows_of(list(hashes), WIDTH_BYTES), axis=0, return_inverse=True)
    work = _Work(rows, radius)
    work.run()
    leaders, distances = work.leader.tolist(), work.distance.tolist()
    return [Place(rows[leaders[at]].tobytes(), distances[at]) for at in inverse.ravel().tolist()]


class _Work:
    """Leaders are found in rounds, in the order of the hashes.

    A round asks the index for the neighbours of some that no leader has yet, and that are further
    than the radius from each other: however large a family of near copies is, it is asked about a
    few times, and never by each of its members. What a round asks for gives way to the one in the
    middle of its neighbours where that has more of them: a copy that lies at the edge of its family
    would cut it in two.

    Attributes:
        leader: row number of the nearest leader so far; of equally near ones the first.
        distance: bits to it; more than the radius where there is none.
    """

    def __init__(self, rows: Rows, radius: int) -> None:
        self._rows = rows
        self._radius = radius
        self._index: RadiusIndex = radius_index(rows, radius)
        self._first = 0
        self.leader = np.full(len(rows), -1, np.int64)
        self.distance = np.full(len(rows), radius + 1, np.int64)

    def run(self) -> None:
        """Find leaders until everything has one."""
        most = _LEAST_ASKED
        while len(waiting := self._waiting(most)):
            asked = waiting[_apart(self._rows[waiting], self._radius)]
            query, row, distance = self._index.search(self._rows[asked])
            self._round(asked, query, row, distance)
            fits = _PAIRS_ASKED_FOR * len(asked) // max(1, len(row))
            most = max(_LEAST_ASKED, min(_MOST_ASKED, 2 * most, fits))

    def _waiting(self, most: int) -> Numbers:
        """Give the first rows that have no leader, at most so many."""
        found: list[Numbers] = []
        count, start, step = 0, self._first, max(4 * most, 4096)
        while count < most and start < len(self._rows):
            free = np.flatnonzero(self.leader[start : start + step] < 0) + start
            found.append(free)
            count, start = count + len(free), start + step
        waiting = np.concatenate([np.empty(0, np.int64), *found])[:most]
        self._first = int(waiting[0]) if len(waiting) else len(self._rows)
        return waiting

    def _round(self, asked: Numbers, query: Numbers, row: Numbers, distance: Numbers) -> None:
        free = self.leader[row] < 0
        many = np.bincount(query[free], minlength=len(asked)) > 1
        alone = ~many[query]
        self._lead(asked[query[alone]], row[alone], distance[alone])
        cuts = np.searchsorted(query, np.arange(len(asked) + 1))
        found = self._centres(asked, many, row, cuts)
        centres = np.array([centre for _, centre in found], np.int64)
        for (place, centre), around in zip(found, self._around(centres), strict=True):
            own, here = int(asked[place]), slice(cuts[place], cuts[place + 1])
            chosen = max((own, row[here], distance[here]), (centre, *around), key=self._gain)
            if self._gain(chosen):
                self._lead(np.full(len(chosen[1]), chosen[0]), *chosen[1:])

    def _gain(self, leader: tuple[int, Numbers, Numbers]) -> int:
        """Count what would have a leader that has none; 0 where it has one itself."""
        row, near, _ = leader
        return int((self.leader[near] < 0).sum()) if self.leader[row] < 0 else 0

    def _centres(
        self, asked: Numbers, many: NDArray[np.bool_], row: Numbers, cuts: Numbers
    ) -> list[tuple[int, int]]:
        """Give (place in the round, row in the middle of its free neighbours) of those with any.

        What lies near several counts for the first of them.
        """
        claimed = np.zeros(len(self._rows), bool)
        centres = []
        for place in np.flatnonzero(many).tolist():
            near = row[cuts[place] : cuts[place + 1]]
            group = near[(self.leader[near] < 0) & ~claimed[near] & (near != asked[place])]
            claimed[group] = True
            centres.append((place, self._middle(group) if len(group) else int(asked[place])))
        return centres

    def _middle(self, group: Numbers) -> int:
        """Give the member nearest to the majority of the members in each bit."""
        counts = np.zeros(8 * WIDTH_BYTES, np.int64)
        parts = [group[at : at + _COUNTED_ROWS] for at in range(0, len(group), _COUNTED_ROWS)]
        for part in parts:
            counts += np.unpackbits(self._rows[part], axis=1).sum(axis=0, dtype=np.int64)
        middle = np.packbits(2 * counts > len(group))
        apart = [np.bitwise_count(self._rows[part] ^ middle).sum(axis=1) for part in parts]
        return int(group[np.argmin(np.concatenate(apart))])

    def _around(self, centres: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
        """Give the neighbours of each and their distances, asked for a few at a time."""
        for start in range(0, len(centres), _CENTRES_ASKED):
            part = centres[start : start + _CENTRES_ASKED]
            query, row, distance = self._index.search(self._rows[part])
            for low, high in pairwise(np.searchsorted(query, np.arange(len(part) + 1)).tolist()):
                yield row[low:high], distance[low:high]

    def _lead(self, leader: Numbers, row: Numbers, distance: Numbers) -> None:
        """Give rows a leader where it is nearer than the one that they have."""
        order = np.lexsort((leader, distance, row))
        leader, row, distance = leader[order], row[order], distance[order]
        first = np.ones(len(row), bool)
        first[1:] = row[1:] != row[:-1]
        better = first & (distance < self.distance[row])
        self.leader[row[better]] = leader[better]
        self.distance[row[better]] = distance[better]


def _apart(rows: Rows, radius: int) -> Numbers:
    """Choose rows in order, leaving out what lies within the radius of one chosen before."""
    words = np.ascontiguousarray(rows).view(np.uint64)
    distance = np.zeros((len(rows), len(rows)), np.uint16)
    for column in range(words.shape[1]):
        distance += np.bitwise_count(words[:, column, None] ^ words[None, :, column])
    near = distance <= radius
    left_out = np.zeros(len(rows), bool)
    for number in np.flatnonzero(near.sum(axis=1) > 1).tolist():
        if not left_out[number]:
            left_out |= near[number]
            left_out[number] = False
    return np.flatnonzero(~left_out)
