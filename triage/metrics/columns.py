"""Columns of a history as arrays: moments, figures, and words as numbers of their groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.model.history import History

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LATEST_S = 1 << 40
"""Moments are kept below this, some 35,000 years away, so that sums of them stay whole numbers."""


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words: ``names[codes[row]]`` is the word of a row."""

    names: tuple[str, ...]
    codes: Ints


def whole(history: History, name: str) -> Ints:
    """Give a column of whole numbers; -1 throughout where the history has none of that name."""
    column = history.columns.get(name)
    if column is None:
        return np.full(len(history), -1, np.int64)
    return np.asarray(column, np.int64)


def moments(history: History, name: str) -> Ints:
    """Give a column of moments, -1 where there is none."""
    return np.clip(whole(history, name), -1, LATEST_S)


def figures(history: History, name: str) -> Floats:
    """Give a column of figures, -1 where there is none."""
    return np.asarray(history.columns[name], np.float64)


def flags(history: History, name: str) -> Flags:
    """Give a column of yes and no."""
    return np.asarray(history.columns[name], np.bool_)


def words(column: Sequence[str], *, same: Mapping[str, str] | None = None) -> Words:
    """Number the distinct words of a column in the order in which they turn up.

    Args:
        same: words that mean another one.
    """
    # Ten times as fast as sorting 100,000 words: a unit uses a few dozen of them.
    number = _Numbering()
    codes = np.fromiter(map(number.__getitem__, column), np.int64, len(column))
    if not same:
        return Words(tuple(number), codes)
    meant = words([same.get(word, word) for word in number])
    return Words(meant.names, meant.codes[codes])


class _Numbering(dict[str, int]):
    """Numbers words from 0 as they are asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def named(history: History, rows: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401  (an array)
    """Give case and exhibit of some rows, in their order."""
    case, exhibit = history.columns["case"], history.columns["exhibit"]
    return tuple((case[row], exhibit[row]) for row in map(int, rows))
