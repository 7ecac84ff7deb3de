"""Pillow's Lanczos scaling of a grey picture to 32x32 pixels, bit for bit, as exact sums."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from triage.hashing.phash import SIDE

Grey = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]
Blocks = tuple[tuple[int, int, npt.NDArray[np.float32]], ...]

_LOBES = 3.0
_FRACTION = 1 << 22
"""Pillow's weights are whole numbers of this fraction; 8-bit pixels times these, and all their
sums, are whole numbers below 2**53, which double precision holds exactly in any order."""
_GROUP = 8
_STRIPE_VALUES = 1 << 17
_KEPT_SIDES = 512


def thumbnail(grey: Grey, width: float, height: float) -> Grey:
    """Scale along one side, round to whole grey levels, then scale along the other.

    Columns go first where that saves more, by Pillow's rule.

    Args:
        grey: ``(h, w)``.
        width: pixels along the rows that the thumbnail covers, up to ``w``; less where the last
            column stands for a part of what the others do.
        height: the same along the columns.

    Returns:
        ``(32, 32)``.
    """
    if len(grey) - SIDE > max(2 * (grey.shape[1] - SIDE), 0):
        return _scaled_rows(_turned(_scaled_rows(_turned(grey), height)), width)
    return _turned(_scaled_rows(_turned(_scaled_rows(grey, width)), height))


def _turned(grey: Grey) -> Grey:
    return np.ascontiguousarray(grey.T)


def _scaled_rows(grey: Grey, width: float) -> Grey:
    side = grey.shape[1]
    if side == SIDE == width:
        return grey
    sums = np.empty((len(grey), SIDE))
    blocks = [(low, end, kept.astype(np.float64)) for low, end, kept in _blocks(side, width)]
    stripe = max(_STRIPE_VALUES // side, 1)
    for start in range(0, len(grey), stripe):
        values = grey[start : start + stripe].astype(np.float64)
        for index, (low, end, weights) in enumerate(blocks):
            place = slice(index * _GROUP, (index + 1) * _GROUP)
            np.matmul(values[:, low:end], weights, out=sums[start : start + stripe, place])
    sums += _FRACTION / 2
    sums /= _FRACTION
    return np.clip(np.floor(sums), 0, 255).astype(np.uint8)


@lru_cache(maxsize=_KEPT_SIDES)
def _blocks(side: int, width: float) -> Blocks:
    """Give the weights of eight neighbouring pixels of the thumbnail at a time, ``(pixels, 8)``.

    Kept in single precision, which holds whole numbers up to 2**24.
    """
    lows, weights = _weights(side, width)
    blocks = []
    for start in range(0, SIDE, _GROUP):
        low, last = int(lows[start]), start + _GROUP - 1
        end = min(int(lows[last]) + weights.shape[1], side)
        matrix = np.zeros((int(lows[last]) + weights.shape[1] - low, _GROUP), dtype=np.float32)
        for index in range(_GROUP):
            first = int(lows[start + index]) - low
            matrix[first : first + weights.shape[1], index] = weights[start + index]
        blocks.append((low, end, matrix[: end - low]))
    return tuple(blocks)


def _weights(side: int, width: float) -> tuple[npt.NDArray[np.int64], Array]:
    """Give first pixels ``(32,)`` and whole weights ``(32, n)``, as Pillow works them out."""
    step = width / SIDE
    narrowing = max(step, 1.0)
    support = _LOBES * narrowing
    centres = (np.arange(SIDE) + 0.5) * step
    lows = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    counts = np.minimum((centres + support + 0.5).astype(np.int64), side) - lows
    place = np.arange(int(counts.max()))
    distance = (place + lows[:, None] - centres[:, None] + 0.5) * (1.0 / narrowing)
    weights = np.where(np.abs(distance) < _LOBES, np.sinc(distance) * np.sinc(distance / 3.0), 0.0)
    weights = np.where(place < counts[:, None], weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    return lows, np.trunc(weights * _FRACTION + np.copysign(0.5, weights))
