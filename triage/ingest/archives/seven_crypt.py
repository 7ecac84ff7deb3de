"""Derives the key of an encrypted 7z archive from a password and decrypts with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_CYCLES_PLAIN, _CYCLES_MOST = 0x3F, 24
_AES_BLOCK = 16


def parted(properties: bytes) -> tuple[int, bytes, bytes]:
    """Give cycles (as a power of two), salt and first vector of the properties of an encryption.

    Raises:
        ValueError: they contradict themselves, or ask for more work than 7-Zip ever does.
    """
    if not properties:
        raise ValueError("an encryption without properties")
    first = properties[0]
    cycles = first & 0x3F
    if not first & 0xC0:
        return cycles, b"", bytes(_AES_BLOCK)
    second = properties[1] if len(properties) > 1 else 0
    salt_bytes = (first >> 7 & 1) + (second >> 4)
    vector_bytes = (first >> 6 & 1) + (second & 15)
    if len(properties) < 2 + salt_bytes + vector_bytes:
        raise ValueError("properties of an encryption break off")
    if cycles != _CYCLES_PLAIN and cycles > _CYCLES_MOST:
        raise ValueError(f"a key that takes 2^{cycles} rounds")
    salt = properties[2 : 2 + salt_bytes]
    vector = properties[2 + salt_bytes : 2 + salt_bytes + vector_bytes]
    return cycles, salt, vector.ljust(_AES_BLOCK, b"\0")


@lru_cache(maxsize=64)
def derived(password: str, cycles: int, salt: bytes) -> bytes:
    """Give the key: SHA-256 over salt, password and a counter, so many times over.

    7-Zip writes no salt, so one derivation mostly serves all archives of a password; it takes a
    fifth of a second.
    """
    start = salt + password.encode("utf-16-le", "surrogatepass")
    if cycles == _CYCLES_PLAIN:
        return start[:32].ljust(32, b"\0")
    digest = hashlib.sha256()
    step = min(1 << cycles, 1 << 10)
    for first in range(0, 1 << cycles, step):
        digest.update(
            b"".join([start + each.to_bytes(8, "little") for each in range(first, first + step)])
        )
    return digest.digest()


def decrypted(data: Iterator[bytes], properties: bytes, key: bytes) -> Iterator[bytes]:
    """Decrypt AES-256 in CBC; the last block is filled up."""
    _, _, vector = parted(properties)
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(vector)).decryptor()
    for piece in data:
        out = decryptor.update(piece)
        if out:
            yield out
