"""All hashes of a JPEG from its brightness alone, decoded no larger than the hashes need."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from triage.hashing.bands import (
    EXACT_SIDE,
    SQUEEZE_SIDE,
    UNITS,
    Array,
    Block,
    blocks_of,
    box_band,
    folded,
    squeeze_band,
)
from triage.hashing.pdq import (
    along_rows,
    bits_of,
    down_columns,
    frequencies_of,
    named,
    quality_of,
)
from triage.hashing.pdqorder import SAMPLES
from triage.hashing.phash import frequencies_of_thumbnail, phash_of_thumbnail
from triage.hashing.thumbnail import thumbnail
from triage.hashing.turned import turned_hashes
from triage.model.digest import Pdq, TurnedHashes

Grey = npt.NDArray[np.uint8]
LumaHashes = tuple[tuple[Pdq, ...], bytes, tuple[TurnedHashes, ...]]

_KEPT_SIDES = 512
_NEAR, _MOST_NEAR = 0.1, 16
_PHASH_NEAR, _PHASH_MOST_NEAR = 20.0, 6
"""More frequencies than this so near the median make a picture undecided. Flat and mirrored
pictures have dozens, photographs as a rule one or none; see docs/picture-hashes.md."""


def hashes_of_luma(
    luma: Grey, width: int, height: int, scale: int, *, turned: bool = False
) -> LumaHashes | None:
    """Hash a picture by both PDQ recipes and pHash.

    The full recipe weighs the pixels as if each were ``scale`` x ``scale`` equal ones of the full
    picture, the squeezed one as Pillow's bilinear filter would, without rounding in between. All
    sums are of whole numbers and exact.

    Args:
        luma: ``(h, w)``, the brightness.
        width: pixels of the full picture.
        height: the same.
        scale: how many pixels along each side were made one.
        turned: whether the hashes of the picture turned and mirrored are wanted too.

    Returns:
        The hashes; or ``None`` where they would hang on details that this way of decoding may
        change: the picture has to be decoded in full.
    """
    if max(width, height) > EXACT_SIDE:
        return None
    thumb = thumbnail(luma, width / scale, height / scale)
    down = _down(luma, width, height, scale)
    samples = _across(down, width, height, scale)
    frequencies = [frequencies_of(one) for one in samples]
    if any(_undecided(one, _NEAR, _MOST_NEAR) for one in frequencies):
        return None
    if _undecided(frequencies_of_thumbnail(thumb), _PHASH_NEAR, _PHASH_MOST_NEAR):
        return None
    hashes = [(bits_of(f), quality_of(s)) for f, s in zip(frequencies, samples, strict=True)]
    others: tuple[TurnedHashes, ...] = ()
    if turned:
        below = _down(luma[::-1], width, height, scale)
        mirrors = (down[..., ::-1], below, below[..., ::-1])
        mirrored = [_across(np.ascontiguousarray(one), width, height, scale) for one in mirrors]
        others = turned_hashes([one[::-1] for one in (samples, *mirrored)], thumb)
    return named(hashes[0], hashes[-1]), phash_of_thumbnail(thumb), others


def _undecided(frequencies: Array, near: float, most: int) -> bool:
    """Tell whether many frequencies lie so near the median that small changes flip their bits."""
    middle = (frequencies.size - 1) // 2
    median = np.partition(frequencies, middle, axis=None)[middle]
    return int((np.abs(frequencies - median) < near).sum()) > most


def _down(luma: Grey, width: int, height: int, scale: int) -> Array:
    """Give the 64 filtered rows of each recipe."""
    squeezed = max(width, height) > SQUEEZE_SIDE
    rows = _blocks(height, scale, squeezed=squeezed)
    count = 2 if squeezed else 1
    down = down_columns(luma, rows).reshape(len(rows), count, -1, luma.shape[1])
    return down.swapaxes(0, 1).reshape(count, SAMPLES, -1).astype(np.float64)


def _across(down: Array, width: int, height: int, scale: int) -> tuple[Array, ...]:
    """Give the 64x64 samples of the full recipe, and of the squeezed one where it differs."""
    columns = _blocks(width, scale, squeezed=max(width, height) > SQUEEZE_SIDE)
    count = len(down)
    both = along_rows(down.reshape(count * SAMPLES, -1), columns)
    both = both.reshape(count, SAMPLES, len(columns), count, -1)
    return tuple(
        both[index, :, :, index].reshape(SAMPLES, SAMPLES) / UNITS**2 for index in range(count)
    )


@lru_cache(maxsize=_KEPT_SIDES)
def _blocks(side: int, scale: int, *, squeezed: bool) -> tuple[Block, ...]:
    """Give the weights along a side; whole numbers up to ``UNITS`` fit single precision."""
    full = folded(box_band(side), scale)
    bands = (full, squeeze_band(side, scale)) if squeezed else (full,)
    return blocks_of(np.float32, *bands)
