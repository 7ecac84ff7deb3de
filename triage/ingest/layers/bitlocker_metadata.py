"""Reads the metadata of BitLocker volumes from Windows 7 on, and makes keys from secrets.

The layout is that of libbde's documentation, "BitLocker Drive Encryption (BDE) format".
"""

from __future__ import annotations

import hashlib
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from triage.ingest.container import Container

SIGNATURE = b"-FVE-FS-"
SCHEME = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
BLOCK_BYTES = 64 * 1024
NORMAL = 4
"""State of a volume that is neither being encrypted nor decrypted."""

_BOOTS = ((160, 176), (424, 440))
"""Where boot sectors have the identifier of the scheme, and the places of the metadata blocks."""

_ENTRY_MASTER, _ENTRY_KEY, _ENTRY_START = 2, 3, 15
_VALUE_KEY, _VALUE_STRETCH, _VALUE_SEALED = 1, 3, 5
_ROUNDS = 1 << 20
_HEAD_BYTES, _ENTRIES_AT = 64, 112


class MetadataError(Exception):
    """Metadata that is not read here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protector:
    """One way to the volume master key.

    Attributes:
        kind: as documented: 0x2000 for a password, 0x0800 for a recovery password.
        salt: that a secret is stretched with, ``b""`` where none is told.
        clear: the key itself, where it stands in the open.
        sealed: the master key as it is kept.
    """

    kind: int
    identifier: str
    salt: bytes
    clear: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a metadata block says.

    Attributes:
        method: of encryption: 0x8002 to 0x8005 for AES-CBC and AES-XTS of 128 and 256 bits.
        encrypted_bytes: how far encryption has got.
        moved: place and length of the start of the volume; its metadata stands at ``places``.
    """

    identifier: str
    method: int
    state: int
    encrypted_bytes: int
    places: tuple[int, ...]
    moved: tuple[int, int]
    protectors: tuple[Protector, ...]
    sealed: bytes


def read_metadata(container: Container, offset_bytes: int, length_bytes: int) -> Metadata:
    """Read the first block that reads, those with the right checksum before others.

    Raises:
        MetadataError: none does.
    """
    boot = container.read_at(offset_bytes, 512).ljust(512, b"\0")
    places = next(
        (
            struct.unpack_from("<3Q", boot, at)
            for mark, at in _BOOTS
            if boot.startswith(SCHEME, mark)
        ),
        (),
    )
    if struct.unpack_from("<H", boot, 11)[0] != 512:
        raise MetadataError("its sectors are not of 512 bytes")
    inside = [at for at in places if 0 < at < length_bytes]
    blocks = [container.read_at(offset_bytes + at, BLOCK_BYTES) for at in inside]
    for block in sorted(blocks, key=_hurt):
        try:
            return _of(block)
        except (MetadataError, struct.error):
            continue
    raise MetadataError("no copy of its metadata reads")


def _hurt(block: bytes) -> bool:
    """Tell whether the CRC-32 behind a block differs."""
    if len(block) < BLOCK_BYTES:
        return True
    end = struct.unpack_from("<H", block, 8)[0] * 16
    if end + 8 > len(block):
        return True
    (stored,) = struct.unpack_from("<I", block, end + 4)
    return bool(stored != zlib.crc32(block[:end]))


def _of(block: bytes) -> Metadata:
    if not block.startswith(SIGNATURE) or struct.unpack_from("<H", block, 10)[0] != 2:
        raise MetadataError("a block of another version")
    (state,) = struct.unpack_from("<H", block, 12)
    size, _, sectors, *rest = struct.unpack_from("<QII4Q", block, 16)
    total, _, head, _ = struct.unpack_from("<4I", block, _HEAD_BYTES)
    if head != _ENTRIES_AT - _HEAD_BYTES or not head < total <= len(block) - _HEAD_BYTES:
        raise MetadataError("a block whose sizes do not add up")
    moved, sealed = (rest[3], sectors * 512), b""
    protectors = []
    for kind, value, data in _entries(block[_ENTRIES_AT : _HEAD_BYTES + total]):
        if kind == _ENTRY_MASTER:
            protectors.append(_protector(data))
        elif kind == _ENTRY_KEY and value == _VALUE_SEALED:
            sealed = data
        elif kind == _ENTRY_START:
            moved = struct.unpack_from("<QQ", data)
    return Metadata(
        identifier=str(uuid.UUID(bytes_le=block[80:96])),
        method=struct.unpack_from("<I", block, 100)[0] & 0xFFFF,
        state=state,
        encrypted_bytes=size,
        places=tuple(rest[:3]),
        moved=moved,
        protectors=tuple(protectors),
        sealed=sealed,
    )


def _entries(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give type, type of the value and data of each entry."""
    at = 0
    while at + 8 <= len(data):
        size, kind, value = struct.unpack_from("<HHH", data, at)
        if size < 8:
            return
        yield kind, value, data[at + 8 : at + size]
        at += size


def _protector(data: bytes) -> Protector:
    salt = clear = sealed = b""
    for _, value, inner in _entries(data[28:]):
        if value == _VALUE_STRETCH:
            salt = inner[4:20]
        elif value == _VALUE_KEY:
            clear = inner[4:36]
        elif value == _VALUE_SEALED:
            sealed = inner
    return Protector(
        kind=struct.unpack_from("<H", data, 26)[0],
        identifier=str(uuid.UUID(bytes_le=data[:16].ljust(16, b"\0"))),
        salt=salt,
        clear=clear,
        sealed=sealed,
    )


def of_password(password: str) -> bytes:
    """Give what is stretched for a password.

    Raises:
        ValueError: it cannot be written in UTF-16.
    """
    return hashlib.sha256(hashlib.sha256(password.encode("utf-16-le")).digest()).digest()


def of_recovery(recovery: str) -> bytes:
    """Give what is stretched for a recovery password of eight groups of six digits."""
    numbers = [int(group) // 11 for group in recovery.split("-")]
    return hashlib.sha256(struct.pack("<8H", *numbers)).digest()


def stretched(initial: bytes, salt: bytes) -> bytes:
    """Give the key that a secret makes, after 2^20 rounds."""
    last, fixed, digest = bytes(32), initial + salt, hashlib.sha256
    for count in range(_ROUNDS):
        last = digest(last + fixed + count.to_bytes(8, "little")).digest()
    return last


def unsealed(sealed: bytes, key: bytes) -> bytes | None:
    """Open what is sealed with AES-CCM; ``None`` where the key is not the right one."""
    nonce, tag, data = sealed[:12], sealed[12:28], sealed[28:]
    if len(key) != 32 or len(data) < 12:
        return None
    try:
        plain = AESCCM(key, tag_length=16).decrypt(nonce, data + tag, None)
    except (InvalidTag, ValueError):
        return None
    return plain[12:]
