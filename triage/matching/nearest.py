"""The nearest of some PDQ hashes to each of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from triage.matching.eligible import PDQ_RADIUS_BITS
from triage.matching.index import rows_of
from triage.matching.indexes import radius_index
from triage.matching.stacking import WIDTH_BYTES

_ASKED = 1024


def nearest(
    asked: Sequence[bytes], among: Sequence[bytes], radius: int = PDQ_RADIUS_BITS
) -> list[tuple[int, int] | None]:
    """Give for each hash the place of the nearest one and its distance in bits.

    Of equally near ones the first in order of ``among`` is given; ``None`` where none lies within
    the radius. The answer for one hash does not depend on what else is asked.

    Args:
        asked: 32 bytes each; ``among``: the same, of the same recipe.
    """
    found: list[tuple[int, int] | None] = [None] * len(asked)
    if not asked or not among:
        return found
    rows, first = np.unique(rows_of(list(among), WIDTH_BYTES), axis=0, return_index=True)
    index = radius_index(rows, radius)
    for start in range(0, len(asked), _ASKED):
        part = rows_of(list(asked[start : start + _ASKED]), WIDTH_BYTES)
        query, row, distance = index.search(part)
        place = first[row]
        order = np.lexsort((place, distance, query))
        query, place, distance = query[order], place[order], distance[order]
        leads = np.ones(len(query), bool)
        leads[1:] = query[1:] != query[:-1]
        for at in np.flatnonzero(leads).tolist():
            found[start + int(query[at])] = int(place[at]), int(distance[at])
    return found
