"""The head of an Android backup: lines of text, and the keys that a password opens in them.

Source: ``BackupManagerService`` and ``PasswordUtils`` of the Android Open Source Project: a mark,
a version (1 to 5), 1 where the rest is packed by zlib, and ``none`` or ``AES-256``; an encrypted
one goes on with the salt of the password, that of the checksum, the number of rounds, the vector
and the master key, encrypted itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from triage.ingest.decrypting import decrypted, unpadded
from triage.model.display import printable

MARK = b"ANDROID BACKUP\n"
MOST_BYTES = 4096
VERSIONS = frozenset({1, 2, 3, 4, 5})

_KEY_BYTES = 32
_VECTOR_BYTES = 16
_MOST_ROUNDS = 10_000_000
"""Android asks for 10,000."""


class HeaderError(ValueError):
    """The head does not read, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What an encrypted backup says of its keys."""

    salt: bytes
    checksum_salt: bytes
    rounds: int
    vector: bytes
    master: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands before the content.

    Attributes:
        start_bytes: where the content begins.
        lock: ``None`` where it is not encrypted.
    """

    version: int
    packed: bool
    start_bytes: int
    lock: Lock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """What the content is encrypted with."""

    key: bytes
    vector: bytes


def header(data: bytes) -> Header:
    """Read the head.

    Raises:
        HeaderError: it breaks off, or is of a version that is not known.
    """
    lines = data[:MOST_BYTES].split(b"\n")
    if len(lines) < 5 or lines[0] + b"\n" != MARK:
        raise HeaderError("the head of the backup breaks off")
    version, packed = _number(lines[1]), _number(lines[2])
    if version not in VERSIONS:
        raise HeaderError(f"an Android backup of version {printable(lines[1])[:20]}: not known")
    if lines[3] == b"none":
        return Header(version=version, packed=packed == 1, start_bytes=_length(lines[:4]))
    if lines[3] != b"AES-256":
        raise HeaderError(f"an Android backup encrypted by {printable(lines[3])[:20]}: not known")
    if len(lines) < 10:
        raise HeaderError("the head of the encrypted backup breaks off")
    lock = _lock(lines[4:9])
    return Header(version=version, packed=packed == 1, start_bytes=_length(lines[:9]), lock=lock)


def unlocked(lock: Lock, text: str) -> MasterKey | None:
    """Give the master key, ``None`` where the password is another one.

    Versions differ in how characters become octets; the checksum decides, so all are tried.
    """
    for password in dict.fromkeys((text.encode(), _low_octets(text))):
        key = _derived(password, lock.salt, lock.rounds)
        try:
            blob = unpadded(decrypted(lock.master, key, lock.vector))
            vector, at = _sized(blob, 0)
            master, at = _sized(blob, at)
            checksum, _ = _sized(blob, at)
        except ValueError:
            continue
        if len(master) != _KEY_BYTES or len(vector) != _VECTOR_BYTES:
            continue
        for octets in (_as_characters(master), master):
            if checksum and _derived(octets, lock.checksum_salt, lock.rounds) == checksum:
                return MasterKey(key=master, vector=vector)
    return None


def _lock(lines: list[bytes]) -> Lock:
    try:
        salt, checksum_salt, vector, master = (
            bytes.fromhex(lines[at].decode("ascii")) for at in (0, 1, 3, 4)
        )
    except ValueError as error:
        raise HeaderError("the keys of the encrypted backup are no hexadecimal numbers") from error
    rounds = _number(lines[2])
    if not 0 < rounds <= _MOST_ROUNDS:
        raise HeaderError(f"the backup asks for {rounds} rounds for one password")
    if len(vector) != _VECTOR_BYTES or not master or len(master) % _VECTOR_BYTES:
        raise HeaderError("the keys of the encrypted backup have no possible length")
    return Lock(salt=salt, checksum_salt=checksum_salt, rounds=rounds, vector=vector, master=master)


def _derived(password: bytes, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", password, salt, rounds, _KEY_BYTES)


def _as_characters(key: bytes) -> bytes:
    """Give a key as Java makes text of it: signed octets as characters, and these as UTF-8."""
    return "".join(chr(octet if octet < 0x80 else 0xFF00 + octet) for octet in key).encode()


def _low_octets(text: str) -> bytes:
    """Give the lower octet of each UTF-16 unit, as version 1 derives from a password."""
    return text.encode("utf-16-le")[::2]


def _sized(blob: bytes, at: int) -> tuple[bytes, int]:
    """Give a part that has its length before it, and where the next begins.

    Raises:
        ValueError: it is longer than what is there.
    """
    if at >= len(blob) or at + 1 + blob[at] > len(blob):
        raise ValueError("a part that is longer than the whole")
    end = at + 1 + blob[at]
    return blob[at + 1 : end], end


def _number(line: bytes) -> int:
    return int(line) if line.isdigit() and len(line) < 12 else -1


def _length(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)
