"""Sort more (prefix, position) pairs than memory should hold: sorted runs on disk, then merged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]

RUN_PAIRS = 2_000_000
"""Pairs held in memory before a run is spilled: 24 MB, and as much again while it is sorted."""
MERGE_PAIRS = 2_000_000
"""Pairs held in memory while runs are merged, all runs together."""

_PAIR = np.dtype([("prefix", "<u8"), ("position", "<u4")])


class PairSorter:
    """Takes pairs in any order and gives them sorted by prefix.

    The order of equal prefixes depends on nothing but the pairs that came in.

    Args:
        folder: for the spilled runs; it must exist.
        stem: start of the names of the runs.
    """

    def __init__(self, folder: Path, stem: str, *, run_pairs: int = RUN_PAIRS) -> None:
        self._folder = folder
        self._stem = stem
        self._run_pairs = run_pairs
        self._held: list[NDArray[np.void]] = []
        self._held_pairs = 0
        self._runs: list[Path] = []

    def add(self, prefixes: U64, first_position: int) -> None:
        """Take prefixes whose positions are consecutive."""
        pairs = np.empty(len(prefixes), _PAIR)
        pairs["prefix"] = prefixes
        pairs["position"] = np.arange(first_position, first_position + len(prefixes))
        self._held.append(pairs)
        self._held_pairs += len(pairs)
        if self._held_pairs >= self._run_pairs:
            self._spill()

    def sorted_blocks(self, *, merge_pairs: int = MERGE_PAIRS) -> Iterator[tuple[U64, U32]]:
        """Give all pairs, by blocks, and delete the runs."""
        if not self._runs:
            yield _split(self._sorted_held())
            return
        if self._held_pairs:
            self._spill()
        runs = [np.memmap(path, _PAIR, "r") for path in self._runs]
        for block in _merged(runs, max(1024, merge_pairs // len(runs))):
            yield _split(block)
        del runs
        for path in self._runs:
            path.unlink(missing_ok=True)

    def _sorted_held(self) -> NDArray[np.void]:
        pairs = np.concatenate([np.empty(0, _PAIR), *self._held])
        self._held, self._held_pairs = [], 0
        return _sorted(pairs)

    def _spill(self) -> None:
        path = self._folder / f"{self._stem}.run{len(self._runs)}"
        self._sorted_held().tofile(path)
        self._runs.append(path)


def _sorted(pairs: NDArray[np.void]) -> NDArray[np.void]:
    return pairs[np.argsort(pairs["prefix"], kind="stable")]


def _split(pairs: NDArray[np.void]) -> tuple[U64, U32]:
    prefixes: U64 = np.ascontiguousarray(pairs["prefix"])
    positions: U32 = np.ascontiguousarray(pairs["position"])
    return prefixes, positions


def _merged(
    runs: list[np.memmap[tuple[int], np.dtype[np.void]]], window: int
) -> Iterator[NDArray[np.void]]:
    """Merge: in each step, all that is not above the lowest end of the windows is final."""
    starts = [0] * len(runs)
    while True:
        windows = [run[start : start + window] for run, start in zip(runs, starts, strict=True)]
        ends = [
            view["prefix"][-1]
            for view, run, start in zip(windows, runs, starts, strict=True)
            if start + len(view) < len(run)
        ]
        if not ends:
            yield _sorted(np.concatenate(windows))
            return
        taken = [int(np.searchsorted(view["prefix"], min(ends), "right")) for view in windows]
        yield _sorted(
            np.concatenate([view[:count] for view, count in zip(windows, taken, strict=True)])
        )
        starts = [start + count for start, count in zip(starts, taken, strict=True)]
