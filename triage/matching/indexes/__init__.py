"""The indexes, and which one serves how many rows."""

from __future__ import annotations

from triage.matching.index import RadiusIndex, Rows
from triage.matching.indexes.bandsearch import BandRadius
from triage.matching.indexes.exact import ExactIndex
from triage.matching.indexes.linear import LinearEqual, LinearRadius
from triage.matching.indexes.scanning import ChosenScan, ScanRadius

__all__ = [
    "SCAN_ROWS",
    "BandRadius",
    "ChosenScan",
    "ExactIndex",
    "LinearEqual",
    "LinearRadius",
    "ScanRadius",
    "radius_index",
]

SCAN_ROWS = 500
"""Up to here a scan of all rows is at least as fast as the look-up by bands (measured)."""


def radius_index(rows: Rows, radius: int) -> RadiusIndex:
    """Give the index that is fastest for so many rows; both give the same answers."""
    return ScanRadius(rows, radius) if len(rows) <= SCAN_ROWS else BandRadius.of(rows, radius)
