"""The 64-bit pHash of the imagehash library, without the cost of importing SciPy.

Definition: grey picture, 32x32 pixels by Lanczos, cosine transform (DCT-II) along both axes, the
8x8 lowest frequencies with the constant one; a bit says whether a frequency lies above the median.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIDE = 32
"""Pixels a side that the transform takes."""
LEAST_BITS, MOST_BITS = 4, 60

_DOUBT = 1e-6
"""Frequencies reach 10**6; sums of 64 terms in double precision are good to 10**-9."""


def _transform() -> npt.NDArray[np.float64]:
    """Give the 8 lowest rows of the unscaled DCT-II of 32 values."""
    row, column = np.arange(8)[:, None], np.arange(SIDE)[None, :]
    return 2.0 * np.cos(np.pi * row * (2 * column + 1) / (2 * SIDE))


_DCT = _transform()


def phash_of_thumbnail(grey: npt.NDArray[np.uint8]) -> bytes:
    """Hash a grey picture that was already brought to 32x32 pixels.

    Where frequencies lie on the median up to rounding (flat or mirrored pictures), imagehash is
    asked, since it defines what the hash of such a picture is.

    Returns:
        8 bytes, first printed byte first.
    """
    frequencies = frequencies_of_thumbnail(grey)
    below, above = np.partition(frequencies, (31, 32), axis=None)[31:33]
    if above - below < _DOUBT:
        return _phash_by_definition(grey)
    return np.packbits(frequencies > (below + above) / 2).tobytes()


def frequencies_of_thumbnail(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Give the 8x8 low frequencies that the hash compares with their median."""
    return np.asarray(_DCT @ grey.astype(np.float64) @ _DCT.T)


def is_degenerate(phash: bytes) -> bool:
    """Tell whether a pHash says next to nothing: fewer than 4 or more than 60 of 64 bits set.

    Every uniform picture has the hash ``8000000000000000``, so such hashes match each other.
    """
    return not LEAST_BITS <= int.from_bytes(phash, "big").bit_count() <= MOST_BITS


def _phash_by_definition(grey: npt.NDArray[np.uint8]) -> bytes:
    import imagehash  # noqa: PLC0415  (slow to import, and seldom needed)
    from PIL import Image  # noqa: PLC0415  (goes with it)

    bits = imagehash.phash(Image.fromarray(grey)).hash
    return np.packbits(bits).tobytes()
