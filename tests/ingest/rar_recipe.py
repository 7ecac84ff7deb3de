"""Writes RAR of both layouts, contents stored as they are, by the technical notes of its maker."""

from __future__ import annotations

import struct
import zlib

MOMENT = 1_777_626_124
DOS = (2026 - 1980) << 25 | 5 << 21 | 1 << 16 | 10 << 11 | 2 << 5 | 4 // 2


def rar4(
    files: dict[bytes, bytes], *, method: int = 0, flags: int = 0, main: int = 0, last: int = 0
) -> bytes:
    out = b"Rar!\x1a\7\0" + _block4(0x73, main, bytes(6))
    for name, data in files.items():
        packed = name.partition(b"\0")[1]
        fields = struct.pack(
            "<IIBIIBBHI",
            len(data),
            len(data),
            2,
            zlib.crc32(data),
            DOS,
            29,
            0x30 + method,
            len(name),
            0x20,
        )
        out += _block4(0x74, 0x8000 | flags | (0x200 if packed else 0), fields + name) + data
    return out + _block4(0x7B, last, b"")


def rar5(files: dict[bytes, bytes], *, method: int = 0, extra: bytes = b"", last: int = 0) -> bytes:
    out = b"Rar!\x1a\7\1\0" + _block5(vint(1) + vint(0) + vint(0))
    for name, data in files.items():
        fields = vint(2) + vint(3 if extra else 2)
        fields += vint(len(extra)) if extra else b""
        fields += vint(len(data)) + vint(2 | 4) + vint(len(data)) + vint(0x20)
        fields += struct.pack("<II", MOMENT, zlib.crc32(data))
        fields += vint(method << 7) + vint(1) + vint(len(name)) + name
        out += _block5(fields + extra) + data
    return out + _block5(vint(5) + vint(0) + vint(last))


def record(kind: int, data: bytes) -> bytes:
    return vint(len(vint(kind) + data)) + vint(kind) + data


def vint(value: int) -> bytes:
    out = b""
    while value >> 7:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _block4(kind: int, flags: int, rest: bytes) -> bytes:
    body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def _block5(fields: bytes) -> bytes:
    body = vint(len(fields)) + fields
    return struct.pack("<I", zlib.crc32(body)) + body
