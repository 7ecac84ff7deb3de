"""Reads anywhere in what AES has encrypted block by block, without decrypting what lies before."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from triage.ingest.archives.source import Source

BLOCK_BYTES = 16


class CbcSource:
    """What AES in CBC mode (NIST SP 800-38A, 6.2) has encrypted, as a source.

    A block needs but itself and the one before it. Padding stays where it is: only its maker knows
    whether there is any. A last block that is not whole is left out.

    Args:
        key: 16, 24 or 32 bytes.
        vector: stands in for the block before the first.
        size_bytes: of the content, where less of it counts than there is.
    """

    def __init__(
        self, source: Source, key: bytes, vector: bytes, *, size_bytes: int | None = None
    ) -> None:
        self._source = source
        self._key = key
        self._vector = vector
        whole = source.size_bytes - source.size_bytes % BLOCK_BYTES
        self.size_bytes = whole if size_bytes is None else min(size_bytes, whole)

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part, fewer bytes only where the content ends."""
        end = min(offset_bytes + length_bytes, self.size_bytes)
        if end <= offset_bytes:
            return b""
        start = offset_bytes - offset_bytes % BLOCK_BYTES
        before = BLOCK_BYTES if start else 0
        data = self._source.read_at(start - before, end + -end % BLOCK_BYTES - start + before)
        data = data[: len(data) - len(data) % BLOCK_BYTES]
        vector = data[:BLOCK_BYTES] if before else self._vector
        if len(data) <= before:
            return b""
        plain = decrypted(data[before:], self._key, vector)
        return plain[offset_bytes - start : end - start]


def decrypted(data: bytes, key: bytes, vector: bytes) -> bytes:
    """Decrypt whole blocks in CBC mode; padding stays."""
    decryptor = Cipher(AES(key), CBC(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def unpadded(data: bytes) -> bytes:
    """Take off the padding of PKCS #7 (RFC 5652, 6.3).

    Raises:
        ValueError: there is none, as after a wrong key.
    """
    count = data[-1] if data else 0
    if not 1 <= count <= BLOCK_BYTES or data[-count:] != bytes([count]) * count:
        raise ValueError("no padding where there has to be one")
    return data[:-count]
