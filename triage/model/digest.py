"""Numbers computed from content."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Algorithm(StrEnum):
    """Digests that are computed or matched."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"
    PHASH = "phash"


EXACT = (Algorithm.MD5, Algorithm.SHA1, Algorithm.SHA256)
DIGEST_SIZE_BYTES = {
    Algorithm.MD5: 16,
    Algorithm.SHA1: 20,
    Algorithm.SHA256: 32,
    Algorithm.PDQ: 32,
    Algorithm.PHASH: 8,
}


UNSTATED_QUALITY = -1
"""Quality of a listed PDQ whose list does not state it: compared, and said to be unknown."""


class PdqRecipe(StrEnum):
    """Which pixels a PDQ was computed from; two recipes must not be compared silently."""

    SQUEEZED_512 = "squeezed-512"
    """Any side over 512 pixels: the picture is first squeezed to 512x512, aspect dropped."""
    FULL = "full"
    """The picture as decoded."""
    UNKNOWN = "unknown"
    """A reference list that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The three cryptographic digests of one content, and how many bytes they cover."""

    md5: bytes
    sha1: bytes
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdq:
    """A PDQ hash: 32 bytes, first printed byte first, with its quality and its recipe.

    ``quality`` is 0 to 100, or ``UNSTATED_QUALITY``.
    """

    bits: bytes
    quality: int
    recipe: PdqRecipe


class Turn(StrEnum):
    """What is done to a picture before it is hashed: all ways to lay it but the one it has."""

    CLOCKWISE = "turned 90 degrees clockwise"
    HALF = "turned 180 degrees"
    ANTICLOCKWISE = "turned 90 degrees anticlockwise"
    LEFT_RIGHT = "mirrored left to right"
    TOP_BOTTOM = "mirrored top to bottom"
    DIAGONAL = "mirrored left to right, then turned 90 degrees anticlockwise"
    """Rows and columns exchanged."""
    OTHER_DIAGONAL = "mirrored left to right, then turned 90 degrees clockwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedHashes:
    """What the hashes of a picture would be, were it turned or mirrored first.

    Attributes:
        pdq: 32 bytes for each PDQ of the picture, in their order; quality and recipe are theirs.
        phash: 8 bytes.
    """

    turn: Turn
    pdq: tuple[bytes, ...]
    phash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureHashes:
    """What decoding a picture gave.

    Attributes:
        width: pixels, as stored (EXIF orientation is not applied).
        height: pixels.
        format: Pillow's name of the decoder (``JPEG``, ``PNG``, …).
        frames: number of frames announced; only the first is hashed.
        pdq: one PDQ for each recipe, the house recipe (squeezed-512) first.
        phash: 8 bytes, first printed byte first.
        turned: one for each :class:`Turn`, in that order, where they were asked for; else none.
    """

    width: int
    height: int
    format: str
    frames: int
    pdq: tuple[Pdq, ...]
    phash: bytes
    turned: tuple[TurnedHashes, ...] = ()
