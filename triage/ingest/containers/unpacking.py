"""Unpacks single blocks of virtual disks, never further than was asked for."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

from triage.ingest.containers.pieces import MOST_UNPACKED_BYTES, UnpackError


def by_zlib(packed: bytes, length_bytes: int) -> bytes:
    """Inflate a zlib stream (RFC 1950).

    Raises:
        UnpackError: it is damaged.
    """
    return _inflated(packed, length_bytes, zlib.MAX_WBITS)


def by_deflate(packed: bytes, length_bytes: int) -> bytes:
    """Inflate a bare deflate stream (RFC 1951).

    Raises:
        UnpackError: it is damaged.
    """
    return _inflated(packed, length_bytes, -zlib.MAX_WBITS)


def by_bzip2(packed: bytes, length_bytes: int) -> bytes:
    """Unpack bzip2.

    Raises:
        UnpackError: it is damaged.
    """
    try:
        return bz2.BZ2Decompressor().decompress(packed, length_bytes)
    except (OSError, EOFError, ValueError) as error:
        raise UnpackError(str(error)) from error


def by_zstd(packed: bytes, length_bytes: int) -> bytes:
    """Unpack Zstandard (RFC 8878).

    Raises:
        UnpackError: it is damaged.
    """
    try:
        return ZstdDecompressor().decompress(packed, length_bytes)
    except (ZstdError, EOFError, ValueError, MemoryError) as error:
        raise UnpackError(str(error)) from error


def by_lzma(packed: bytes, length_bytes: int) -> bytes:
    """Unpack xz.

    Raises:
        UnpackError: it is damaged, or asks for more memory than a block may need.
    """
    try:
        unpacker = lzma.LZMADecompressor(memlimit=2 * MOST_UNPACKED_BYTES)
        return unpacker.decompress(packed, length_bytes)
    except (lzma.LZMAError, EOFError, MemoryError) as error:
        raise UnpackError(str(error)) from error


def by_adc(packed: bytes, length_bytes: int) -> bytes:
    """Unpack Apple Data Compression, as disk images of Mac OS before version 10 use it.

    A byte from 128 on is followed by its low seven bits plus one literal bytes; one from 64 on
    begins a copy of its low six bits plus four bytes with a distance of two bytes; any other a
    copy of three bytes or more with a distance of ten bits (the format as libmodi describes it).

    Raises:
        UnpackError: it copies from before its start, or is cut off.
    """
    out, at = bytearray(), 0
    try:
        while at < len(packed) and len(out) < length_bytes:
            mark = packed[at]
            if mark >= 0x80:
                out += packed[at + 1 : at + mark - 0x80 + 2]
                at += mark - 0x80 + 2
                continue
            if mark >= 0x40:
                count, distance = (mark & 0x3F) + 4, (packed[at + 1] << 8) + packed[at + 2]
                at += 3
            else:
                count, distance = (mark >> 2) + 3, ((mark & 3) << 8) + packed[at + 1]
                at += 2
            _copy(out, distance + 1, count)
    except IndexError as error:
        raise UnpackError("is cut off") from error
    return bytes(out[:length_bytes])


def _copy(out: bytearray, distance: int, count: int) -> None:
    if distance > len(out):
        raise UnpackError("copies from before its start")
    for _ in range(count):
        out.append(out[-distance])


def _inflated(packed: bytes, length_bytes: int, window_bits: int) -> bytes:
    if length_bytes <= 0:
        return b""
    try:
        return zlib.decompressobj(window_bits).decompress(packed, length_bytes)
    except zlib.error as error:
        raise UnpackError(str(error)) from error
