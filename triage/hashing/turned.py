"""The hashes of a picture turned or mirrored, from its pixels decoded once.

PDQ and pHash treat rows and columns alike, so a picture with both exchanged has the frequencies
with both exchanged. A mirror would do no more than change signs, if PDQ's samples lay in mirror
image. They do not: bits from changed signs are as far from the hash of the mirrored picture as half
the radius (docs/visual-search.md), so the samples of the three mirrors are taken each by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triage.hashing.bands import Array
from triage.hashing.pdq import bits_of, frequencies_of
from triage.hashing.phash import phash_of_thumbnail
from triage.model.digest import Turn, TurnedHashes

Pixels = npt.NDArray[np.uint8]

_MADE_FROM = {
    Turn.CLOCKWISE: (2, True),
    Turn.HALF: (3, False),
    Turn.ANTICLOCKWISE: (1, True),
    Turn.LEFT_RIGHT: (1, False),
    Turn.TOP_BOTTOM: (2, False),
    Turn.DIAGONAL: (0, True),
    Turn.OTHER_DIAGONAL: (3, True),
}
"""Of each turn the place in :func:`mirrors_of`, and whether rows and columns are exchanged too."""


def turned_hashes(
    samples: Sequence[Sequence[Array]], thumbnail: Pixels
) -> tuple[TurnedHashes, ...]:
    """Give the hashes for each turn, in the order of :class:`Turn`.

    Args:
        samples: PDQ's 64x64 samples of each mirror, in the order of :func:`mirrors_of`; of each
            those of the house recipe first, one where both recipes are one.
        thumbnail: the 32x32 grey pixels that pHash takes.
    """
    frequencies = [[frequencies_of(one) for one in mirrored] for mirrored in samples]
    thumbnails = mirrors_of(thumbnail)
    found = []
    for turn, (place, exchanged) in _MADE_FROM.items():
        bits = [bits_of(one.T if exchanged else one) for one in frequencies[place]]
        grey = thumbnails[place].T if exchanged else thumbnails[place]
        phash = phash_of_thumbnail(np.ascontiguousarray(grey))
        found.append(TurnedHashes(turn=turn, pdq=(bits[0], bits[-1]), phash=phash))
    return tuple(found)


def mirrors_of(picture: Pixels) -> tuple[Pixels, ...]:
    """Give a picture as it is, mirrored left to right, top to bottom, and both."""
    return picture, picture[:, ::-1], picture[::-1], picture[::-1, ::-1]
