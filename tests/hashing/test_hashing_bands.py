"""Weighted sums against what they stand for: box passes, repeated pixels, Pillow's filters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from triage.hashing.bands import UNITS, Band, blocks_of, box_band, folded, squeeze_band
from triage.hashing.thumbnail import thumbnail

Reals = npt.NDArray[np.float64]
SIDES = (5, 31, 63, 64, 65, 127, 128, 129, 200, 255, 512, 513, 641, 999, 1024, 1025, 4000, 20000)


def dense(band: Band) -> Reals:
    """Give the weights as one matrix, ``(64, side)``, each row adding up to one."""
    matrix = np.zeros((64, band.side))
    row = 0
    for low, end, weights in blocks_of(np.float64, band):
        matrix[row : row + len(weights), low:end] = weights
        row += len(weights)
    return matrix / band.total


def box(values: Reals, window: int) -> Reals:
    """Average every place with its neighbours by the plainest loop."""
    ahead = (window + 2) // 2
    return np.array(
        [
            values[max(place - window + ahead, 0) : place + ahead].mean(axis=0)
            for place in range(len(values))
        ]
    )


@pytest.mark.parametrize("side", SIDES)
def test_weights_of_every_sample_sum_to_one_and_stay_inside(side: int) -> None:
    for band in (box_band(side), folded(box_band(side), 2), squeeze_band(side, 1)):
        assert (band.starts >= 0).all()
        assert dense(band).sum(axis=1) == pytest.approx(np.ones(64), abs=1e-12)


@pytest.mark.parametrize("side", [side for side in SIDES if side < 1100])
def test_joined_boxes_are_two_box_passes(side: int) -> None:
    window = (side + 127) // 128
    twice = box(box(np.eye(side), window), window)
    expected = twice[(2 * np.arange(64) + 1) * side // 128]
    assert np.abs(dense(box_band(side)) - expected).max() < 1e-12


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("side", [1024, 1025, 1031, 3000, 4032])
def test_folded_weights_are_those_of_repeated_pixels(side: int, scale: int) -> None:
    pixels = np.random.default_rng(side).uniform(0, 255, -(-side // scale))
    repeated = np.repeat(pixels, scale)[:side]
    expected = dense(box_band(side)) @ repeated
    found = dense(folded(box_band(side), scale)) @ pixels
    assert np.abs(found - expected).max() < 0.02


@pytest.mark.parametrize("side", [60, 300, 511, 513, 700, 1023, 2000])
def test_squeezed_weights_are_pillows_bilinear_filter_then_the_boxes(side: int) -> None:
    # Pillow does not round where pixels are floating-point numbers.
    values = np.random.default_rng(side).uniform(0, 255, (1, side)).astype(np.float32)
    squeezed = Image.fromarray(values).resize((512, 1), Image.Resampling.BILINEAR)
    expected = dense(box_band(512)) @ np.asarray(squeezed)[0].astype(np.float64)
    assert np.abs(dense(squeeze_band(side, 1)) @ values[0] - expected).max() < 0.02


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_weights_for_brightness_are_whole_so_that_sums_are_exact(scale: int) -> None:
    for side in (700, 1030, 3000):
        for band in (folded(box_band(side), scale), squeeze_band(side, scale)):
            assert band.total == UNITS
            assert (band.taps == np.rint(band.taps)).all()
            assert (band.taps >= 0).all()
            assert (band.taps.sum(axis=1) == UNITS).all()
            # 8-bit pixels: what a sum can reach down the columns, single precision holds exactly.
            assert 255 * UNITS < 2**24


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 400),
    st.integers(1, 400),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.125, 0.5, 0.875]),
)
def test_thumbnails_are_pillows_in_every_pixel(
    width: int, height: int, seed: int, less: float
) -> None:
    grey = np.random.default_rng(seed).integers(0, 2, (height, width), dtype=np.uint8) * 255
    right, bottom = max(width - less, 1.0), max(height - less / 2, 1.0)
    picture = Image.fromarray(grey)
    expected = picture.resize((32, 32), Image.Resampling.LANCZOS, box=(0, 0, right, bottom))
    assert (thumbnail(grey, right, bottom) == np.asarray(expected)).all()


@pytest.mark.parametrize(
    ("width", "height"), [(32, 32), (32, 90), (90, 32), (33, 34), (33, 35), (500, 968), (500, 969)]
)
def test_thumbnails_where_pillow_turns_the_order_or_skips_a_side(width: int, height: int) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (height, width), dtype=np.uint8)
    expected = Image.fromarray(grey).resize((32, 32), Image.Resampling.LANCZOS)
    assert (thumbnail(grey, width, height) == np.asarray(expected)).all()
