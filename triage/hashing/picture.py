"""Pictures decoded from bytes to their perceptual hashes, or to the reason why there are none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from triage.hashing.bands import SQUEEZE_SIDE
from triage.hashing.decoding import (
    FORMATS,
    TooManyPixelsError,
    frames,
    opened,
    plain,
    quiet,
    reason_of,
)
from triage.hashing.limits import PictureLimits
from triage.hashing.luma import hashes_of_luma
from triage.hashing.pdq import MIN_SIDE, pdq_hashes, samples_of_mirrors
from triage.hashing.phash import phash_of_thumbnail
from triage.hashing.thumbnail import thumbnail
from triage.hashing.turned import turned_hashes
from triage.model.digest import PictureHashes, TurnedHashes
from triage.model.outcome import NoPicture, PictureOutcome, PictureReason

__all__ = ["FORMATS", "PictureLimits", "hash_picture"]

Pixels = npt.NDArray[np.uint8]


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
        with quiet(limits.max_pixels):
            return _hash_decoded(data, limits, turned=turned)
    except Exception as error:  # noqa: BLE001  (border: Pillow's decoders raise a dozen classes)
        reason, detail = reason_of(error, mime)
        return NoPicture(reason=reason, detail=detail)


def _hash_decoded(data: bytes, limits: PictureLimits, *, turned: bool) -> PictureOutcome:
    with opened(data) as picture:
        width, height = picture.size
        if width * height > limits.max_pixels:
            raise TooManyPixelsError(f"{width}x{height} pixels, limit {limits.max_pixels}")
        if min(width, height) < MIN_SIDE:
            return NoPicture(reason=PictureReason.TOO_SMALL, detail=f"{width}x{height} pixels")
        if picture.format not in {"JPEG", "MPO"} or picture.mode not in {"RGB", "L"}:
            return _hash_in_full(picture, turned=turned)
        hashes = _hash_luma(picture, turned=turned)
    if hashes is not None:
        return hashes
    with opened(data) as picture:
        return _hash_in_full(picture, turned=turned)


def _hash_in_full(picture: Image.Image, *, turned: bool) -> PictureHashes:
    picture.load()
    flat = plain(picture)
    # Some formats (ICO, HEIC) know their true size only after decoding.
    width, height = flat.size
    squeezed = None
    if max(width, height) > SQUEEZE_SIDE:
        squeezed = np.asarray(flat.resize((SQUEEZE_SIDE, SQUEEZE_SIDE), Image.Resampling.BILINEAR))
    full = np.asarray(flat)
    thumb = thumbnail(np.asarray(flat.convert("L")), width, height)
    return PictureHashes(
        width=width,
        height=height,
        format=picture.format or "",
        frames=frames(picture),
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
        frames=frames(picture),
        pdq=pdq,
        phash=phash,
        turned=others,
    )


def _turned(pictures: tuple[Pixels, ...], thumb: Pixels) -> tuple[TurnedHashes, ...]:
    """Give the hashes for each turn; the picture of the house recipe comes first."""
    by_picture = [samples_of_mirrors(one) for one in pictures]
    return turned_hashes(list(zip(*by_picture, strict=True)), thumb)
