"""PDQ, the 256-bit perceptual hash with a quality, from pixels that are in memory.

Definition: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook,
2019) and its reference implementation. Luma; two passes of a box filter along rows and columns;
64x64 samples; 16x16 low frequencies of a cosine transform without the constant one; a bit says
whether a frequency lies above the (lower) median.

Filter and sampling are linear and separable, so each sample is one weighted sum over a short run
of rows and then of columns (``_fast_samples``). The reference adds in single precision, one pixel
after the other, and a frequency that lies on the median by less than that rounding is decided by
the order of its sums. Such a picture is noticed and done again in exactly that order
(:mod:`triage.hashing.pdqorder`), so the outcome is the reference's in every case.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from triage.hashing.pdqorder import DCT, SAMPLES, frequencies_in_order, samples_in_order
from triage.hashing.pdqorder import window as window_of
from triage.model.digest import Pdq, PdqRecipe

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8] | Floats

MIN_SIDE = 5
"""Below this many pixels a side the reference gives no hash (all bits 0, quality 0)."""

_SAMPLE_DOUBT = 6e-3
"""Largest difference, in grey levels, between the reference's rounding and ours that is allowed
for: over twice the largest seen, 0.0026."""
_FREQUENCY_DOUBT = 3e-2
_CACHED_SIDE = 16384
_STRIPE_PIXELS = 1 << 20


def pdq_of_pixels(pixels: Pixels) -> tuple[bytes, int]:
    """Hash a picture as it is, without scaling it first.

    Args:
        pixels: ``(h, w, 3)`` bytes red, green, blue; or ``(h, w)`` luma as bytes or ``float32``
            0 to 255. Both sides at least ``MIN_SIDE``.

    Returns:
        32 bytes, first printed byte first, and the quality 0 to 100.

    Raises:
        ValueError: a side is under ``MIN_SIDE``, where PDQ is not defined.
    """
    if min(pixels.shape[:2]) < MIN_SIDE:
        raise ValueError(f"PDQ is not defined for {pixels.shape[1]}x{pixels.shape[0]} pixels")
    samples = _fast_samples(pixels)
    frequencies: Floats = np.matmul(np.matmul(DCT, samples), DCT.T, dtype=np.float32)
    quality, quality_in_doubt = _quality(samples)
    if quality_in_doubt or _median_in_doubt(frequencies):
        samples = samples_in_order(luma_of(pixels))
        frequencies = frequencies_in_order(samples)
        quality = _quality_in_order(samples)
    return _bits(frequencies), quality


def pdq_from_luma(luma: Floats) -> tuple[bytes, int]:
    """Hash luma 0 to 255 of shape ``(h, w)``; otherwise as :func:`pdq_of_pixels`."""
    return pdq_of_pixels(luma)


def pdq_hashes(full: Pixels, squeezed: Pixels | None) -> tuple[Pdq, ...]:
    """Hash a picture by both recipes, the house recipe first.

    Args:
        full: the picture as decoded.
        squeezed: the same picture at 512x512, or ``None`` where no side is over 512 pixels and
            the two recipes are one.
    """
    of_full = pdq_of_pixels(full)
    of_squeezed = of_full if squeezed is None else pdq_of_pixels(squeezed)
    return tuple(
        Pdq(bits=bits, quality=quality, recipe=recipe)
        for (bits, quality), recipe in (
            (of_squeezed, PdqRecipe.SQUEEZED_512),
            (of_full, PdqRecipe.FULL),
        )
    )


def luma_of(pixels: Pixels) -> Floats:
    """Give 0.299 red + 0.587 green + 0.114 blue, summed in double, rounded to single precision.

    Always a new array, made a stripe at a time.
    """
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    luma = np.empty(pixels.shape[:2], dtype=np.float32)
    stripe = max(_STRIPE_PIXELS // pixels.shape[1], 1)
    for start in range(0, len(pixels), stripe):
        part = pixels[start : start + stripe]
        summed = part[:, :, 0] * 0.299
        summed += part[:, :, 1] * 0.587
        summed += part[:, :, 2] * 0.114
        luma[start : start + stripe] = summed
    return luma


def _quality_in_order(samples: Floats) -> int:
    """Give the reference's quality: whole per cents of steps between neighbours, over 90."""
    steps = 0
    for axis in (0, 1):
        step = np.diff(samples, axis=axis) * np.float32(100) / np.float32(255)
        steps += int(np.abs(step.astype(np.int32)).sum())
    return min(steps // 90, 100)


def _quality(samples: Floats) -> tuple[int, bool]:
    """Give the quality, and whether the reference's rounding could make it another one."""
    steps = np.concatenate([np.diff(samples, axis=axis).ravel() for axis in (0, 1)])
    percent = np.abs(steps) * np.float32(100 / 255)
    doubt = np.float32(2 * _SAMPLE_DOUBT * 100 / 255)
    low, high = (
        min(int(np.floor(shifted).sum()) // 90, 100)
        for shifted in (np.maximum(percent - doubt, 0), percent + doubt)
    )
    return low, low != high


def _median_in_doubt(frequencies: Floats) -> bool:
    """Tell whether the two frequencies about the median are too near to be told apart."""
    below, above = np.partition(frequencies, (127, 128), axis=None)[127:129]
    return bool(above - below < _FREQUENCY_DOUBT)


def _bits(frequencies: Floats) -> bytes:
    """Set a bit for each frequency above the lower median; the highest is printed first."""
    flat = frequencies.ravel()
    above = flat > np.partition(flat, 127)[127]
    return np.packbits(above[::-1]).tobytes()


def _fast_samples(pixels: Pixels) -> Floats:
    """Give the 64x64 filtered samples, a band of rows after the other."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    down = np.empty((SAMPLES, rows.shape[1]), dtype=np.float32)
    for index, (start, weights) in enumerate(_bands(height)):
        band = rows[start : start + len(weights)]
        np.matmul(weights, band.astype(np.float32, copy=False), out=down[index])
    if pixels.ndim == 3:
        down = _luma_of_averages(down.reshape(SAMPLES, width, 3))
    samples = np.empty((SAMPLES, SAMPLES), dtype=np.float32)
    for index, (start, weights) in enumerate(_bands(width)):
        np.matmul(down[:, start : start + len(weights)], weights, out=samples[:, index])
    return samples


def _luma_of_averages(colours: Floats) -> Floats:
    """Give the luma of already averaged colours, in single precision throughout."""
    return colours @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _bands(side: int) -> tuple[tuple[int, Floats], ...]:
    """Give for each of the 64 samples of a side its first pixel and the weights from there on."""
    return _kept_bands(side) if side <= _CACHED_SIDE else _built_bands(side)


@lru_cache(maxsize=64)
def _kept_bands(side: int) -> tuple[tuple[int, Floats], ...]:
    return _built_bands(side)


def _built_bands(side: int) -> tuple[tuple[int, Floats], ...]:
    """Join two passes of the box filter, whose windows shrink at the edges, to one.

    Away from the edges all samples have the same weights, so these are worked out once.
    """
    full = window_of(side)
    ahead = (full + 2) // 2
    inner: Floats | None = None
    bands = []
    for index in range(SAMPLES):
        centre = (2 * index + 1) * side // (2 * SAMPLES)
        start, end = centre - 2 * (full - ahead), centre + 2 * ahead - 1
        if start < 0 or end > side:
            bands.append(_weights(centre, full, side))
            continue
        if inner is None:
            inner = _weights(centre, full, side)[1]
        bands.append((start, inner))
    return tuple(bands)


def _weights(centre: int, full: int, side: int) -> tuple[int, Floats]:
    """Give first pixel and weights of the sample at ``centre``, windows cut at both edges."""
    ahead = (full + 2) // 2
    second = np.arange(max(centre - full + ahead, 0), min(centre + ahead, side))
    starts, stops = np.maximum(second - full + ahead, 0), np.minimum(second + ahead, side)
    start = int(starts[0])
    edges = np.zeros(int(stops[-1]) - start + 1)
    share = 1.0 / ((stops - starts) * len(second))
    np.add.at(edges, starts - start, share)
    np.add.at(edges, stops - start, -share)
    return start, np.cumsum(edges)[:-1].astype(np.float32)
