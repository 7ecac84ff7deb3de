"""The sheet of frames: what all of a film looks like, however few its key frames are."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from triage.hashing.limits import VideoLimits
from triage.hashing.strip import COLUMNS, ROWS, strip
from triage.model.rendition import Rendition, View
from videosmade import footage

GAP = 4
VIEW = View(longest_pixels=1600, grey=False, blur=False)


def tiles(data: bytes, view: View = VIEW) -> list[NDArray[np.int16]]:
    """Cut a sheet into its frames, by the columns and rows that it is said to have."""
    found = strip(io.BytesIO(data), VideoLimits(), view)
    assert isinstance(found, Rendition)
    with Image.open(io.BytesIO(found.data)) as sheet:
        pixels = np.asarray(sheet.convert("L"), np.int16)
    high, wide = (pixels.shape[0] + GAP) // ROWS, (pixels.shape[1] + GAP) // COLUMNS
    assert found.frames == ROWS * COLUMNS
    return [
        pixels[row * high : (row + 1) * high - GAP, column * wide : (column + 1) * wide - GAP]
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


@pytest.mark.parametrize("gop", [12, 1000])
def test_twelve_moments_are_shown_with_many_key_frames_or_one(gop: int) -> None:
    shown = tiles(footage("set", 6, gop))
    apart = [float(np.abs(one - other).mean()) for one, other in pairwise(shown)]
    assert min(apart) > 1.0, "the camera moves in all the time: no two moments look the same"
    first_to_last = float(np.abs(shown[0] - shown[-1]).mean())
    assert first_to_last > max(apart), "it ends elsewhere than it began"


def test_the_sheet_of_a_film_with_one_key_frame_shows_what_that_of_many_shows() -> None:
    many, one = tiles(footage("set", 6, 1)), tiles(footage("set", 6, 1000))
    for here, there in zip(many, one, strict=True):
        assert float(np.abs(here - there).mean()) < 6.0


def test_measures_go_for_each_frame() -> None:
    plain = tiles(footage("set", 6, 1000))
    blurred = tiles(footage("set", 6, 1000), View(longest_pixels=1600, grey=True, blur=True))
    for sharp, soft in zip(plain, blurred, strict=True):
        assert np.abs(np.diff(soft)).mean() < 0.5 * np.abs(np.diff(sharp)).mean()
