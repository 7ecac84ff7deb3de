"""PDQ, the 256-bit perceptual hash with a quality, from pixels that are in memory.

Definition: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (Facebook,
2019) and its reference implementation. Luma; two passes of a box filter along rows and columns;
64x64 samples; 16x16 low frequencies of a cosine transform without the constant one; a bit says
whether a frequency lies above the (lower) median.

Filter and sampling are linear and separable, so each sample is one weighted sum over a short run
of rows and then of columns (:mod:`triage.hashing.bands`), here in exact arithmetic but for the
last rounding. The reference adds in single precision, one pixel after the other, and a frequency
that lies on the median by less than that rounding is decided by the order of its sums. Such a
picture is noticed and done again in exactly that order (:mod:`triage.hashing.pdqorder`), so the
outcome is the reference's in every case.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from triage.hashing.bands import Array, Block, blocks_of, box_band
from triage.hashing.pdqorder import DCT, SAMPLES, frequencies_in_order, samples_in_order
from triage.model.digest import Pdq, PdqRecipe

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8] | Floats
Reals = npt.NDArray[np.floating]

MIN_SIDE = 5
"""Below this many pixels a side the reference gives no hash (all bits 0, quality 0)."""
MAX_QUALITY = 100

_SAMPLE_ROUNDING = {2: 3.5, 3: 10.0}
_FREQUENCY_ROUNDING = {2: 56.0, 3: 90.0}
"""What the reference's rounding may change, for grey and for colour pictures, in units of
:func:`_rounding`: over twice the largest seen on 12,000 pictures and patterns."""
_FADING = 1.0 / np.sqrt(np.outer(np.arange(1, 17), np.arange(1, 17)))
"""Rounding errors of running sums drift along rows and columns: high frequencies see less."""
_CACHED_SIDE = 4096
_STRIPE_PIXELS = 1 << 20
_BLOCK_VALUES = 1 << 21
_DCT = DCT.astype(np.float64)
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


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
    samples = samples_of(pixels)
    frequencies = frequencies_of(samples)
    rounding = _rounding(pixels)
    quality, quality_in_doubt = _quality(samples, _SAMPLE_ROUNDING[pixels.ndim] * rounding)
    doubt = _FREQUENCY_ROUNDING[pixels.ndim] * rounding * _FADING
    if quality_in_doubt or _median_in_doubt(frequencies, doubt):
        in_order = samples_in_order(luma_of(pixels))
        return bits_of(frequencies_in_order(in_order)), _quality_in_order(in_order)
    return bits_of(frequencies), quality


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
    return named(of_full, of_full if squeezed is None else pdq_of_pixels(squeezed))


def named(full: tuple[bytes, int], squeezed: tuple[bytes, int]) -> tuple[Pdq, ...]:
    """Give bits and quality of each recipe with its name, the house recipe first."""
    return tuple(
        Pdq(bits=bits, quality=quality, recipe=recipe)
        for (bits, quality), recipe in (
            (squeezed, PdqRecipe.SQUEEZED_512),
            (full, PdqRecipe.FULL),
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


def _rounding(pixels: Pixels) -> float:
    """Give half a last place of white, times the square root of how many sums follow another."""
    height, width = pixels.shape[:2]
    return float(255 * 2.0**-24 * np.sqrt(height + width))


def quality_of(samples: Array) -> int:
    """Give the quality of exact samples: whole per cents of steps between neighbours, over 90."""
    return _quality(samples, 0.0)[0]


def _quality(samples: Array, doubt: float) -> tuple[int, bool]:
    """Give the quality, and whether a sample that is off by ``doubt`` could make it another."""
    percent = np.concatenate([np.abs(np.diff(samples, axis=axis)).ravel() for axis in (0, 1)])
    percent *= 100 / 255
    spread = 2 * doubt * 100 / 255
    low = _quality_of_steps(np.maximum(percent - spread, 0))
    return low, low < MAX_QUALITY and low != _quality_of_steps(percent + spread)


def _quality_of_steps(percent: Array) -> int:
    return min(int(np.floor(percent).sum()) // 90, MAX_QUALITY)


def _median_in_doubt(frequencies: Array, doubt: Array) -> bool:
    """Tell whether any frequency could change sides of the median, each off by its ``doubt``."""
    above = frequencies > np.partition(frequencies, 127, axis=None)[127]
    low = (frequencies - doubt)[above]
    return low.size < 128 or bool(low.min() <= (frequencies + doubt)[~above].max())


def frequencies_of(samples: Array) -> Array:
    """Give the 16x16 frequencies of the 64x64 samples."""
    return np.asarray(_DCT @ samples @ _DCT.T)


def bits_of(frequencies: Array | Floats) -> bytes:
    """Set a bit for each frequency above the lower median; the highest is printed first."""
    flat = frequencies.ravel()
    above = flat > np.partition(flat, 127)[127]
    return np.packbits(above[::-1]).tobytes()


def samples_of(pixels: Pixels) -> Array:
    """Give the 64x64 filtered samples, in single precision but for the last rounding."""
    return _across(_down(pixels), pixels.shape[:2])


def samples_of_mirrors(pixels: Pixels) -> tuple[Array, ...]:
    """Give the samples of a picture as it is, mirrored left to right, top to bottom, and both."""
    downs = [_down(rows) for rows in (pixels, pixels[::-1])]
    mirrors = [lines for down in downs for lines in (down, np.ascontiguousarray(down[:, ::-1]))]
    return tuple(_across(lines, pixels.shape[:2]) for lines in mirrors)


def _down(pixels: Pixels) -> Floats:
    """Give the 64 filtered rows, in brightness."""
    height, width = pixels.shape[:2]
    down = down_columns(pixels.reshape(height, -1), _blocks(height)[0])
    return down if pixels.ndim == 2 else down.reshape(SAMPLES, width, 3) @ _LUMA


def _across(down: Floats, shape: tuple[int, ...]) -> Array:
    (_, units), (columns, more_units) = map(_blocks, shape)
    return along_rows(down, columns).astype(np.float64) / (units * more_units)


def down_columns(rows: Pixels, blocks: tuple[Block, ...]) -> Floats:
    """Sum up the rows by weight: ``(h, n)`` to ``(samples, n)`` in single precision."""
    each, total = blocks[0][2].shape[0], rows.shape[1]
    down = np.empty((len(blocks) * each, total), dtype=np.float32)
    stripe = max(_BLOCK_VALUES // max(end - low for low, end, _ in blocks), 64)
    for start in range(0, total, stripe):
        part = rows[:, start : start + stripe]
        for index, (low, end, weights) in enumerate(blocks):
            out = down[index * each : (index + 1) * each, start : start + stripe]
            np.matmul(weights, part[low:end].astype(np.float32, copy=False), out=out)
    return down


def along_rows(down: Reals, blocks: tuple[Block, ...]) -> Reals:
    """Sum up the columns by weight: ``(64, w)`` to ``(64, samples)``, as precise as both are."""
    each = blocks[0][2].shape[0]
    samples = np.empty((len(down), len(blocks) * each), dtype=down.dtype)
    for index, (low, end, weights) in enumerate(blocks):
        out = samples[:, index * each : (index + 1) * each]
        np.matmul(down[:, low:end], weights.T.astype(down.dtype, copy=False), out=out)
    return samples


def _blocks(side: int) -> tuple[tuple[Block, ...], int]:
    """Give the weights along a side, and what the weights of one sample add up to."""
    return _kept_blocks(side) if side <= _CACHED_SIDE else _built_blocks(side)


@lru_cache(maxsize=256)
def _kept_blocks(side: int) -> tuple[tuple[Block, ...], int]:
    return _built_blocks(side)


def _built_blocks(side: int) -> tuple[tuple[Block, ...], int]:
    band = box_band(side)
    return blocks_of(np.float32, band), band.total
