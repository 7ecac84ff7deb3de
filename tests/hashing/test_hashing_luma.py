"""JPEGs decoded scaled and in grey, against the same files decoded in full."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from triage.hashing import decoding, luma, picture
from triage.hashing.knownanswers import distance_bits, waves
from triage.hashing.pdq import pdq_of_pixels, samples_of
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PdqRecipe, PictureHashes
from triage.model.outcome import NoPicture, PictureReason

Pixels = npt.NDArray[np.uint8]
LIMITS = PictureLimits()


@cache
def scene(width: int, height: int, seed: int = 5) -> Image.Image:
    """Give coarse and fine detail in colour, as a photograph has."""
    random = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)).resize(
                (width, height), Image.Resampling.BICUBIC
            )
        ).astype(np.float32)
        for side in (4, 16, 90)
    ]
    mixed = 0.45 * layers[0] + 0.35 * layers[1] + 0.2 * layers[2]
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, name: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def hashed(data: bytes) -> PictureHashes:
    outcome = hash_picture(data, "image/jpeg", LIMITS)
    assert isinstance(outcome, PictureHashes), outcome
    return outcome


def in_full(data: bytes) -> PictureHashes:
    with decoding.opened(data) as opened:
        return picture._hash_in_full(opened, turned=False)


def apart(one: PictureHashes, other: PictureHashes) -> tuple[int, int, int]:
    pdq = [distance_bits(a.bits, b.bits) for a, b in zip(one.pdq, other.pdq, strict=True)]
    return pdq[0], pdq[1], distance_bits(one.phash, other.phash)


WAYS: tuple[dict[str, Any], ...] = (
    {"subsampling": "4:4:4"},
    {"subsampling": "4:2:0"},
    {"subsampling": "4:1:1"},
    {"progressive": True},
    {"keep_rgb": True},
    {"restart_marker_blocks": 3},
)


@pytest.mark.parametrize("options", WAYS, ids=lambda options: "-".join(map(str, options.values())))
@pytest.mark.parametrize("size", [(700, 520), (1101, 1033)])
def test_scaled_and_full_decoding_agree(size: tuple[int, int], options: dict[str, Any]) -> None:
    data = jpeg(scene(*size), quality=85, **options)
    found, full = hashed(data), in_full(data)
    assert (found.width, found.height) == size
    assert (found.format, found.frames) == (full.format, full.frames)
    assert [one.recipe for one in found.pdq] == [PdqRecipe.SQUEEZED_512, PdqRecipe.FULL]
    squeezed, whole, phash = apart(found, full)
    assert max(squeezed, whole) <= 6
    assert phash <= 2
    assert [one.quality for one in found.pdq] == [one.quality for one in full.pdq]


def test_grey_jpegs_and_multi_picture_files_are_scaled_too() -> None:
    grey = jpeg(scene(2060, 1030).convert("L"), quality=90)
    assert max(apart(hashed(grey), in_full(grey))) <= 4
    several = jpeg(scene(2060, 1030), "MPO", save_all=True, append_images=[scene(640, 480, 6)])
    found = hashed(several)
    assert (found.format, found.frames, found.width, found.height) == ("MPO", 2, 2060, 1030)
    assert max(apart(found, in_full(several))) <= 6


def test_nothing_is_scaled_that_would_leave_a_side_under_512(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[tuple[int, ...], int]] = []

    def noted(pixels: Pixels, width: int, height: int, scale: int, *, turned: bool) -> None:
        del width, height, turned
        seen.append((pixels.shape, scale))

    monkeypatch.setattr(picture, "hashes_of_luma", noted)
    for size in ((1023, 3000), (1024, 1024), (1025, 2047), (2048, 2048), (4096, 4097)):
        with decoding.opened(jpeg(Image.new("L", size, 90))) as opened:
            assert picture._hash_luma(opened, turned=False) is None
    assert seen == [
        ((3000, 1023), 1),
        ((512, 512), 2),
        ((1024, 513), 2),
        ((512, 512), 4),
        ((513, 512), 8),
    ]


def test_the_full_recipe_weighs_a_scaled_pixel_as_the_pixels_it_stands_for() -> None:
    pixels = np.asarray(scene(601, 533).convert("L"))
    repeated = np.repeat(np.repeat(pixels, 4, axis=0), 4, axis=1)[:2130, :2401]
    found = luma._across(luma._down(pixels, 2401, 2130, 4), 2401, 2130, 4)[0]
    assert float(np.abs(found - samples_of(repeated)).max()) < 0.01
    hashes = luma.hashes_of_luma(pixels, 2401, 2130, 4)
    assert hashes is not None
    expected, quality = pdq_of_pixels(repeated)
    assert distance_bits(hashes[0][1].bits, expected) <= 2
    assert hashes[0][1].quality == quality


def test_in_full_size_the_full_recipe_is_the_reference_on_the_brightness() -> None:
    pixels = np.asarray(scene(640, 530).convert("L"))
    hashes = luma.hashes_of_luma(pixels, 640, 530, 1)
    assert hashes is not None
    assert (hashes[0][1].bits, hashes[0][1].quality) == pdq_of_pixels(pixels)


def mirrored(width: int, height: int) -> Image.Image:
    half = np.asarray(scene(width // 2, height))
    return Image.fromarray(np.concatenate([half, half[:, ::-1]], axis=1))


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1120, 1040), (200, 30, 77)),
        Image.new("L", (1120, 1040), 128),
        mirrored(1120, 1040),
        Image.fromarray(np.tile(np.arange(1120, dtype=np.uint16) // 8, (1040, 1)).astype(np.uint8)),
    ],
    ids=["flat", "flat grey", "mirrored", "one slope"],
)
def test_pictures_that_scaling_could_change_are_decoded_in_full(image: Image.Image) -> None:
    data = jpeg(image, quality=90)
    assert hashed(data) == in_full(data)


def test_four_channels_are_decoded_in_full() -> None:
    data = jpeg(scene(1300, 1100).convert("CMYK"), quality=90)
    assert hashed(data) == in_full(data)


def test_orientation_changes_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = scene(1500, 1100)
    assert hashed(jpeg(image, exif=exif, quality=85)) == hashed(jpeg(image, quality=85))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.97])
def test_a_broken_off_jpeg_ends_as_it_does_decoded_in_full(
    kept: float, *, progressive: bool
) -> None:
    data = jpeg(scene(1400, 1100), quality=85, progressive=progressive)
    part = data[: int(kept * len(data))]
    outcome = hash_picture(part, "image/jpeg", LIMITS)
    assert isinstance(outcome, NoPicture)
    assert outcome.reason is PictureReason.TRUNCATED
    with pytest.raises(OSError, match="truncated") as raised:
        in_full(part)
    assert str(raised.value) in outcome.detail


def test_a_jpeg_with_damage_in_the_middle_is_hashed_as_its_full_decoding_is() -> None:
    data = bytearray(jpeg(scene(1400, 1100), quality=85))
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    found, full = hashed(bytes(data)), in_full(bytes(data))
    assert max(apart(found, full)) <= 8


def lossless_jpeg(side: int) -> bytes:
    """Write the plainest lossless JPEG (ITU T.81, process 14): every difference is zero."""

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    frame = segment(0xC3, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0]))
    codes = segment(0xC4, bytes([0, 0, 2, *[0] * 14, 0, 1]))
    scan = segment(0xDA, bytes([1, 1, 0, 1, 0, 0]))
    return b"\xff\xd8" + frame + codes + scan + bytes(side * side // 4 + 1) + b"\xff\xd9"


def test_a_jpeg_without_cosine_transform_cannot_be_scaled_and_is_hashed_all_the_same() -> None:
    data = lossless_jpeg(1100)
    assert hashed(data) == in_full(data)


def test_the_same_bytes_give_the_same_hashes() -> None:
    data = jpeg(scene(1700, 1250), quality=80)
    luma._blocks.cache_clear()
    first = hashed(data)
    assert hashed(data) == first


def test_waves_in_strong_colours_stay_near() -> None:
    data = jpeg(Image.fromarray(waves(1400, 1100)), quality=90)
    squeezed, whole, phash = apart(hashed(data), in_full(data))
    assert max(squeezed, whole) <= 12
    assert phash <= 4
