"""Makes BitLocker volumes of the Windows 7 layout, as libbde's format documentation has it."""

from __future__ import annotations

import hashlib
import struct
import uuid
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

RECOVERY = "-".join(f"{11 * number:06d}" for number in (1, 22, 333, 4444, 5555, 6666, 777, 65535))
VOLUME = uuid.UUID("11111111-2222-3333-4444-555555555555")
PASSWORD_KEY = uuid.UUID("aaaaaaaa-0000-0000-0000-000000000001")
RECOVERY_KEY = uuid.UUID("bbbbbbbb-0000-0000-0000-000000000002")
CLEAR_KEY = uuid.UUID("cccccccc-0000-0000-0000-000000000003")
_SCHEME = uuid.UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001")
METHODS = {"cbc128": 0x8002, "cbc256": 0x8003, "xts128": 0x8004, "xts256": 0x8005}
HEADER_BYTES = 8192
METADATA_BYTES = 64 * 1024
_TIME = 132_000_000_000_000_000


STRETCHED = {
    "a5d8e3bb": "583b0d3f48a70a330e7f1508bc2f9b04aefeb6a09d13fa61054d3825a284282e",
    "cb22ea4d": "ea09e98737738d92b212c9682b77c597299e055b8c4bdec8681b676befa98b26",
}
"""What ``stretched`` gave for the secrets of the tests, each of which takes it two seconds."""


def _entry(kind: int, value: int, data: bytes) -> bytes:
    return struct.pack("<HHHH", len(data) + 8, kind, value, 1) + data


def _key(method: int, key: bytes) -> bytes:
    return _entry(0, 1, struct.pack("<I", method) + key)


def _sealed(kind: int, wrapping: bytes, inner: bytes, counter: int) -> bytes:
    nonce = struct.pack("<QI", _TIME, counter)
    sealed = AESCCM(wrapping, tag_length=16).encrypt(nonce, inner, None)
    return _entry(kind, 5, nonce + sealed[-16:] + sealed[:-16])


def stretched(initial: bytes, salt: bytes) -> bytes:
    known = STRETCHED.get(hashlib.sha256(initial + salt).hexdigest()[:8])
    if known:
        return bytes.fromhex(known)
    last = bytes(32)
    for count in range(1 << 20):
        last = hashlib.sha256(last + initial + salt + struct.pack("<Q", count)).digest()
    return last


def _protector(name: uuid.UUID, kind: int, nested: bytes) -> bytes:
    return _entry(2, 8, name.bytes_le + struct.pack("<QHH", _TIME, 0, kind) + nested)


def _stretch(salt: bytes, wrapping: bytes) -> bytes:
    return _entry(
        0, 3, struct.pack("<I", 0x1000) + salt + _sealed(0, wrapping, _key(0, bytes(32)), 9)
    )


def protectors(master: bytes, password: str, recovery: str, *, clear: bool) -> bytes:
    out = b""
    inner = _key(0x2003, master)
    if password:
        first = hashlib.sha256(hashlib.sha256(password.encode("utf-16-le")).digest()).digest()
        wrapping = stretched(first, b"p" * 16)
        nested = _stretch(b"p" * 16, wrapping) + _sealed(0, wrapping, inner, 1)
        out += _protector(PASSWORD_KEY, 0x2000, nested)
    if recovery:
        halves = struct.pack("<8H", *(int(group) // 11 for group in recovery.split("-")))
        wrapping = stretched(hashlib.sha256(halves).digest(), b"r" * 16)
        nested = _stretch(b"r" * 16, wrapping) + _sealed(0, wrapping, inner, 2)
        out += _protector(RECOVERY_KEY, 0x0800, nested)
    if clear:
        wrapping = b"c" * 32
        out += _protector(CLEAR_KEY, 0, _key(0x2001, wrapping) + _sealed(0, wrapping, inner, 3))
    return out


def _encrypted(method: str, key: bytes, data: bytes, offset: int) -> bytes:
    out = []
    for at in range(0, len(data), 512):
        sector = data[at : at + 512]
        if method.startswith("xts"):
            number = ((offset + at) // 512).to_bytes(16, "little")
            out.append(Cipher(algorithms.AES(key), modes.XTS(number)).encryptor().update(sector))
        else:
            single = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  (how the vector is made)
            vector = single.encryptor().update((offset + at).to_bytes(16, "little"))
            out.append(Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor().update(sector))
    return b"".join(out)


def place_bytes(size: int) -> int:
    """Give where a volume of so many bytes holds what is BitLocker's own."""
    return size * 2 // 3 // METADATA_BYTES * METADATA_BYTES


def volume(
    plain: bytes,
    *,
    method: str = "xts128",
    password: str = "",
    recovery: str = "",
    clear: bool = False,
    to_go: bool = False,
) -> bytes:
    """Encrypt a file system; the space of what BitLocker keeps for itself has to be free in it.

    Its three metadata blocks and the moved start stand in 256 KiB at two thirds of it.
    """
    master = hashlib.sha256(b"master").digest()
    bits = int(method[3:])
    key = hashlib.sha512(b"volume").digest()[: bits // 8 * (2 if method.startswith("xts") else 1)]
    size = len(plain)
    first = place_bytes(size)
    places = [first + METADATA_BYTES * block for block in range(3)]
    moved = first + 3 * METADATA_BYTES
    out = bytearray(_encrypted(method, key, plain, 0))
    entries = protectors(master, password, recovery, clear=clear)
    entries += _sealed(3, master, _key(METHODS[method], key), 7)
    entries += _entry(0xF, 0xF, struct.pack("<QQ", moved, HEADER_BYTES))
    block = _block(entries, places, moved, size, METHODS[method])
    for place in places:
        out[place : place + METADATA_BYTES] = block.ljust(METADATA_BYTES, b"\0")
    out[moved : moved + HEADER_BYTES] = _encrypted(method, key, plain[:HEADER_BYTES], moved)
    out[:512] = _boot(places, to_go=to_go)
    out[512:HEADER_BYTES] = bytes(HEADER_BYTES - 512)
    return bytes(out)


def _block(entries: bytes, places: list[int], moved: int, size: int, method: int) -> bytes:
    total = 48 + len(entries)
    header = struct.pack("<IIII", total, 1, 48, total) + VOLUME.bytes_le
    header += struct.pack("<IIQ", 10, method, _TIME)
    rows = -(-(64 + total) // 16)
    start = b"-FVE-FS-" + struct.pack("<HHHHQII", rows, 2, 4, 4, size, 0, HEADER_BYTES // 512)
    start += struct.pack("<QQQQ", *places, moved)
    body = (start + header + entries).ljust(rows * 16, b"\0")
    return body + struct.pack("<HHI", 8, 1, zlib.crc32(body))


def _boot(places: list[int], *, to_go: bool) -> bytes:
    sector = bytearray(512)
    sector[:13] = b"\xeb\x58\x90-FVE-FS-" + struct.pack("<H", 512)
    sector[13] = 8
    sector[21] = 0xF8
    struct.pack_into("<H", sector, 0x18, 0x3F)
    struct.pack_into("<H", sector, 0x1A, 0xFF)
    if to_go:
        sector[3:11] = b"MSWIN4.1"
    mark, table = (424, 440) if to_go else (160, 176)
    sector[mark : mark + 16] = _SCHEME.bytes_le
    struct.pack_into("<QQQ", sector, table, *places)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)
