"""Which digests of a pack are indexed for look-alikes, and by which bands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.matching.eligible import RADIUS_BITS, eligible, recipes, telling
from triage.matching.index import Numbers, Rows
from triage.matching.indexes.bandplan import Band, plan_of
from triage.matching.indexes.bandtable import BandTable, band_table
from triage.model.digest import Algorithm

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a pack holds of one algorithm.

    Attributes:
        digests: in ascending order.
        flags_of: gives the flags of the records of rows.
    """

    algorithm: Algorithm
    digests: Rows
    flags_of: Callable[[Numbers], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is indexed.

    Attributes:
        rows: the first row of each distinct digest that has an eligible record, ascending.
        ends: for each row the end of the run of equal digests; ``None`` where all differ.
        recipes: places in ``layout.RECIPES`` that occur among the eligible records.
    """

    rows: Numbers
    ends: NDArray[np.uint32] | None
    recipes: frozenset[int]


def choice_of(listed: Listed) -> Choice:
    """Choose what is indexed."""
    count = len(listed.digests)
    first, usable = np.ones(count, bool), np.zeros(count, bool)
    present: set[int] = set()
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        rows = listed.digests[max(0, start - 1) : end]
        first[end - len(rows) + 1 : end] = (rows[1:] != rows[:-1]).any(axis=1)
        flags = listed.flags_of(np.arange(start, end, dtype=np.int64))
        good = eligible(listed.algorithm, flags)
        good &= telling(listed.algorithm, listed.digests[start:end])
        usable[start:end] = good
        present.update(np.unique(recipes(flags[good])).tolist())
    if first.all():
        return Choice(rows=np.flatnonzero(usable), ends=None, recipes=frozenset(present))
    starts = np.flatnonzero(first)
    sizes = np.diff(np.append(starts, count))
    chosen = starts[np.logical_or.reduceat(usable, starts)]
    ends = np.repeat((starts + sizes).astype(np.uint32), sizes)
    return Choice(rows=chosen, ends=ends, recipes=frozenset(present))


def tables_of(listed: Listed, rows: Numbers) -> Iterator[tuple[Band, BandTable]]:
    """Build the table of each band, one after another."""
    width_bits = listed.digests.shape[1] * 8
    for band in plan_of(len(rows), width_bits, RADIUS_BITS[listed.algorithm]):
        yield band, band_table(listed.digests, band, rows)


def wanted_of(
    listed: Listed, ends: NDArray[np.uint32] | None
) -> Callable[[Numbers], NDArray[np.bool_]]:
    """Tell which rows are the first of their digest and may be compared by it.

    That no record of such a digest is eligible shows when its records are looked at.
    """

    def wanted(rows: Numbers) -> NDArray[np.bool_]:
        kept = telling(listed.algorithm, listed.digests[rows])
        if ends is not None:
            kept &= (rows == 0) | (ends[rows - 1] != ends[rows])
        return kept

    return wanted
