"""Columns that are encrypted at rest: AES-256 in Galois/counter mode, block by block."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching.sealed.key import SealKey

BLOCK_BYTES = 1 << 20
TAG_BYTES = 16
_MAGIC = b"TRSEAL01"
_HEAD = struct.Struct("<8sIIQ32s8x")
"""Magic, bytes of a block, zeros, bytes of the plain column, salt, zeros: 64 bytes."""


class Place(NamedTuple):
    """Where an encrypted column belongs; it opens nowhere else."""

    pack: str
    column: str


def encrypted(key: SealKey, place: Place, plain: bytes) -> Iterator[bytes]:
    """Give the encrypted form of a column piece by piece: a header, then its blocks.

    Each column has a key of its own, derived from the key, its place and a salt; the salt follows
    from the content, so the same column sealed twice gives the same bytes, and a key never meets
    two contents. The nonce is the number of the block. Bound to each block are the pack, the
    column, the number of the block and the header.
    """
    digest = hashlib.sha256(plain).digest()
    salt = key.derived(b"salt", *_words(place), digest)
    head = _HEAD.pack(_MAGIC, BLOCK_BYTES, 0, len(plain), salt)
    lock = _cipher(key, place, salt)
    yield head
    for number, start in enumerate(range(0, len(plain), BLOCK_BYTES)):
        block = plain[start : start + BLOCK_BYTES]
        yield lock.encrypt(_nonce(number), block, _bound(place, head, number))


def decrypted(key: SealKey, place: Place, raw: memoryview) -> NDArray[np.uint8]:
    """Give a column in the clear, in memory of this process only.

    Raises:
        HashSetError: cut, changed, moved from another place, or of another key.
    """
    head = bytes(raw[: _HEAD.size])
    plain = np.empty(_plain_size(place, head, len(raw)), np.uint8)
    lock = _cipher(key, place, _HEAD.unpack(head)[4])
    step = BLOCK_BYTES + TAG_BYTES
    for number, start in enumerate(range(_HEAD.size, len(raw), step)):
        block = raw[start : start + step]
        opened = _opened(lock, place, head, number, block)
        plain[number * BLOCK_BYTES :][: len(opened)] = np.frombuffer(opened, np.uint8)
    return plain


def _opened(lock: Any, place: Place, head: bytes, number: int, block: memoryview) -> bytes:  # noqa: ANN401  (a class of a library that is loaded only where it is needed)
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  (sealed pictures only)

    try:
        opened: bytes = lock.decrypt(_nonce(number), block, _bound(place, head, number))
    except InvalidTag as error:
        raise HashSetError(
            f"{place.column}, block {number}: was changed, or is of another key"
        ) from error
    return opened


def _plain_size(place: Place, head: bytes, size_bytes: int) -> int:
    """Give the size of the plain column, if the header holds and nothing is cut off."""
    if len(head) < _HEAD.size:
        raise HashSetError(f"{place.column}: too short for an encrypted column")
    magic, block_bytes, _, plain_bytes, _ = _HEAD.unpack(head)
    if magic != _MAGIC or block_bytes != BLOCK_BYTES:
        raise HashSetError(f"{place.column}: no encrypted column that this release knows")
    blocks = -(-plain_bytes // BLOCK_BYTES)
    if size_bytes != _HEAD.size + plain_bytes + blocks * TAG_BYTES:
        raise HashSetError(f"{place.column}: {size_bytes} bytes do not hold {plain_bytes}")
    return int(plain_bytes)


def _cipher(key: SealKey, place: Place, salt: bytes) -> Any:  # noqa: ANN401  (as above)
    try:
        from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415  (as above)
            AESGCM,
        )
    except ImportError as error:
        raise HashSetError(
            f"the library that opens encrypted columns cannot be loaded: {error}",
            hint="install triage again with all that it depends on (package cryptography)",
        ) from error
    return AESGCM(key.derived(b"encrypt", *_words(place), salt))


def _words(place: Place) -> tuple[bytes, bytes]:
    return place.pack.encode(), place.column.encode()


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(place: Place, head: bytes, number: int) -> bytes:
    parts = (*_words(place), number.to_bytes(8, "big"), head)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
