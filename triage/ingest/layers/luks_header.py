"""Reads headers of LUKS 1 and 2 (LUKS On-Disk Format Specifications 1.2.3 and 2, cryptsetup)."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any

from triage.ingest.container import Container

FIRST = b"LUKS\xba\xbe"
SECOND = b"SKUL\xba\xbe"
SECOND_PLACES = tuple(0x4000 << step for step in range(9))
"""Where the second header of LUKS 2 may begin: after a first one of 16 KiB to 4 MiB."""

_HEADER_BYTES = 4096
_LIMIT_BYTES = SECOND_PLACES[-1]
_CHECKSUM = slice(448, 512)
_ACTIVE = 0x00AC71F3
_SECTOR_BYTES = 512


class HeaderError(Exception):
    """A header that does not read; the text says why, or what of it is not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """How a key is made from a secret.

    Attributes:
        kind: ``pbkdf2``, ``argon2i`` or ``argon2id``.
        digest: name of the hash of PBKDF2.
        rounds: iterations, or passes of Argon2.
        memory_kib: of Argon2, as ``lanes`` is.
    """

    kind: str
    salt: bytes
    rounds: int
    digest: str = ""
    memory_kib: int = 0
    lanes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlot:
    """A place where the volume key lies, encrypted and split into stripes.

    Attributes:
        name: its number.
        cipher: by which it is encrypted, with a key of ``cipher_key_bytes``.
        offset_bytes: from the start of the header.
        digest: name of the hash that diffuses the stripes.
    """

    name: str
    derivation: Derivation
    cipher: str
    cipher_key_bytes: int
    key_bytes: int
    offset_bytes: int
    stripes: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a header says.

    Attributes:
        cipher: of the payload: ``aes-xts-plain64``.
        payload_bytes: where it begins.
        size_bytes: its length, 0 where it reaches to the end.
        first_sector: number of its first sector, in 512 bytes.
        check: how a volume key is proved, and ``proof`` the bytes that must come of it.
    """

    version: int
    uuid: str
    label: str
    cipher: str
    sector_bytes: int
    payload_bytes: int
    size_bytes: int
    first_sector: int
    slots: tuple[KeySlot, ...]
    check: Derivation
    proof: bytes
    proved: frozenset[str]


def read_header(container: Container, offset_bytes: int, length_bytes: int) -> Header:
    """Read the header of either version, the second one of LUKS 2 where the first is lost.

    Raises:
        HeaderError: none reads.
    """
    head = container.read_at(offset_bytes, min(length_bytes, 592))
    if head.startswith(FIRST + b"\0\1") and len(head) == 592:
        return _version_1(head)
    found: list[tuple[int, dict[str, Any], bytes]] = []
    for place in (0, *SECOND_PLACES):
        if place + _HEADER_BYTES <= length_bytes:
            one = _version_2(container, offset_bytes + place, place, length_bytes - place)
            if one is not None:
                found.append(one)
    if not found:
        raise HeaderError("its header is damaged")
    _, told, binary = max(found, key=lambda one: one[0])
    try:
        return _of_json(told, binary)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise HeaderError(f"its header does not read: {type(error).__name__}") from error


def _version_1(head: bytes) -> Header:
    names = [_text(head[at : at + 32]) for at in (8, 40, 72)]
    payload, key_bytes = struct.unpack_from(">II", head, 104)
    (rounds,) = struct.unpack_from(">I", head, 164)
    slots = []
    for number in range(8):
        at = 208 + 48 * number
        active, turns = struct.unpack_from(">II", head, at)
        place, stripes = struct.unpack_from(">II", head, at + 40)
        if active == _ACTIVE:
            salt = head[at + 8 : at + 40]
            slots.append(
                KeySlot(
                    name=str(number),
                    derivation=Derivation(kind="pbkdf2", salt=salt, rounds=turns, digest=names[2]),
                    cipher=f"{names[0]}-{names[1]}",
                    cipher_key_bytes=key_bytes,
                    key_bytes=key_bytes,
                    offset_bytes=place * _SECTOR_BYTES,
                    stripes=stripes,
                    digest=names[2],
                )
            )
    return Header(
        version=1,
        uuid=_text(head[168:208]),
        label="",
        cipher=f"{names[0]}-{names[1]}",
        sector_bytes=_SECTOR_BYTES,
        payload_bytes=payload * _SECTOR_BYTES,
        size_bytes=0,
        first_sector=0,
        slots=tuple(slots),
        check=Derivation(kind="pbkdf2", salt=head[132:164], rounds=rounds, digest=names[2]),
        proof=head[112:132],
        proved=frozenset(slot.name for slot in slots),
    )


def _version_2(
    container: Container, offset: int, place: int, left: int
) -> tuple[int, dict[str, Any], bytes] | None:
    """Give number, JSON and first block of a header whose checksum is right."""
    binary = container.read_at(offset, _HEADER_BYTES)
    magic = SECOND if place else FIRST
    if len(binary) < _HEADER_BYTES or not binary.startswith(magic + b"\0\2"):
        return None
    size, number = struct.unpack_from(">QQ", binary, 8)
    if not _HEADER_BYTES < size <= min(left, _LIMIT_BYTES):
        return None
    whole = bytearray(container.read_at(offset, size))
    stored = bytes(whole[_CHECKSUM])
    whole[_CHECKSUM] = bytes(64)
    try:
        digest = hashlib.new(_text(binary[72:104]), whole).digest()
        told = json.loads(whole[_HEADER_BYTES:].partition(b"\0")[0])
    except (ValueError, TypeError, RecursionError):
        return None
    if stored[: len(digest)] != digest or not isinstance(told, dict):
        return None
    return number, told, binary


def _of_json(told: dict[str, Any], binary: bytes) -> Header:
    segments = told["segments"]
    if "online-reencrypt" in str(told["config"].get("requirements", "")):
        raise HeaderError("it was being encrypted anew when it was acquired")
    if len(segments) != 1:
        raise HeaderError(f"it has {len(segments)} encrypted parts: one is read here")
    name, segment = next(iter(segments.items()))
    if segment["type"] != "crypt":
        raise HeaderError(f"its segment is of type {segment['type']}")
    if "integrity" in segment:
        raise HeaderError("it has integrity tags (dm-integrity)")
    sector_bytes = int(segment.get("sector_size", _SECTOR_BYTES))
    if sector_bytes not in {512, 1024, 2048, 4096}:
        raise HeaderError(f"its sectors have {sector_bytes} bytes")
    check = next(one for one in told["digests"].values() if name in one["segments"])
    size = segment["size"]
    return Header(
        version=2,
        uuid=_text(binary[168:208]),
        label=_text(binary[24:72]),
        cipher=str(segment["encryption"]),
        sector_bytes=sector_bytes,
        payload_bytes=_natural(segment["offset"]),
        size_bytes=0 if size == "dynamic" else _natural(size),
        first_sector=_natural(segment.get("iv_tweak", 0)),
        slots=tuple(
            _slot(number, slot)
            for number, slot in sorted(told["keyslots"].items())
            if slot["type"] == "luks2"
        ),
        check=_derivation(check, check["type"]),
        proof=base64.b64decode(check["digest"]),
        proved=frozenset(map(str, check["keyslots"])),
    )


def _slot(number: str, slot: dict[str, Any]) -> KeySlot:
    area, spread = slot["area"], slot["af"]
    return KeySlot(
        name=str(number),
        derivation=_derivation(slot["kdf"], slot["kdf"]["type"]),
        cipher=str(area["encryption"]),
        cipher_key_bytes=_natural(area["key_size"]),
        key_bytes=_natural(slot["key_size"]),
        offset_bytes=_natural(area["offset"]),
        stripes=_natural(spread["stripes"]),
        digest=str(spread["hash"]),
    )


def _derivation(told: dict[str, Any], kind: str) -> Derivation:
    return Derivation(
        kind=str(kind),
        salt=base64.b64decode(told["salt"]),
        rounds=_natural(told.get("iterations" if kind == "pbkdf2" else "time", 0)),
        digest=str(told.get("hash", "")),
        memory_kib=_natural(told.get("memory", 0)),
        lanes=_natural(told.get("cpus", 0)),
    )


def _natural(value: object) -> int:
    """Read a number, as digits where it is larger than JSON holds exactly."""
    number = int(str(value))
    if not 0 <= number < 1 << 63:
        raise ValueError("out of range")
    return number


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("ascii", "replace")
