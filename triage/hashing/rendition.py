"""Pictures made anew for the screen: scaled, greyed, blurred, never the bytes they came from."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageFile

from triage.hashing.decoding import TooManyPixelsError, frames, opened, plain, quiet, reason_of
from triage.hashing.limits import PictureLimits
from triage.model.outcome import NoPicture, PictureReason
from triage.model.rendition import Rendition, View

BLUR_PIXELS = 40
"""A blurred picture is made from so many pixels along its longer side, and holds no more than they
do: what is taken away is not in what is sent."""
_BLUR_AT_LEAST = 6
"""Pixels of what is shown for each that it is made from: a small picture is blurred too."""
_QUALITIES = (82, 76)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def render(data: bytes, mime: str, limits: PictureLimits, view: View) -> Rendition | NoPicture:
    """Decode the first frame of a picture and make a JPEG of its pixels.

    EXIF orientation is applied. Transparency is dropped, as it is for hashing, so that nothing
    hides behind it. A file that breaks off is shown as far as it goes.

    Args:
        data: the whole content.
        mime: type by content; it only tells an unsupported format from a broken file.
        limits: what is refused before decoding.
    """
    if len(data) > limits.max_bytes:
        detail = f"{len(data)} bytes, limit {limits.max_bytes}"
        return NoPicture(reason=PictureReason.TOO_MANY_BYTES, detail=detail)
    first = _attempt(data, mime, limits, view)
    if isinstance(first, Rendition) or first.reason is not PictureReason.TRUNCATED:
        return first
    with _as_far_as_it_goes():
        second = _attempt(data, mime, limits, view, whole=False)
    return second if isinstance(second, Rendition) else first


def _attempt(
    data: bytes, mime: str, limits: PictureLimits, view: View, *, whole: bool = True
) -> Rendition | NoPicture:
    try:
        with quiet(limits.max_pixels), opened(data) as picture:
            _check(picture, limits)
            shown = _shown(picture, view)
            _check(picture, limits)
            return Rendition(
                data=_written(shown, data),
                mime="image/jpeg",
                width=shown.width,
                height=shown.height,
                frames=frames(picture),
                whole=whole,
            )
    except Exception as error:  # noqa: BLE001  (border: Pillow's decoders raise a dozen classes)
        reason, detail = reason_of(error, mime)
        return NoPicture(reason=reason, detail=detail)


def _check(picture: Image.Image, limits: PictureLimits) -> None:
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise TooManyPixelsError(f"{width}x{height} pixels, limit {limits.max_pixels}")


def _shown(picture: Image.Image, view: View) -> Image.Image:
    """Give the pixels to be sent, as a picture that knows of nothing else."""
    width, height = picture.size
    kept = _fitting(width, height, 2 * BLUR_PIXELS if view.blur else view.longest_pixels)
    if picture.mode in {"RGB", "L"}:  # of a JPEG no more is decoded than is of use
        picture.draft("L" if view.grey else None, kept)
    picture.load()
    if picture.format in {"ICO", "HEIF"}:  # these know their true size only now
        width, height = picture.size
    flat = spared(plain(picture), view, (width, height))
    turn = _UPRIGHT.get(int(picture.getexif().get(_ORIENTATION, 1) or 1))
    upright = flat if turn is None else flat.transpose(turn)
    return Image.fromarray(np.asarray(upright))


def spared(flat: Image.Image, view: View, full: tuple[int, int] | None = None) -> Image.Image:
    """Scale pixels to a view, with its measures.

    Args:
        flat: 8-bit ``RGB`` or ``L``.
        full: width and height that the picture has, where fewer pixels of it were decoded.
    """
    width, height = full or flat.size
    if view.grey:
        flat = flat.convert("L")
    size = _fitting(width, height, view.longest_pixels)
    if view.blur:
        few = _fitting(width, height, max(min(BLUR_PIXELS, max(size) // _BLUR_AT_LEAST), 1))
        flat = flat.resize(few, Image.Resampling.BOX, reducing_gap=3.0)
    return flat.resize(size, Image.Resampling.BICUBIC, reducing_gap=None if view.blur else 3.0)


def _fitting(width: int, height: int, longest: int) -> tuple[int, int]:
    """Give the size of a picture whose longer side has so many pixels at most."""
    longer = max(width, height, 1)
    if longer <= longest:
        return max(width, 1), max(height, 1)
    return max(round(width * longest / longer), 1), max(round(height * longest / longer), 1)


def _written(shown: Image.Image, original: bytes) -> bytes:
    """Write a JPEG; one that happens to be the original is written with another quality."""
    made = b""
    for quality in _QUALITIES:
        out = io.BytesIO()
        shown.save(out, "JPEG", quality=quality)
        made = out.getvalue()
        if made != original:
            break
    return made


@contextmanager
def _as_far_as_it_goes() -> Iterator[None]:
    """Let Pillow leave what is missing of a picture as it is, instead of refusing all of it."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
