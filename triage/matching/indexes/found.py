"""Pairs of a query and a near digest, as three columns or packed into one number each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers

NUMBER_LIMIT = 1 << 16
"""Queries of a batch: their numbers take 16 bits, a row's takes 32, a distance 8."""

Found = NDArray[np.uint64]
Triple = tuple[Numbers, Numbers, Numbers]
"""Query numbers, row numbers, distances in bits."""

_ROW_SHIFT, _QUERY_SHIFT = np.uint64(8), np.uint64(40)


def packed(query: Numbers, row: Numbers, distance: NDArray[np.uint16]) -> Found:
    """Pack pairs so that their order as numbers is that of query and row."""
    pairs = query.astype(np.uint64) << _QUERY_SHIFT
    pairs |= row.astype(np.uint64) << _ROW_SHIFT
    pairs |= distance
    return pairs


def unpacked(found: Found, first: int) -> Triple:
    """Give the columns of packed pairs, queries counted from ``first``."""
    query = (found >> _QUERY_SHIFT).astype(np.int64) + first
    row = ((found >> _ROW_SHIFT) & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return query, row, (found & np.uint64(0xFF)).astype(np.int64)


def searched(parts: Iterable[Triple]) -> Triple:
    """Put parts together, which stand in the order of their queries."""
    empty = np.empty(0, np.int64)
    columns = list(zip((empty, empty, empty), *parts, strict=True))
    query, row, distance = (np.concatenate(column) for column in columns)
    return query, row, distance
