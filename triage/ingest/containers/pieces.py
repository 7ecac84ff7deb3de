"""Where a stretch of a virtual disk lies: in a file as it is, packed, nowhere, or in its parent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from triage.model.evidence import DamageKind

MOST_UNPACKED_BYTES = 64 * 1024 * 1024
"""A packed block that claims to be larger is lost: no writer makes one, and it is held whole."""

COPY_HINT = "the copy may be damaged: compare its size, or its digest, with the original"


class How(Enum):
    """In which way the bytes of a piece are got."""

    PLAIN = auto()
    ZEROS = auto()
    PACKED = auto()
    PARENT = auto()
    LOST = auto()


class UnpackError(Exception):
    """A packed block does not give the bytes that it claims."""


Unpack = Callable[[bytes, int], bytes]
"""Takes packed bytes and the number of bytes wanted; raises :class:`UnpackError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the medium from the position that was asked for.

    Attributes:
        length_bytes: how far the stretch reaches.
        file: which of the files of the image.
        offset_bytes: in that file: of the first byte of a plain piece, of a packed block.
        packed_bytes: length of the packed block in the file.
        block_bytes: its length when unpacked.
        skip_bytes: where in the unpacked block the piece begins.
        kind: of the damage, for a lost piece.
        detail: of the damage, in words.
    """

    length_bytes: int
    how: How
    file: int = 0
    offset_bytes: int = 0
    packed_bytes: int = 0
    block_bytes: int = 0
    skip_bytes: int = 0
    unpack: Unpack | None = None
    kind: DamageKind = DamageKind.READ_ERROR
    detail: str = ""


class BlockMap(Protocol):
    """The tables of one virtual disk.

    Laws: ``locate`` never raises for damage of the evidence, gives at least one byte for every
    position of the medium, and gives the same for the same position whatever was asked before.
    """

    size_bytes: int

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the medium's bytes from a position on are."""


def zeros(length_bytes: int) -> Piece:
    """Give a piece that was never written."""
    return Piece(length_bytes=length_bytes, how=How.ZEROS)


def from_parent(length_bytes: int) -> Piece:
    """Give a piece that the disk below holds; zeros where there is none."""
    return Piece(length_bytes=length_bytes, how=How.PARENT)


def lost(
    length_bytes: int,
    detail: str,
    kind: DamageKind = DamageKind.CHUNK_UNREADABLE,
    *,
    file: int = 0,
) -> Piece:
    """Give a piece of which the tables do not tell where it is."""
    return Piece(length_bytes=length_bytes, how=How.LOST, kind=kind, detail=detail, file=file)


def plain(length_bytes: int, offset_bytes: int, file: int = 0) -> Piece:
    """Give a piece that stands in a file as it is."""
    return Piece(length_bytes=length_bytes, how=How.PLAIN, offset_bytes=offset_bytes, file=file)
