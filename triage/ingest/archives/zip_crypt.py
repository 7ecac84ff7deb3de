"""Undoes the two encryptions of zip: AES as WinZip writes it, and the old one of PKWARE.

AES: WinZip's AE-1 and AE-2; the old one: APPNOTE 6.1, which is weak, and slow to undo in Python.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from triage.ingest.archives.zip_directory import SIZES_FOLLOW, ZipEntry
from triage.ingest.archives.zip_fields import extras
from triage.ingest.reading import ContentError
from triage.model.outcome import FailReason

AES_METHOD, _AES_FIELD = 99, 0x9901
_ROUNDS, _CHECK_BYTES, _SEAL_BYTES, _BLOCK = 1000, 2, 10, 16
_OLD_BYTES = 12
OLD_MOST_BYTES = 32 * 1024 * 1024
"""Larger members under the old encryption are not undone: one or two megabytes a second."""

Piece = Callable[[int, int], Iterator[bytes]]
"""Gives a stretch of the packed content: offset and length in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AesFacts:
    """What the extra field of an AES member says; ``version`` 2 has no CRC-32."""

    version: int
    key_bytes: int
    method: int


def aes_facts(entry: ZipEntry) -> AesFacts | None:
    """Give what is told of the AES of a member, ``None`` where nothing is."""
    for kind, data in extras(entry.extra):
        if kind == _AES_FIELD and len(data) >= 7 and data[4] in (1, 2, 3):
            return AesFacts(
                version=int.from_bytes(data[:2], "little"),
                key_bytes=8 * (data[4] + 1),
                method=int.from_bytes(data[5:7], "little"),
            )
    return None


def fits(entry: ZipEntry, password: str, pieces: Piece) -> bool:
    """Tell whether a password may be that of a member.

    By AES one wrong password of 65,536 passes, by the old encryption one of 256.
    """
    if entry.method == AES_METHOD:
        facts = aes_facts(entry)
        return facts is not None and _aes_keys(facts, password, pieces) is not None
    head = b"".join(pieces(0, _OLD_BYTES))
    told = entry.dos_time >> 8 if entry.flags & SIZES_FOLLOW else entry.checksum >> 24
    return len(head) == _OLD_BYTES and _Old(password).undone(head)[-1] == told & 0xFF


def decrypted(entry: ZipEntry, password: str, pieces: Piece) -> Iterator[bytes]:
    """Give the packed content of a member, no longer encrypted.

    Raises:
        ContentError: the password is wrong, or the content was changed.
    """
    if entry.method != AES_METHOD:
        old = _Old(password)
        old.undone(b"".join(pieces(0, _OLD_BYTES)))
        for piece in pieces(_OLD_BYTES, entry.packed_bytes - _OLD_BYTES):
            yield old.undone(piece)
        return
    facts = aes_facts(entry)
    keys = _aes_keys(facts, password, pieces) if facts else None
    if facts is None or keys is None:
        raise ContentError(FailReason.READ_ERROR, "encrypted, and the password does not fit")
    before = facts.key_bytes // 2 + _CHECK_BYTES
    seal = hmac.new(keys[1], digestmod="sha1")
    counted = 1
    for piece in _whole_blocks(pieces(before, entry.packed_bytes - before - _SEAL_BYTES)):
        seal.update(piece)
        yield _turned(keys[0], piece, counted)
        counted += -(-len(piece) // _BLOCK)
    stored = b"".join(pieces(entry.packed_bytes - _SEAL_BYTES, _SEAL_BYTES))
    if seal.digest()[:_SEAL_BYTES] != stored:
        raise ContentError(FailReason.READ_ERROR, "the seal of its encryption does not fit")


def _aes_keys(facts: AesFacts, password: str, pieces: Piece) -> tuple[bytes, bytes] | None:
    """Give the keys to decrypt and to check with, ``None`` where the password does not fit."""
    salt_bytes = facts.key_bytes // 2
    head = b"".join(pieces(0, salt_bytes + _CHECK_BYTES))
    length = 2 * facts.key_bytes + _CHECK_BYTES
    derived = hashlib.pbkdf2_hmac("sha1", password.encode(), head[:salt_bytes], _ROUNDS, length)
    if derived[2 * facts.key_bytes :] != head[salt_bytes:]:
        return None
    return derived[: facts.key_bytes], derived[facts.key_bytes : 2 * facts.key_bytes]


def _whole_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        data = held + piece
        whole = len(data) // _BLOCK * _BLOCK
        held = data[whole:]
        if whole:
            yield data[:whole]
    if held:
        yield held


def _turned(key: bytes, data: bytes, first: int) -> bytes:
    """Undo counter mode whose counter is little-endian, which no library offers."""
    blocks = -(-len(data) // _BLOCK)
    import numpy as np  # noqa: PLC0415  (a run without such members never needs it)

    counters = np.zeros((blocks, 2), dtype="<u8")
    counters[:, 0] = np.arange(first, first + blocks, dtype="<u8")
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  (of counters)
    stream = np.frombuffer(encryptor.update(counters.tobytes()), dtype=np.uint8)
    return bytes(np.frombuffer(data, dtype=np.uint8) ^ stream[: len(data)])


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)  # noqa: PLW2901  (CRC-32)
        table.append(value)
    return tuple(table)


_TABLE = _crc_table()


class _Old:
    """The three keys of APPNOTE 6.1.5, which every byte changes."""

    def __init__(self, password: str) -> None:
        self._keys = 0x12345678, 0x23456789, 0x34567890
        self._run(password.encode(), undo=False)

    def undone(self, data: bytes) -> bytes:
        """Give bytes decrypted, and go on."""
        return self._run(data, undo=True)

    def _run(self, data: bytes, *, undo: bool) -> bytes:
        table, out = _TABLE, bytearray()
        first, second, third = self._keys
        for byte in data:
            plain = byte
            if undo:
                mixed = third | 2
                plain ^= mixed * (mixed ^ 1) >> 8 & 0xFF
                out.append(plain)
            first = first >> 8 ^ table[(first ^ plain) & 0xFF]
            second = (second + (first & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
            third = third >> 8 ^ table[(third ^ second >> 24) & 0xFF]
        self._keys = first, second, third
        return bytes(out)
