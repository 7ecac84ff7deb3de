"""pHash against the imagehash library, which defines it."""

from __future__ import annotations

from collections.abc import Iterator

import imagehash
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from triage.hashing.knownanswers import blocks, distance_bits, waves
from triage.hashing.phash import is_degenerate, phash_of_thumbnail

Pixels = npt.NDArray[np.uint8]
PUBLISHED = (
    (waves(128, 128), "856a156ad52b6a97"),
    (waves(200, 150), "88326e5bf4ad0b72"),
    (waves(256, 256), "801f3c71674c795b"),
    (waves(400, 300), "80031f3f38337767"),
    (waves(512, 512), "80010f1f1f3f3e3d"),
    (blocks(128, 32, 7), "ab6d5c160554b736"),
    (blocks(512, 32, 7), "ab6d5c160554b736"),
)


def phash(picture: Image.Image) -> bytes:
    grey = picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    return phash_of_thumbnail(np.asarray(grey))


def pictures() -> Iterator[Pixels]:
    random = np.random.default_rng(7)
    for _ in range(90):
        height, width = (int(side) for side in random.integers(1, 200, 2))
        noise = random.integers(0, 256, (height, width), dtype=np.uint8)
        yield noise
        yield np.concatenate([noise, noise[:, ::-1]], axis=1)
        yield np.concatenate([noise, noise[::-1]], axis=0)
        yield np.full((height, width), noise[0, 0], dtype=np.uint8)
        yield np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))
        yield waves(width, height)


@pytest.mark.parametrize(("pixels", "expected"), PUBLISHED)
def test_published_values_within_what_scaling_may_change(pixels: Pixels, expected: str) -> None:
    assert distance_bits(phash(Image.fromarray(pixels)), bytes.fromhex(expected)) <= 2


def test_equal_to_imagehash_in_every_bit_on_540_pictures() -> None:
    for pixels in pictures():
        picture = Image.fromarray(pixels)
        assert phash(picture).hex() == str(imagehash.phash(picture)), pixels.shape


def test_uniform_pictures_collide_and_are_called_degenerate() -> None:
    hashes = {phash(Image.new("L", (50, 40), grey)) for grey in (1, 100, 255)}
    assert hashes == {bytes.fromhex("8000000000000000")}
    assert is_degenerate(hashes.pop())


@pytest.mark.parametrize(
    ("text", "degenerate"),
    [
        ("0000000000000000", True),
        ("0000000000000007", True),
        ("000000000000000f", False),
        ("0fffffffffffffff", False),
        ("1fffffffffffffff", True),
        ("ffffffffffffffff", True),
    ],
)
def test_degenerate_is_under_four_or_over_sixty_bits(text: str, *, degenerate: bool) -> None:
    assert is_degenerate(bytes.fromhex(text)) is degenerate
