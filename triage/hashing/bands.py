"""Weighted sums over short runs of rows and columns: how a picture becomes PDQ's 64x64 samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triage.hashing.pdqorder import SAMPLES, window

Array = npt.NDArray[np.float64]
Block = tuple[int, int, npt.NDArray[np.floating]]
"""First pixel, pixel after the last, and weights ``(rows, pixels)`` of some samples together."""

SQUEEZE_SIDE = 512
UNITS = 65536
"""What the weights of a sample add up to, where they are rounded to whole numbers."""
EXACT_SIDE = 32768
"""Up to this side all sums down the columns of 8-bit pixels are whole numbers below 2**24, which
single precision holds exactly, so that neither the order of adding nor the machine matters."""
_GROUPED_SIDE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The weights of the 64 samples along one side.

    Attributes:
        side: pixels there are along this side.
        starts: ``(64,)`` first pixel of each sample.
        taps: ``(64, n)`` weights from there on; zero where a sample needs fewer.
        total: what the weights of one sample add up to.
    """

    side: int
    starts: npt.NDArray[np.int64]
    taps: Array
    total: int


def blocks_of(dtype: type[np.floating], *bands: Band) -> tuple[Block, ...]:
    """Give the weights as dense matrices: for some samples by each of the bands in turn.

    On short sides neighbouring samples are taken together; on long ones a product costs more than
    a call, so there each has its own.
    """
    side = bands[0].side
    group = 8 if side <= _GROUPED_SIDE else 1
    lows = np.min([band.starts[::group] for band in bands], axis=0)
    ends = [band.starts[group - 1 :: group] + band.taps.shape[1] for band in bands]
    highs = np.max(ends, axis=0)
    shape = (len(lows), len(bands), group, int((highs - lows).max()))
    matrices = np.zeros(shape, dtype=dtype)
    which, nth = np.divmod(np.arange(SAMPLES), group)
    for index, band in enumerate(bands):
        places = (band.starts - lows[which])[:, None] + np.arange(band.taps.shape[1])
        matrices[which[:, None], index, nth[:, None], places] = band.taps
    return tuple(
        (int(low), int(high), matrix.reshape(len(bands) * group, -1)[:, : high - low])
        for low, high, matrix in zip(lows, np.minimum(highs, side), matrices, strict=True)
    )


def box_band(side: int) -> Band:
    """Join PDQ's two box passes, whose windows shrink at the edges, to one weighted sum.

    Away from the edges the weights are the whole numbers 1, 2, ..., n, ..., 2, 1.
    """
    full = window(side)
    ahead = (full + 2) // 2
    centres = (2 * np.arange(SAMPLES) + 1) * side // (2 * SAMPLES)
    starts = centres - 2 * (full - ahead)
    reach = 2 * full - 1
    rising = np.minimum(np.arange(1, reach + 1), np.arange(reach, 0, -1))
    taps = np.tile(rising.astype(np.float64), (SAMPLES, 1))
    for index in np.flatnonzero((starts < 0) | (starts + reach > side)):
        start, weights = _cut_weights(int(centres[index]), full, side)
        starts[index], taps[index] = start, 0.0
        taps[index, : len(weights)] = weights * full**2
    return Band(side=side, starts=starts, taps=taps, total=full**2)


def folded(band: Band, scale: int) -> Band:
    """Give the weights for a picture of which ``scale`` x ``scale`` pixels were made one.

    They are whole numbers that add up to ``UNITS``.
    """
    reach = band.taps.shape[1]
    if scale == 1:
        return Band(side=band.side, starts=band.starts, taps=_whole(band.taps), total=UNITS)
    reach = band.taps.shape[1]
    first = band.starts // scale
    edges = (first[:, None] + np.arange((reach - 1) // scale + 3)) * scale - band.starts[:, None]
    sums = np.zeros((SAMPLES, reach + 1))
    np.cumsum(band.taps, axis=1, out=sums[:, 1:])
    taps = np.diff(np.take_along_axis(sums, np.clip(edges, 0, reach), axis=1), axis=1)
    return Band(side=-(-band.side // scale), starts=first, taps=_whole(taps), total=UNITS)


def squeeze_band(side: int, scale: int) -> Band:
    """Join the bilinear squeeze to 512 pixels and PDQ's filter on them to one weighted sum.

    Pillow's bilinear filter is a tent that is never narrower than a pixel of either picture.

    Args:
        side: pixels of the full picture along this side.
        scale: how many of them were made one.
    """
    pixels = -(-side // scale)
    step = side / scale / SQUEEZE_SIDE
    width = max(step, 1.0)
    samples = box_band(SQUEEZE_SIDE)
    squeezed = samples.starts[:, None] + np.arange(samples.taps.shape[1])
    centres = (np.minimum(squeezed, SQUEEZE_SIDE - 1) + 0.5) * step
    starts = np.maximum((centres[:, 0] - width + 0.5).astype(np.int64), 0)
    place = starts[:, None] + np.arange(int(6 * step + 2 * width) + 3)
    tents = 1.0 - np.abs(place[:, None, :] + 0.5 - centres[:, :, None]) / width
    np.maximum(tents, 0.0, out=tents)
    tents *= (place < pixels)[:, None, :]
    tents *= (samples.taps / tents.sum(axis=2))[:, :, None]
    return Band(side=pixels, starts=starts, taps=_whole(tents.sum(axis=1)), total=UNITS)


def _whole(taps: Array) -> Array:
    """Round weights to whole numbers that add up to ``UNITS``; the largest takes what is left."""
    whole = np.rint(taps * (UNITS / taps.sum(axis=1, keepdims=True)))
    whole[np.arange(SAMPLES), whole.argmax(axis=1)] += UNITS - whole.sum(axis=1)
    return np.asarray(whole)


def _cut_weights(centre: int, full: int, side: int) -> tuple[int, Array]:
    """Give first pixel and weights of the sample at ``centre``, windows cut at both edges."""
    ahead = (full + 2) // 2
    second = np.arange(max(centre - full + ahead, 0), min(centre + ahead, side))
    starts, stops = np.maximum(second - full + ahead, 0), np.minimum(second + ahead, side)
    start = int(starts[0])
    edges = np.zeros(int(stops[-1]) - start + 1)
    share = 1.0 / ((stops - starts) * len(second))
    np.add.at(edges, starts - start, share)
    np.add.at(edges, stops - start, -share)
    return start, np.cumsum(edges)[:-1]
