"""Decoding pictures: the recipe, the limits, and hostile files that must end in a reason."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from triage.hashing.knownanswers import blocks, waves
from triage.hashing.knownpictures import PICTURES
from triage.hashing.pdq import pdq_of_pixels
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PdqRecipe, PictureHashes
from triage.model.outcome import NoPicture, PictureReason

LIMITS = PictureLimits()
Pixels = npt.NDArray[np.uint8]


def saved(picture: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, name, **options)
    return out.getvalue()


def hashes_of(data: bytes) -> PictureHashes:
    outcome = hash_picture(data, "application/octet-stream", LIMITS)
    assert isinstance(outcome, PictureHashes), outcome
    return outcome


def reason_of(
    data: bytes, mime: str = "image/png", limits: PictureLimits = LIMITS
) -> PictureReason:
    outcome = hash_picture(data, mime, limits)
    assert isinstance(outcome, NoPicture), outcome
    return outcome.reason


def bits_of(data: bytes) -> tuple[bytes, bytes, bytes]:
    hashes = hashes_of(data)
    return hashes.pdq[0].bits, hashes.pdq[1].bits, hashes.phash


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100)))


GREY = Image.fromarray(blocks(128, 32, 7))
GREY_PDQ = bytes.fromhex("347c2127687a1e632c0c03fdbb73a6a513caf03734f61f15ec5073bc849dc85b")


def test_the_recipe_of_all_but_jpegs_is_full_decode_then_bilinear_squeeze() -> None:
    picture = Image.fromarray(waves(800, 300))
    hashes = hashes_of(saved(picture, "PNG"))
    squeezed = np.asarray(picture.resize((512, 512), Image.Resampling.BILINEAR))
    house, full = hashes.pdq
    assert (house.recipe, house.bits) == (PdqRecipe.SQUEEZED_512, pdq_of_pixels(squeezed)[0])
    assert (full.recipe, full.bits) == (PdqRecipe.FULL, pdq_of_pixels(waves(800, 300))[0])
    assert (hashes.width, hashes.height, hashes.format, hashes.frames) == (800, 300, "PNG", 1)


def test_up_to_512_pixels_both_recipes_are_one() -> None:
    hashes = hashes_of(saved(Image.fromarray(waves(512, 512)), "PNG"))
    expected = "ce731c6738e370e7e1c6c3e687c20f843e1ef81ce03cc1fc03f84ff0ff80e300"
    assert [pdq.bits.hex() for pdq in hashes.pdq] == [expected, expected]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
def test_storage_mode_does_not_change_the_hash(mode: str) -> None:
    assert hashes_of(saved(GREY.convert(mode), "PNG")).pdq[0].bits == GREY_PDQ


def test_palette_with_transparency_in_bytes_does_not_warn() -> None:
    picture = GREY.convert("P")
    data = saved(picture, "PNG", transparency=bytes(range(256)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hashes_of(data).pdq[0].bits == GREY_PDQ


def test_sixteen_bits_give_their_high_byte_and_are_not_cut_to_white() -> None:
    wide = np.asarray(GREY).astype(np.uint16) * 257
    assert hashes_of(saved(Image.fromarray(wide), "PNG")).pdq[0].bits == GREY_PDQ
    assert hashes_of(saved(Image.fromarray(wide), "TIFF")).pdq[0].bits == GREY_PDQ


@pytest.mark.parametrize("scale", [1.0, 1 / 255])
def test_floating_point_pixels_from_zero_to_one_or_to_the_largest(scale: float) -> None:
    values = np.asarray(GREY).astype(np.float32)
    values = values * np.float32(255 / values.max()) * np.float32(scale)
    values[0, 0] = np.nan
    assert hashes_of(saved(Image.fromarray(values), "TIFF")).pdq[0].quality == 100


def test_one_bit_pictures_are_black_and_white() -> None:
    bitmap = GREY.convert("1", dither=Image.Dither.NONE)
    expected = pdq_of_pixels(np.asarray(bitmap.convert("L")))[0]
    assert hashes_of(saved(bitmap, "PNG")).pdq[0].bits == expected


def test_cmyk_is_what_pillow_makes_of_it() -> None:
    data = saved(Image.fromarray(waves(300, 200)).convert("CMYK"), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as decoded:
        expected = pdq_of_pixels(np.asarray(decoded.convert("RGB")))[0]
    assert hashes_of(data).pdq[0].bits == expected


def test_orientation_is_not_applied() -> None:
    picture = Image.fromarray(waves(300, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = saved(picture, "JPEG", exif=exif)
    hashes = hashes_of(turned)
    assert (hashes.width, hashes.height) == (300, 200)
    assert bits_of(turned) == bits_of(saved(picture, "JPEG"))


@pytest.mark.parametrize("name", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_frame_counts_and_the_others_are_counted(name: str) -> None:
    others = [GREY.transpose(Image.Transpose.ROTATE_90), GREY.transpose(Image.Transpose.ROTATE_180)]
    options = {"lossless": True} if name == "WEBP" else {}
    hashes = hashes_of(saved(GREY, name, save_all=True, append_images=others, **options))
    assert hashes.frames == 3
    assert hashes.pdq[0].bits == GREY_PDQ


def test_a_broken_second_frame_does_not_cost_the_first() -> None:
    data = saved(GREY, "GIF", save_all=True, append_images=[GREY.rotate(90)])
    assert hashes_of(data[: len(data) * 3 // 4]).pdq[0].bits == GREY_PDQ


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4, 400), (400, 4), (4, 4)])
def test_below_five_pixels_a_side_is_too_small(width: int, height: int) -> None:
    assert reason_of(saved(Image.new("RGB", (width, height)), "PNG")) is PictureReason.TOO_SMALL


def test_five_pixels_a_side_are_enough() -> None:
    assert hashes_of(saved(Image.fromarray(waves(5, 5)), "PNG")).width == 5


@pytest.mark.parametrize(
    ("width", "height"), [(100_000, 100_000), (2**31 - 1, 1), (20_001, 10_000)]
)
def test_pixels_are_counted_before_anything_is_decoded(width: int, height: int) -> None:
    assert reason_of(png_header(width, height)) is PictureReason.TOO_MANY_PIXELS


def test_the_limit_itself_is_let_through() -> None:
    data = saved(GREY, "PNG")
    assert isinstance(hash_picture(data, "", PictureLimits(max_pixels=128 * 128)), PictureHashes)
    small = PictureLimits(max_pixels=128 * 128 - 1)
    assert reason_of(data, limits=small) is PictureReason.TOO_MANY_PIXELS


def test_bytes_are_counted_first() -> None:
    assert reason_of(b"x" * 11, limits=PictureLimits(max_bytes=10)) is PictureReason.TOO_MANY_BYTES


@pytest.mark.parametrize("name", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "JPEG2000"])
def test_half_a_picture_gives_a_reason(name: str) -> None:
    data = saved(Image.fromarray(waves(300, 200)), name)
    assert reason_of(data[: len(data) // 2]) in {PictureReason.TRUNCATED, PictureReason.UNDECODABLE}


def test_half_a_jpeg_is_called_truncated() -> None:
    data = saved(Image.fromarray(waves(300, 200)), "JPEG")
    assert reason_of(data[: len(data) // 2], "image/jpeg") is PictureReason.TRUNCATED


def test_what_no_decoder_recognises() -> None:
    assert reason_of(b"\xff\xd8nothing", "image/jpeg") is PictureReason.UNDECODABLE
    assert reason_of(b"", "image/jpeg") is PictureReason.UNDECODABLE
    assert reason_of(b"<svg/>", "image/svg+xml") is PictureReason.UNSUPPORTED


def test_formats_that_start_programs_are_not_tried() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n"
    assert reason_of(postscript, "application/postscript") is PictureReason.UNSUPPORTED


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (MemoryError(), PictureReason.MEMORY_LIMIT),
        (EOFError(), PictureReason.TRUNCATED),
        (KeyError("x"), PictureReason.UNDECODABLE),
        (RecursionError(), PictureReason.UNDECODABLE),
        (struct.error("x"), PictureReason.UNDECODABLE),
        (zlib.error("x"), PictureReason.UNDECODABLE),
        (Image.DecompressionBombError("x"), PictureReason.TOO_MANY_PIXELS),
        (UserWarning("x"), PictureReason.UNDECODABLE),
    ],
)
def test_any_class_of_exception_becomes_a_reason(
    raised: Exception, reason: PictureReason, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(Image, "open", failing)
    assert reason_of(b"x") is reason


def test_words_of_a_decoder_are_made_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError("\x1b[31m\n" + "long" * 200)

    monkeypatch.setattr(Image, "open", failing)
    outcome = hash_picture(b"x", "image/png", LIMITS)
    assert isinstance(outcome, NoPicture)
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 200


def test_pillows_own_limit_is_left_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    reason_of(png_header(100_000, 100_000))
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(("name", "data"), PICTURES)
def test_the_same_bytes_give_the_same_hashes(name: str, data: bytes) -> None:
    assert hashes_of(data) == hashes_of(data)
    assert hashes_of(data).format == name


SMALL = [
    saved(Image.fromarray(waves(24, 18)), name)
    for name in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000", "PCX", "ICO")
] + [data for _, data in PICTURES]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_damaged_files_end_in_hashes_or_a_reason(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    limits = PictureLimits(max_pixels=1_000_000)
    outcome = hash_picture(bytes(damaged[: int(kept * len(damaged))]), "image/png", limits)
    assert isinstance(outcome, PictureHashes | NoPicture)
