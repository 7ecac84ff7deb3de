"""Renditions: made anew, upright, really grey, really blurred, and nothing of the file in them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from triage.hashing.limits import PictureLimits
from triage.hashing.rendition import BLUR_PIXELS, render
from triage.model.outcome import NoPicture, PictureReason
from triage.model.rendition import Rendition, View

LIMITS = PictureLimits()
PLAIN = View(longest_pixels=256, grey=False, blur=False)
Pixels = npt.NDArray[np.float64]


def scene(width: int = 640, height: int = 400) -> Image.Image:
    """Draw a harmless picture with colours, fine lines, and each corner its own."""
    picture = Image.new("RGB", (width, height), (90, 140, 200))
    draw = ImageDraw.Draw(picture)
    for x in range(0, width, 6):
        draw.line((x, 0, width - x, height), fill=(x % 256, 40, 255 - x % 256))
    third = width // 3, height // 3
    draw.rectangle((0, 0, *third), fill="red")
    draw.rectangle((width - third[0], 0, width, third[1]), fill="lime")
    draw.rectangle((0, height - third[1], third[0], height), fill="blue")
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def shown(data: bytes, view: View = PLAIN, limits: PictureLimits = LIMITS) -> Rendition:
    made = render(data, "image/jpeg", limits, view)
    assert isinstance(made, Rendition), made
    return made


def decoded(made: Rendition) -> Image.Image:
    with Image.open(io.BytesIO(made.data)) as picture:
        picture.load()
        assert picture.size == (made.width, made.height)
        assert Image.MIME[picture.format or ""] == made.mime
        return picture


def fine_energy(picture: Image.Image) -> float:
    """Give the energy of all waves shorter than a fortieth of the longer side."""
    grey: Pixels = np.asarray(picture.convert("L"), dtype=np.float64)
    rows, columns = grey.shape
    faded = (grey - grey.mean()) * np.outer(np.hanning(rows), np.hanning(columns))
    power = np.abs(np.fft.fft2(faded)) ** 2
    waves = np.maximum.outer(*(np.abs(np.fft.fftfreq(side)) for side in grey.shape))
    return float(power[waves > 40 / max(rows, columns)].sum())


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000", "ICO", "PPM", "PCX"]
)
@pytest.mark.parametrize("grey", [True, False])
def test_every_format_is_shown_in_its_proportions(kind: str, *, grey: bool) -> None:
    picture = scene(200, 125) if kind == "ICO" else scene()
    options = {"sizes": [(200, 125)]} if kind == "ICO" else {}
    made = shown(saved(picture, kind, **options), View(longest_pixels=128, grey=grey, blur=False))
    assert (made.width, made.height) == (128, 80)
    assert decoded(made).mode == ("L" if grey else "RGB")


def test_a_small_picture_is_not_made_larger() -> None:
    assert shown(saved(scene(60, 30))).width == 60
    assert (shown(saved(Image.new("RGB", (1, 3)), "PNG")).height) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_pictures_stand_upright(kind: str, orientation: int) -> None:
    """The tag says what is to be done to the stored pixels; the turns here undo each of them.

    A HEIF file has its own way of saying it, which its decoder follows; the tag is then void.
    """
    upright = scene()
    stored = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turned = upright.transpose(stored[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decoded(shown(saved(turned, kind, exif=exif)))
    assert picture.size == (256, 160)
    corners = [picture.getpixel(place) for place in ((20, 20), (236, 20), (20, 140))]
    assert [int(np.argmax(corner)) for corner in corners if corner is not None] == [0, 1, 2]


def test_grey_holds_no_colour() -> None:
    for blur in (True, False):
        made = decoded(shown(saved(scene()), View(longest_pixels=256, grey=True, blur=blur)))
        colours = np.asarray(made.convert("RGB")).astype(int)
        assert np.ptp(colours, axis=2).max() == 0


@pytest.mark.parametrize("size", [(640, 400), (2000, 1500), (240, 240)])
@pytest.mark.parametrize("longest", [256, 1600])
def test_blur_takes_the_detail_out_of_what_is_sent(size: tuple[int, int], longest: int) -> None:
    noise = np.random.default_rng(6).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    for picture in (scene(*size), Image.fromarray(noise)):
        data = saved(picture, "PNG" if size[0] < 1000 else "JPEG")
        clear = decoded(shown(data, View(longest_pixels=longest, grey=True, blur=False)))
        blurred = decoded(shown(data, View(longest_pixels=longest, grey=True, blur=True)))
        assert clear.size == blurred.size
        assert fine_energy(blurred) < fine_energy(clear) / 25


def test_what_differs_only_in_detail_looks_the_same_when_blurred() -> None:
    """Stripes of two pixels or of their mean: a blurred picture cannot tell them apart."""
    stripes = np.zeros((1024, 1024, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    mean = np.full_like(stripes, 100)
    view = View(longest_pixels=256, grey=False, blur=True)
    seen = [
        np.asarray(decoded(shown(saved(Image.fromarray(one), "PNG"), view))).astype(int)
        for one in (stripes, mean)
    ]
    assert np.abs(seen[0] - seen[1]).max() <= 2
    assert BLUR_PIXELS == 40


def test_nothing_that_a_picture_says_of_itself_is_sent() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif.get_ifd(0x8825)[1] = "N"
    options = {"exif": exif, "icc_profile": b"SECRETPROFILE" * 20, "comment": b"SECRETCOMMENT"}
    data = saved(scene(), "JPEG", **options, xmp=b"<x>SECRETXMP</x>")
    assert data.count(b"SECRET") >= 4
    made = shown(data)
    picture = decoded(made)
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"SECRET" not in made.data
    text = saved(scene(), "PNG", exif=exif)
    assert b"SECRET" not in shown(text).data


def test_no_rendition_is_the_file_it_came_from() -> None:
    data = saved(scene(200, 120))
    for _ in range(12):  # a picture made by us, made again and again, comes to rest
        made = shown(data).data
        assert made != data
        data = made


def test_transparency_hides_nothing() -> None:
    picture = scene().convert("RGBA")
    picture.putalpha(0)
    hidden = np.asarray(decoded(shown(saved(picture, "PNG")))).astype(int)
    plain = np.asarray(decoded(shown(saved(scene(), "PNG")))).astype(int)
    assert np.abs(hidden - plain).max() == 0


def test_a_file_that_breaks_off_is_shown_as_far_as_it_goes() -> None:
    data = saved(scene(), "JPEG")
    made = shown(data[: len(data) * 2 // 3])
    assert not made.whole
    assert shown(data).whole
    whole, part = (np.asarray(decoded(one)).astype(int) for one in (shown(data), made))
    assert np.abs(whole[:60] - part[:60]).mean() < 2


def test_frames_are_counted_and_the_first_is_shown() -> None:
    data = saved(scene(), "GIF", save_all=True, append_images=[scene().rotate(180)])
    assert shown(data).frames == 2


def bomb(width: int, height: int) -> bytes:
    """Make a PNG of a few hundred kilobytes that is black and as large as it says."""
    row = bytes(1 + width)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in chunks
    )


def test_bombs_are_refused_before_they_are_decoded() -> None:
    small = PictureLimits(max_bytes=1_000_000, max_pixels=1_000_000)
    for data, reason in (
        (bomb(5_000, 5_000), PictureReason.TOO_MANY_PIXELS),
        (bytes(1_000_001), PictureReason.TOO_MANY_BYTES),
    ):
        made = render(data, "image/png", small, PLAIN)
        assert isinstance(made, NoPicture)
        assert made.reason is reason


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [saved(scene(48, 36), kind) for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP")]
    ),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
    st.sampled_from([View(longest_pixels=32, grey=False, blur=blur) for blur in (True, False)]),
)
def test_damage_ends_in_a_picture_or_a_reason(
    data: bytes, changes: list[tuple[float, int]], kept: float, view: View
) -> None:
    damaged = bytearray(data)
    for where, value in changes:
        damaged[int(where * len(damaged))] = value
    data = bytes(damaged[: int(kept * len(damaged))])
    limits = PictureLimits(max_pixels=1_000_000)
    made = render(data, "image/png", limits, view)
    assert isinstance(made, Rendition | NoPicture)
    if isinstance(made, Rendition):
        assert max(decoded(made).size) <= 32
