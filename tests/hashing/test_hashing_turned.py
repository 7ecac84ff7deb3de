"""Hashes of turned pictures, against the hashes of pictures that Pillow really turned."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from triage.hashing.knownanswers import distance_bits
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PictureHashes, Turn

TRANSPOSE = Image.Transpose
TURNS = {
    Turn.CLOCKWISE: TRANSPOSE.ROTATE_270,  # Pillow counts against the clock
    Turn.HALF: TRANSPOSE.ROTATE_180,
    Turn.ANTICLOCKWISE: TRANSPOSE.ROTATE_90,
    Turn.LEFT_RIGHT: TRANSPOSE.FLIP_LEFT_RIGHT,
    Turn.TOP_BOTTOM: TRANSPOSE.FLIP_TOP_BOTTOM,
    Turn.DIAGONAL: TRANSPOSE.TRANSPOSE,
    Turn.OTHER_DIAGONAL: TRANSPOSE.TRANSVERSE,
}


def scene(width: int, height: int, seed: int = 11) -> Image.Image:
    """Give coarse and fine detail in colour, the same on neither side."""
    random = np.random.default_rng(seed)
    mixed = np.zeros((height, width, 3), dtype=np.float32)
    for side, share in ((5, 0.5), (17, 0.3), (80, 0.2)):
        noise = Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8))
        mixed += share * np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray(mixed.astype(np.uint8))


def hashed(picture: Image.Image, name: str, *, turned: bool = False) -> PictureHashes:
    out = io.BytesIO()
    picture.save(out, name)
    outcome = hash_picture(out.getvalue(), "", PictureLimits(), turned=turned)
    assert isinstance(outcome, PictureHashes), outcome
    return outcome


@pytest.mark.parametrize(
    ("name", "mode", "size", "pdq_bits"),
    [
        ("PNG", "RGB", (64, 64), 0),
        ("PNG", "L", (130, 97), 0),
        ("PNG", "RGB", (333, 251), 0),
        ("PNG", "RGB", (700, 300), 2),
        ("JPEG", "RGB", (200, 150), 8),
        ("JPEG", "RGB", (640, 530), 6),
        ("JPEG", "L", (1203, 1030), 6),
    ],
)
def test_they_are_those_of_the_picture_really_turned(
    name: str, mode: str, size: tuple[int, int], pdq_bits: int
) -> None:
    picture = scene(*size).convert(mode)
    found = hashed(picture, name, turned=True)
    assert [one.turn for one in found.turned] == list(TURNS) == list(Turn)
    assert min(pdq.quality for pdq in found.pdq) >= 80
    for one in found.turned:
        really = hashed(picture.transpose(TURNS[one.turn]), name)
        for bits, pdq, upright in zip(one.pdq, really.pdq, found.pdq, strict=True):
            assert distance_bits(bits, pdq.bits) <= pdq_bits, (one.turn, pdq.recipe)
            assert distance_bits(bits, upright.bits) > 31
        assert distance_bits(one.phash, really.phash) <= 4


@pytest.mark.parametrize("name", ["PNG", "JPEG"])
def test_asking_for_them_changes_nothing_else(name: str) -> None:
    picture = scene(640, 600)
    assert replace(hashed(picture, name, turned=True), turned=()) == hashed(picture, name)


def test_a_mirrored_picture_is_its_own_mirror_image() -> None:
    half = np.asarray(scene(128, 200))
    mirrored = Image.fromarray(np.concatenate([half, half[:, ::-1]], axis=1))
    found = hashed(mirrored, "PNG", turned=True)
    by_turn = {one.turn: one for one in found.turned}
    whole = by_turn[Turn.TOP_BOTTOM], by_turn[Turn.HALF]
    assert distance_bits(by_turn[Turn.LEFT_RIGHT].phash, found.phash) == 0
    assert distance_bits(whole[0].phash, whole[1].phash) == 0


PUBLISHED = {
    Turn.ANTICLOCKWISE: "38a50efd71c83f429013d68d0ffffc52e34e0e15ada952a9d29684214aa9e5af",
    Turn.HALF: "2dadda64b5a142e5d362209057da895ae63b8c7fc277b4b766b319361f893188",
    Turn.CLOCKWISE: "a5f0a457248995e8c9065c275aaa54d8b61ba4bdf8fcfc0387c32f8b0bfc4f05",
}
"""What the PDQ project tells of its "bridge" turned and saved again: bridge-2 to bridge-4."""


def test_the_bridge_turned_is_near_its_published_hashes() -> None:
    named = os.environ.get("TRIAGE_CORPUS", "")
    if not named:
        pytest.skip("TRIAGE_CORPUS is not set: no folder of public test evidence")
    data = (Path(named) / "pictures/bridge-mods/aaa-orig.jpg").read_bytes()
    found = hash_picture(data, "image/jpeg", PictureLimits(), turned=True)
    assert isinstance(found, PictureHashes)
    for one in found.turned:
        for turn, published in PUBLISHED.items():
            distances = [distance_bits(bits, bytes.fromhex(published)) for bits in one.pdq]
            assert all((bits <= 16) == (turn is one.turn) for bits in distances), (turn, one.turn)
