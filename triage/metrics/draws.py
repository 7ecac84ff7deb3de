"""Draws of weeks from a unit's own history, the same on every machine for the same seed.

Numbers are taken from the raw stream of PCG64, which NumPy keeps the same for ever (its NEP 19);
what it makes of them in its distributions may change from one version to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
BLOCK_WEEKS = 4
"""Weeks that are drawn together: a month's holidays, and what comes after them, stay together."""


class Draws:
    """A stream of draws."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.PCG64(seed)

    def below(self, limit: int, shape: tuple[int, int]) -> Numbers:
        """Give whole numbers from 0 up to, and without, ``limit``, all equally likely."""
        raw = self._source.random_raw(shape[0] * shape[1]) >> np.uint64(32)
        return ((raw * np.uint64(limit)) >> np.uint64(32)).astype(np.int64).reshape(shape)

    def weeks(self, there: int, *, runs: int, ahead: int) -> Numbers:
        """Draw for each run which week of history stands for each week to come.

        A history is one of many that might have been: it would be false certainty to take its mean
        for the true one. So each run first draws a history of the same length from that which
        was, then its future from that (two circular block bootstraps, one in the other).

        Args:
            there: weeks of history.

        Returns:
            Numbers of weeks, shape ``(runs, ahead)``.
        """
        might_have_been = self._blocks(there, runs, there)
        return np.take_along_axis(might_have_been, self._blocks(there, runs, ahead), axis=1)

    def _blocks(self, there: int, runs: int, weeks: int) -> Numbers:
        length = min(BLOCK_WEEKS, there)
        starts = self.below(there, (runs, -(-weeks // length)))
        inside = np.arange(length, dtype=np.int64)
        drawn = (starts[:, :, None] + inside) % there
        return drawn.reshape(runs, -1)[:, :weeks]
