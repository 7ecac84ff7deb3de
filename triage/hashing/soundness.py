"""Tells whether the bytes of a picture decode whole, in part or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import av
import numpy as np
from PIL import Image, ImageFile

from triage.hashing.decoding import opened, quiet
from triage.hashing.limits import PictureLimits
from triage.model.carving import Soundness

_LEAST_ROWS = 8
"""Rows with something on them, for a part of a picture to be worth a look."""

_STRICT = {"err_detect": "explode+careful+bitstream+crccheck"}
_TOLD_STRICTLY = frozenset({"RGB", "L"})
"""FFmpeg's decoder of JPEG knows no other colours."""


def soundness(data: bytes, limits: PictureLimits) -> Soundness:
    """Decode the first frame of a picture.

    A JPEG is decoded twice at most: libjpeg goes on over bytes that are no part of the picture
    without a word, so FFmpeg's decoder, told to stop at them, says whether there are any.

    Args:
        data: the whole content.
        limits: what is not decoded at all.
    """
    if len(data) > limits.max_bytes:
        return Soundness.UNTOLD
    try:
        with quiet(limits.max_pixels), opened(data) as picture:
            if picture.width * picture.height > limits.max_pixels:
                return Soundness.UNTOLD
            jpeg = picture.format in {"JPEG", "MPO"}
            if jpeg and picture.mode in _TOLD_STRICTLY:
                return Soundness.WHOLE if _strictly(data) else _loosely(data)
            picture.load()
    except Image.DecompressionBombError:
        return Soundness.UNTOLD
    except Exception:  # noqa: BLE001  (border: Pillow's decoders raise a dozen classes)
        return _loosely(data)
    return Soundness.WHOLE


def _strictly(data: bytes) -> bool:
    """Tell whether a JPEG decodes without a single fault."""
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    decoder.options = _STRICT
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    except (av.FFmpegError, ValueError):
        return False
    return len(frames) == 1 and not frames[0].is_corrupt


def _loosely(data: bytes) -> Soundness:
    """Decode as far as it goes, and see whether anything is on the rows that came out."""
    try:
        with _to_the_end(), opened(data) as picture:
            picture.draft("L", (512, 512))
            picture.load()
            rows = np.asarray(picture.convert("L"))
    except Exception:  # noqa: BLE001  (border: Pillow's decoders raise a dozen classes)
        return Soundness.NONE
    lively = int((rows.max(axis=1) != rows.min(axis=1)).sum())
    return Soundness.PART if lively >= min(_LEAST_ROWS, rows.shape[0]) else Soundness.NONE


@contextmanager
def _to_the_end() -> Iterator[None]:
    """Let Pillow give what it has decoded of a file that ends too early."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with quiet(Image.MAX_IMAGE_PIXELS or 1 << 28):
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
