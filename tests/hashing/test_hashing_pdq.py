"""PDQ against published vectors and against the reference library, bit for bit."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.hashing import pdq
from triage.hashing.knownanswers import blocks, distance_bits, waves
from triage.hashing.pdqorder import frequencies_in_order, samples_in_order
from triage.model.digest import PdqRecipe

Pixels = npt.NDArray[np.uint8]
GOLDEN = json.loads((Path(__file__).parent / "golden" / "pdq.json").read_text())["pictures"]

# Pictures and hashes on which two reference implementations agree; first digits of the MD5 of the
# raw RGB bytes, so that the generator itself is checked.
PUBLISHED_WAVES = (
    (128, 128, "1593b023b1fd", "5294aaab5526a9595793a92452eab5558ab63575aaab555aaad535aa4a54b4ab"),
    (200, 150, "6de04a3d5472", "2d305ac394ae65188a7536886db719286753caa53368dcda35178eadb53bacae"),
    (256, 256, "776e17972d4a", "569495b04d67da4fa6cec89891aa635486b5396d62cd87993e73e1c60e1e70f8"),
    (400, 300, "79ff551c53cf", "a3554a1594b529255b6936c94d99931b66338c7378f3c3e60e0ef83c01f8ffe0"),
    (512, 512, "f95914288e5d", "ce731c6738e370e7e1c6c3e687c20f843e1ef81ce03cc1fc03f84ff0ff80e300"),
)
PUBLISHED_BLOCKS = (
    (128, "9418e42d031d", "347c2127687a1e632c0c03fdbb73a6a513caf03734f61f15ec5073bc849dc85b"),
    (512, "01dbc4a75edf", "346c21277a7a1e632c0c03fdbb73a6a513caf03734f60f15ec5073bc849dc85b"),
)


def colour(grey: Pixels) -> Pixels:
    return np.repeat(grey[:, :, None], 3, axis=2)


def slope(width: int, height: int) -> Pixels:
    y, x = np.mgrid[0:height, 0:width]
    planes = (
        (x * 255) // max(width - 1, 1),
        (y * 255) // max(height - 1, 1),
        ((x + y) * 255) // max(width + height - 2, 1),
    )
    return np.stack(planes, axis=-1).astype(np.uint8)


def made(picture: dict[str, Any]) -> Pixels:
    width, height = picture["width"], picture["height"]
    if picture["kind"] == "waves":
        return waves(width, height)
    if picture["kind"] == "slope":
        return slope(width, height)
    if picture["kind"] == "flat":
        return np.full((height, width, 3), (200, 30, 77), dtype=np.uint8)
    count = picture["count"]
    grid = blocks(count, count, picture["seed"])
    rows, columns = np.arange(height) * count // height, np.arange(width) * count // width
    return colour(grid[np.ix_(rows, columns)])


@pytest.mark.parametrize(("width", "height", "md5", "expected"), PUBLISHED_WAVES)
def test_published_waves(width: int, height: int, md5: str, expected: str) -> None:
    pixels = waves(width, height)
    assert hashlib.md5(pixels.tobytes(), usedforsecurity=False).hexdigest().startswith(md5)
    assert pdq.pdq_of_pixels(pixels) == (bytes.fromhex(expected), 100)


@pytest.mark.parametrize(("side", "md5", "expected"), PUBLISHED_BLOCKS)
def test_published_blocks(side: int, md5: str, expected: str) -> None:
    pixels = colour(blocks(side, 32, 7))
    assert hashlib.md5(pixels.tobytes(), usedforsecurity=False).hexdigest().startswith(md5)
    assert pdq.pdq_of_pixels(pixels) == (bytes.fromhex(expected), 100)


def test_golden_values_of_the_reference_library() -> None:
    differing = []
    for picture in GOLDEN:
        if min(picture["width"], picture["height"]) < pdq.MIN_SIDE:
            continue
        bits, quality = pdq.pdq_of_pixels(made(picture))
        if (bits.hex(), quality) != (picture["pdq"], picture["quality"]):
            differing.append(picture)
    assert differing == []


def test_sums_in_order_give_the_golden_values_as_well() -> None:
    for picture in GOLDEN:
        width, height = picture["width"], picture["height"]
        if min(width, height) < pdq.MIN_SIDE or width * height > 400_000:
            continue
        samples = samples_in_order(pdq.luma_of(made(picture)))
        assert pdq.bits_of(frequencies_in_order(samples)).hex() == picture["pdq"], picture
        assert pdq._quality_in_order(samples) == picture["quality"], picture


def test_the_reference_gives_nothing_below_five_pixels() -> None:
    tiny = [p for p in GOLDEN if min(p["width"], p["height"]) < pdq.MIN_SIDE]
    assert tiny
    for picture in tiny:
        assert (picture["pdq"], picture["quality"]) == ("00" * 32, 0)
        with pytest.raises(ValueError, match="not defined"):
            pdq.pdq_of_pixels(made(picture))


def test_against_the_reference_library_where_installed() -> None:
    try:
        reference = importlib.import_module("pdqhash")
    except ImportError:
        pytest.skip("pdqhash is not installed: the golden file stands for it")
    random = np.random.default_rng(20260101)
    for _ in range(150):
        height, width = random.integers(5, 400, 2)
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        vector, quality = reference.compute(pixels)
        expected = np.packbits(vector.astype(np.uint8)).tobytes()
        assert pdq.pdq_of_pixels(pixels) == (expected, quality), (height, width)


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 300), st.integers(5, 300), st.integers(0, 2**32 - 1))
def test_grey_colour_and_luma_of_one_picture_agree(width: int, height: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    of_grey = pdq.pdq_of_pixels(grey)
    assert pdq.pdq_of_pixels(colour(grey)) == of_grey
    assert pdq.pdq_from_luma(grey.astype(np.float32)) == of_grey


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 700), st.integers(5, 700), st.integers(0, 2**32 - 1))
def test_joined_filters_are_two_box_passes(width: int, height: int, seed: int) -> None:
    luma = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    in_order = samples_in_order(luma.astype(np.float32))
    allowed = pdq._SAMPLE_ROUNDING[2] * pdq._rounding(luma)
    assert float(np.abs(pdq.samples_of(luma) - in_order).max()) <= allowed


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 500), st.integers(5, 500), st.integers(0, 2**32 - 1), st.sampled_from([2, 3]))
def test_what_is_taken_for_decided_is_not_changed_by_the_references_rounding(
    width: int, height: int, seed: int, axes: int
) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = pixels[:, :, 0] if axes == 2 else pixels
    exact = pdq.frequencies_of(pdq.samples_of(picture))
    in_order = frequencies_in_order(samples_in_order(pdq.luma_of(picture)))
    allowed = pdq._FREQUENCY_ROUNDING[picture.ndim] * pdq._rounding(picture) * pdq._FADING
    assert (np.abs(exact - in_order) <= allowed).all()


def test_a_long_strip_needs_no_dense_matrix() -> None:
    strip = np.random.default_rng(1).integers(0, 256, (5, 400_000), dtype=np.uint8)
    bits, quality = pdq.pdq_of_pixels(strip)
    assert len(bits) == 32
    assert 0 <= quality <= 100


def test_the_callers_pixels_are_left_alone() -> None:
    flat = np.full((90, 70), 77.5, dtype=np.float32)
    pdq.pdq_from_luma(flat)
    assert (flat == np.float32(77.5)).all()


def test_rescaled_copies_are_near_and_other_pictures_are_far() -> None:
    small, large = (pdq.pdq_of_pixels(blocks(side, 32, 7))[0] for side in (128, 512))
    assert distance_bits(small, large) == 4
    others = [pdq.pdq_of_pixels(waves(w, h))[0] for w, h in ((128, 128), (200, 150), (512, 512))]
    assert [distance_bits(large, other) for other in others] == [136, 144, 126]


def test_both_recipes_are_told_the_house_recipe_first() -> None:
    full, squeezed = waves(640, 480), waves(512, 512)
    house, other = pdq.pdq_hashes(full, squeezed)
    assert (house.recipe, other.recipe) == (PdqRecipe.SQUEEZED_512, PdqRecipe.FULL)
    assert (house.bits, house.quality) == pdq.pdq_of_pixels(squeezed)
    assert (other.bits, other.quality) == pdq.pdq_of_pixels(full)
    same = pdq.pdq_hashes(squeezed, None)
    assert same[0].bits == same[1].bits == house.bits
