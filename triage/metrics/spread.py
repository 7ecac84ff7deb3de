"""How values lie: mean, percentiles by nearest rank, and how many are older than some days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.metrics.columns import Floats, Ints
from triage.model.kpi import OLDER_THAN_DAYS, Ages, Share, Spread

DAY_S = 86_400


def rank(percent: int, n: int) -> int:
    """Give the place, from 0, of a percentile among ``n`` sorted values: nearest rank.

    The smallest value that at least ``percent`` per cent of the values do not exceed stands at
    place ``ceil(percent * n / 100)``, counted from 1.
    """
    return max((percent * n + 99) // 100, 1) - 1


def spread(values: NDArray[Any] | Sequence[float], scale: float = 1.0) -> Spread:
    """Tell how values lie.

    Args:
        scale: what one of the unit that is told is in the unit of the values.
    """
    return spread_sorted(np.sort(np.asarray(values, np.float64)), scale)


def spread_sorted(ordered: Floats, scale: float = 1.0) -> Spread:
    """Tell how ascending values lie; see :func:`spread`."""
    n = len(ordered)
    if n == 0:
        return Spread()
    total = float(ordered.sum()) / scale
    return Spread(
        n=n,
        total=total,
        mean=total / n,
        p50=float(ordered[rank(50, n)]) / scale,
        p90=float(ordered[rank(90, n)]) / scale,
        max=float(ordered[-1]) / scale,
    )


def ages_sorted(ordered_s: Ints) -> Ages:
    """Tell how ascending ages lie, seconds given, days told."""
    n = len(ordered_s)
    older = tuple(
        (days, Share(part=n - int(ordered_s.searchsorted(days * DAY_S, "right")), whole=n))
        for days in OLDER_THAN_DAYS
    )
    return Ages(days=spread_sorted(ordered_s.astype(np.float64), DAY_S), older=older)
