"""PDQ's filter and transform with every sum in the order and precision of the reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

SAMPLES = 64
"""The picture is brought down to 64x64 samples."""
PASSES = 2
_STRIPE_VALUES = 1 << 20


def _transform() -> Floats:
    """Give the 16x64 cosine transform without its constant row, rounded as the reference does."""
    scale = float(np.float32(np.sqrt(2.0 / SAMPLES)))
    row, column = np.arange(1, 17)[:, None], np.arange(SAMPLES)[None, :]
    angles = (np.pi / 2.0 / SAMPLES) * row * (2 * column + 1)
    return np.asarray(scale * np.cos(angles), dtype=np.float32)


DCT = _transform()


def window(side: int) -> int:
    """Give the length in pixels of the box filter along a side: half of what a sample covers."""
    return (side + 2 * SAMPLES - 1) // (2 * SAMPLES)


def samples_in_order(luma: Floats) -> Floats:
    """Filter luma ``(h, w)`` and pick the 64x64 samples; 64x64 is taken as it is.

    ``luma`` is overwritten: a picture of 200 million pixels takes 800 MB once, not twice.
    """
    height, width = luma.shape
    if (height, width) == (SAMPLES, SAMPLES):
        return luma
    for _ in range(PASSES):
        _box_lines(luma, window(width))
        _box_lines(luma.T, window(height))
    odd = 2 * np.arange(SAMPLES) + 1
    return luma[np.ix_(odd * height // (2 * SAMPLES), odd * width // (2 * SAMPLES))]


def frequencies_in_order(samples: Floats) -> Floats:
    """Give the 16x16 frequencies of the 64x64 samples, term by term."""
    columns = np.zeros((16, SAMPLES), dtype=np.float32)
    for index in range(SAMPLES):
        columns += DCT[:, index, None] * samples[None, index, :]
    both = np.zeros((16, 16), dtype=np.float32)
    for index in range(SAMPLES):
        both += columns[:, index, None] * DCT[None, :, index]
    return both


def _box_lines(values: Floats, full: int) -> None:
    """Average along each line, in place, in stripes so that the running sums need little memory."""
    stripe = max(_STRIPE_VALUES // values.shape[1], 1)
    for start in range(0, len(values), stripe):
        _box_stripe(values[start : start + stripe], full)


def _box_stripe(values: Floats, full: int) -> None:
    """Keep one running sum a row: add the pixel that enters, then take off the one that leaves.

    The window grows at the left edge, slides, and shrinks at the right edge; ``ahead`` of its
    pixels lie at or after the one being written.
    """
    side = values.shape[1]
    ahead = (full + 2) // 2
    sliding = full + 2 * (side - full)
    turns = np.empty((len(values), sliding + ahead - 1), dtype=np.float32)
    turns[:, :full] = values[:, :full]
    turns[:, full:sliding:2] = values[:, full:]
    np.negative(values[:, : side - full], out=turns[:, full + 1 : sliding : 2])
    np.negative(values[:, side - full : side - full + ahead - 1], out=turns[:, sliding:])
    np.cumsum(turns, axis=1, dtype=np.float32, out=turns)
    growing = full - ahead + 1
    counts = np.arange(1, full + 1, dtype=np.float32)
    values[:, :growing] = turns[:, ahead - 1 : full] / counts[ahead - 1 :]
    values[:, growing : growing + side - full] = turns[:, full + 1 : sliding : 2] / counts[-1]
    values[:, growing + side - full :] = turns[:, sliding:] / counts[full - ahead : full - 1][::-1]
