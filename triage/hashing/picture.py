"""Pictures decoded from bytes to their perceptual hashes, or to the reason why there are none."""

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

from triage.hashing.bands import SQUEEZE_SIDE
from triage.hashing.limits import PictureLimits
from triage.hashing.luma import hashes_of_luma
from triage.hashing.pdq import MIN_SIDE, pdq_hashes, samples_of_mirrors
from triage.hashing.phash import phash_of_thumbnail
from triage.hashing.thumbnail import thumbnail
from triage.hashing.turned import turned_hashes
from triage.model.digest import PictureHashes, TurnedHashes
from triage.model.display import printable
from triage.model.outcome import NoPicture, PictureOutcome, PictureReason

__all__ = ["FORMATS", "PictureLimits", "hash_picture"]

FORMATS = (
    *("JPEG", "MPO", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "HEIF", "AVIF"),
    *("JPEG2000", "ICO", "PPM", "PCX"),
)
"""Decoders that are tried. Pillow has many more; some start programs (EPS), some answer a few
hundred bytes with hundreds of megabytes (BLP, ICNS), none of them is what cameras write."""

Pixels = npt.NDArray[np.uint8]

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


class _TooManyPixelsError(Exception):
    """The header announces more pixels than the limit."""


def hash_picture(
    data: bytes, mime: str, limits: PictureLimits, *, turned: bool = False
) -> PictureOutcome:
    """Decode the first frame of a picture and hash it.

    The recipe: decoded in full by Pillow; EXIF orientation is not applied (libheif applies the
    rotation that a HEIC container itself demands); transparency is dropped, not blended; CMYK as
    Pillow converts it; 16 bits a pixel give their high byte. PDQ by both recipes of
    :class:`triage.model.digest.PdqRecipe`, squeezed by Pillow's bilinear filter; pHash as imagehash
    defines it. Of a JPEG only the brightness is decoded, scaled by 1/2, 1/4 or 1/8 while both
    sides keep 512 pixels (:mod:`triage.hashing.luma`).

    Args:
        data: the whole content.
        mime: type by content; it only tells an unsupported format from a broken file.
        limits: what is refused before decoding.
        turned: give the hashes of the picture turned and mirrored too, as far as they can be told
            without decoding it again (:mod:`triage.hashing.turned`).

    Returns:
        The hashes, or the reason. A decoder's exception of any class becomes a reason.
    """
    if len(data) > limits.max_bytes:
        return NoPicture(
            reason=PictureReason.TOO_MANY_BYTES,
            detail=f"{len(data)} bytes, limit {limits.max_bytes}",
        )
    try:
        with _quiet(limits.max_pixels):
            return _hash_decoded(data, limits, turned=turned)
    except (_TooManyPixelsError, Image.DecompressionBombError) as error:
        return NoPicture(reason=PictureReason.TOO_MANY_PIXELS, detail=printable(str(error)))
    except MemoryError:
        return NoPicture(reason=PictureReason.MEMORY_LIMIT, detail="out of memory while decoding")
    except Exception as error:  # noqa: BLE001  (border: Pillow's decoders raise a dozen classes)
        return NoPicture(reason=_reason(error, mime), detail=_detail(error))


def _hash_decoded(data: bytes, limits: PictureLimits, *, turned: bool) -> PictureOutcome:
    with _opened(data) as picture:
        width, height = picture.size
        if width * height > limits.max_pixels:
            raise _TooManyPixelsError(f"{width}x{height} pixels, limit {limits.max_pixels}")
        if min(width, height) < MIN_SIDE:
            return NoPicture(reason=PictureReason.TOO_SMALL, detail=f"{width}x{height} pixels")
        if picture.format not in {"JPEG", "MPO"} or picture.mode not in {"RGB", "L"}:
            return _hash_in_full(picture, turned=turned)
        hashes = _hash_luma(picture, turned=turned)
    if hashes is not None:
        return hashes
    with _opened(data) as picture:
        return _hash_in_full(picture, turned=turned)


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=_decoders())


def _hash_in_full(picture: Image.Image, *, turned: bool) -> PictureHashes:
    picture.load()
    plain = _plain(picture)
    # Some formats (ICO, HEIC) know their true size only after decoding.
    width, height = plain.size
    squeezed = None
    if max(width, height) > SQUEEZE_SIDE:
        squeezed = np.asarray(plain.resize((SQUEEZE_SIDE, SQUEEZE_SIDE), Image.Resampling.BILINEAR))
    full = np.asarray(plain)
    thumb = thumbnail(np.asarray(plain.convert("L")), width, height)
    return PictureHashes(
        width=width,
        height=height,
        format=picture.format or "",
        frames=_frames(picture),
        pdq=pdq_hashes(full, squeezed),
        phash=phash_of_thumbnail(thumb),
        turned=_turned((full,) if squeezed is None else (squeezed, full), thumb) if turned else (),
    )


def _hash_luma(picture: Image.Image, *, turned: bool) -> PictureHashes | None:
    """Hash a JPEG decoded in grey, as small as leaves both sides 512 pixels or more.

    Returns:
        ``None`` where it has to be decoded in full: when its hashes are undecided, or for any
        error, so that what is told of a damaged file is what decoding it in full says. CMYK does
        not come here: its brightness is mixed from four channels.
    """
    width, height = picture.size
    try:
        picture.draft("L", (SQUEEZE_SIDE, SQUEEZE_SIDE))
        picture.load()
        scale = next(scale for scale in (1, 2, 4, 8) if -(-width // scale) == picture.width)
        hashes = hashes_of_luma(np.asarray(picture), width, height, scale, turned=turned)
    except Exception:  # noqa: BLE001  (decoding in full decides what is wrong, if anything)
        return None
    if hashes is None:
        return None
    pdq, phash, others = hashes
    return PictureHashes(
        width=width,
        height=height,
        format=picture.format or "",
        frames=_frames(picture),
        pdq=pdq,
        phash=phash,
        turned=others,
    )


def _turned(pictures: tuple[Pixels, ...], thumb: Pixels) -> tuple[TurnedHashes, ...]:
    """Give the hashes for each turn; the picture of the house recipe comes first."""
    by_picture = [samples_of_mirrors(one) for one in pictures]
    return turned_hashes(list(zip(*by_picture, strict=True)), thumb)


def _plain(picture: Image.Image) -> Image.Image:
    """Give the picture as 8-bit ``RGB`` or ``L``."""
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


def _frames(picture: Image.Image) -> int:
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
def _quiet(max_pixels: int) -> Iterator[None]:
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


def _reason(error: Exception, mime: str) -> PictureReason:
    words = str(error).lower()
    if isinstance(error, EOFError) or "truncated" in words or "unexpected end" in words:
        return PictureReason.TRUNCATED
    if isinstance(error, UnidentifiedImageError) and mime not in _MIMES:
        return PictureReason.UNSUPPORTED
    return PictureReason.UNDECODABLE


def _detail(error: Exception) -> str:
    """Give class and words; the words of an unidentified file hold a memory address."""
    if isinstance(error, UnidentifiedImageError):
        return "no decoder recognises it"
    return printable(f"{type(error).__name__}: {error}")[:200]
