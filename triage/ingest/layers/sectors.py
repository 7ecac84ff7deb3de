"""Decrypts sectors of disks: AES in XTS and CBC mode, many sectors at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_Words = np.ndarray[Any, np.dtype[np.uint64]]
_LITTLE = np.dtype("<u8")
_BLOCK_BYTES = 16
_LARGE_BYTES, _SHORT_BYTES = 2048, 16 * 1024
"""Sectors so large, and stretches so short, go faster one sector at a time (measured)."""

_FEEDBACK = 0x87
"""Of the polynomial of XTS, IEEE 1619."""

_IV_STEP_BYTES = 512
"""Initialisation vectors count sectors of this size, however large those of the cipher are."""


def _ecb(key: bytes, data: bytes, *, encrypt: bool = False) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (XTS and CBC are made of it)
    worker = cipher.encryptor() if encrypt else cipher.decryptor()
    return worker.update(data) + worker.finalize()


def _numbers(data: bytes, first: int, sector_bytes: int, bits: int, scale: int = 1) -> bytes:
    """Give the number of each sector as 16 bytes, little-endian."""
    count = len(data) // sector_bytes
    vectors = np.zeros((count, 2), _LITTLE)
    numbers = np.arange(count, dtype=_LITTLE) * np.uint64(sector_bytes // _IV_STEP_BYTES)
    numbers += np.uint64(first & (1 << 64) - 1)
    vectors[:, 0] = (numbers & np.uint64((1 << bits) - 1)) * np.uint64(scale)
    return vectors.tobytes()


class Xts:
    """AES-XTS, IEEE 1619-2007, with the number of the sector as tweak.

    Args:
        key: both halves, 32 or 64 bytes.
        bits: of the number that count: 64, or 32 for ``plain``.
    """

    def __init__(self, key: bytes, sector_bytes: int = 512, bits: int = 64) -> None:
        self._data_key, self._tweak_key = key[: len(key) // 2], key[len(key) // 2 :]
        self._bits = bits
        self.sector_bytes = sector_bytes

    def decrypt(self, data: bytes, first: int) -> bytes:
        """Give the plain bytes of whole sectors."""
        numbers = _numbers(data, first, self.sector_bytes, self._bits)
        if self.sector_bytes >= _LARGE_BYTES or len(data) <= _SHORT_BYTES:
            return self._singly(data, numbers)
        seeds = _ecb(self._tweak_key, numbers, encrypt=True)
        tweaks = _tweaks(seeds, self.sector_bytes // _BLOCK_BYTES)
        words = np.frombuffer(data, _LITTLE).reshape(tweaks.shape)
        inner = _ecb(self._data_key, (words ^ tweaks).tobytes())
        plain = np.frombuffer(inner, _LITTLE).reshape(tweaks.shape) ^ tweaks
        return plain.tobytes()

    def _singly(self, data: bytes, numbers: bytes) -> bytes:
        key = algorithms.AES(self._data_key + self._tweak_key)
        size = self.sector_bytes
        return b"".join(
            Cipher(key, modes.XTS(numbers[at : at + _BLOCK_BYTES]))
            .decryptor()
            .update(data[at // _BLOCK_BYTES * size : (at // _BLOCK_BYTES + 1) * size])
            for at in range(0, len(numbers), _BLOCK_BYTES)
        )


def _tweaks(seeds: bytes, blocks: int) -> _Words:
    """Multiply each sector's seed by alpha again and again, one for each block."""
    pairs = np.frombuffer(seeds, _LITTLE).reshape(-1, 2)
    low, high = pairs[:, 0].copy(), pairs[:, 1].copy()
    out = np.empty((len(pairs), blocks, 2), _LITTLE)
    one, top = np.uint64(1), np.uint64(63)
    for block in range(blocks):
        out[:, block, 0], out[:, block, 1] = low, high
        carry = (high >> top) * np.uint64(_FEEDBACK)
        high = high << one | low >> top
        low = low << one ^ carry
    return out


class Cbc:
    """AES-CBC, whose vector is made of the number of the sector.

    Args:
        bits: of the number that count.
        seed: key that encrypts the number first, ``b""`` for none.
        scale: by which the number is multiplied.
    """

    def __init__(
        self,
        key: bytes,
        sector_bytes: int = 512,
        bits: int = 64,
        *,
        seed: bytes = b"",
        scale: int = 1,
    ) -> None:
        self._key, self._seed = key, seed
        self._bits, self._scale = bits, scale
        self.sector_bytes = sector_bytes

    def decrypt(self, data: bytes, first: int) -> bytes:
        """Give the plain bytes of whole sectors."""
        vectors = _numbers(data, first, self.sector_bytes, self._bits, self._scale)
        if self._seed:
            vectors = _ecb(self._seed, vectors, encrypt=True)
        shape = (-1, self.sector_bytes // _BLOCK_BYTES, 2)
        words = np.frombuffer(data, _LITTLE).reshape(shape)
        plain = np.frombuffer(_ecb(self._key, data), _LITTLE).reshape(shape).copy()
        plain[:, 0] ^= np.frombuffer(vectors, _LITTLE).reshape(-1, 2)
        plain[:, 1:] ^= words[:, :-1]
        return plain.tobytes()
