"""Makes Android backups from a recipe, by the steps that Android's own service takes."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

PASSWORD = "grün 1"  # noqa: S105  (of this recipe)
ROUNDS = 50
MASTER = bytes(range(120, 152))
"""Half of its octets are above 127: there the versions differ."""


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """Give a tar as Android writes it: POSIX headers, blocks of zeros at its end."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_600_000_000
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def backup(tar: bytes, *, version: int = 5, packed: bool = True, password: str = "") -> bytes:
    """Give the bytes of a backup."""
    head = f"ANDROID BACKUP\n{version}\n{int(packed)}\n".encode()
    body = zlib.compress(tar, 6) if packed else tar
    if not password:
        return head + b"none\n" + body
    salt, checksum_salt, vector, inner = (bytes([n]) * size for n, size in SIZES)
    first = password.encode() if version > 1 else password.encode("latin-1")
    user = _derived(first, salt)
    checksum = _derived(_java_characters(MASTER) if version > 1 else MASTER, checksum_salt)
    blob = b"".join(bytes([len(part)]) + part for part in (inner, MASTER, checksum))
    lines = (salt.hex(), checksum_salt.hex(), str(ROUNDS), vector.hex())
    keys = "\n".join((*lines, _encrypted(blob, user, vector).hex().upper()))
    return head + b"AES-256\n" + keys.encode() + b"\n" + _encrypted(body, MASTER, inner)


SIZES = ((1, 64), (2, 64), (3, 16), (4, 16))


def _java_characters(octets: bytes) -> bytes:
    """Cast each octet, which Java signs, to a character, and write these as UTF-8."""
    signed = (octet - 256 if octet > 127 else octet for octet in octets)
    return b"".join(chr(one & 0xFFFF).encode() for one in signed)


def _derived(password: bytes, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", password, salt, ROUNDS, 32)


def _encrypted(data: bytes, key: bytes, vector: bytes) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()
