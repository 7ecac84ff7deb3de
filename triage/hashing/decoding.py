"""Pictures opened by the decoders that are trusted with evidence, and words for their failures."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from triage.model.display import printable
from triage.model.outcome import PictureReason

FORMATS = (
    *("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "HEIF", "AVIF"),
    *("JPEG2000", "ICO", "PPM", "PCX"),
)
"""Decoders that are tried. Pillow has many more; some start programs (EPS), some answer a few
hundred bytes with hundreds of megabytes (BLP, ICNS), none of them is what cameras write."""

_MIMES = frozenset(
    {
        *("image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/apng", "image/gif"),
        *("image/bmp", "image/x-ms-bmp", "image/x-bmp", "image/webp", "image/tiff"),
        *("image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif"),
        *("image/jp2", "image/jpx", "image/jpm", "image/j2k", "image/x-icon", "image/x-pcx"),
        *("image/vnd.microsoft.icon", "image/x-portable-bitmap", "image/x-portable-graymap"),
        *("image/x-portable-pixmap", "image/x-portable-anymap", "image/vnd.zbrush.pcx"),
    }
)

# With no handler at all the logging module prints warnings of the decoders to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class TooManyPixelsError(Exception):
    """The header announces more pixels than the limit."""


def opened(data: bytes) -> Image.Image:
    """Read the header of a picture; its pixels are decoded when they are asked for.

    Raises:
        Exception: of any class, as the decoders raise a dozen.
    """
    return Image.open(io.BytesIO(data), formats=_decoders())


def plain(picture: Image.Image) -> Image.Image:
    """Give a decoded picture as 8-bit ``RGB`` or ``L``; transparency is dropped."""
    if picture.mode in {"RGB", "L"}:
        return picture
    if picture.mode in {"1", "LA"}:
        return picture.convert("L")
    if picture.mode.startswith("I"):
        return Image.fromarray(_bytes_of_integers(np.asarray(picture)))
    if picture.mode == "F":
        return Image.fromarray(_bytes_of_floats(np.asarray(picture)))
    return picture.convert("RGB")


def _bytes_of_integers(values: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
    """Keep the high byte of 16 bits; Pillow itself cuts everything over 255 to white."""
    wide = np.clip(values, 0, 65535).astype(np.uint16)
    return np.asarray(wide >> 8, dtype=np.uint8)


def _bytes_of_floats(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Map 0 to 1 where no value is over 1, else 0 to the largest, to 0 to 255."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    largest = max(float(finite.max(initial=1.0)), 1.0)
    return np.asarray(np.clip(finite / largest, 0.0, 1.0) * 255.0, dtype=np.uint8)


def frames(picture: Image.Image) -> int:
    """Give the number of frames announced; 1 where the rest of the file is too broken to tell."""
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception:  # noqa: BLE001  (border: the first frame decoded, its hash stands)
        return 1


@cache
def _decoders() -> tuple[str, ...]:
    """Register all decoders once and give the names of those that may be used."""
    Image.init()
    try:
        import pillow_heif  # noqa: PLC0415  (slow to import; needed from the first picture on)
    except ImportError:
        pass
    else:
        pillow_heif.register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextmanager
def quiet(max_pixels: int) -> Iterator[None]:
    """Keep warnings of the decoders to ourselves, and let Pillow refuse frames over the limit.

    Pillow refuses at twice its own limit, and asks it for frames and icons inside a file too.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = max(max_pixels // 2, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def reason_of(error: Exception, mime: str) -> tuple[PictureReason, str]:
    """Say what an exception means, and with what words, of any class that decoding raised."""
    if isinstance(error, TooManyPixelsError | Image.DecompressionBombError):
        return PictureReason.TOO_MANY_PIXELS, printable(str(error))
    if isinstance(error, MemoryError):
        return PictureReason.MEMORY_LIMIT, "out of memory while decoding"
    words = str(error).lower()
    if isinstance(error, EOFError) or "truncated" in words or "unexpected end" in words:
        return PictureReason.TRUNCATED, _detail(error)
    if isinstance(error, UnidentifiedImageError) and mime not in _MIMES:
        return PictureReason.UNSUPPORTED, _detail(error)
    return PictureReason.UNDECODABLE, _detail(error)


def _detail(error: Exception) -> str:
    """Give class and words; the words of an unidentified file hold a memory address."""
    if isinstance(error, UnidentifiedImageError):
        return "no decoder recognises it"
    return printable(f"{type(error).__name__}: {error}")[:200]
