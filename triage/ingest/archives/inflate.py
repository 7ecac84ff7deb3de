"""Inflates by bounded pieces, so that no few bytes become gigabytes of memory at once."""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from triage.ingest.reading import CHUNK_BYTES

LZMA_MEMORY_BYTES = 256 * 1024 * 1024
"""Dictionary memory that an xz or LZMA stream may ask for; ``xz -9`` asks for 65 MiB."""

_ZSTD_WINDOW_LOG = 27
"""128 MiB, as far as zstd itself goes unless it is told otherwise."""

ZSTD_ERRORS = (zstd.ZstdError,)
"""What it raises over hostile bytes."""


class Inflater(Protocol):
    """What the decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the packed stream was met."""

    @property
    def needs_input(self) -> bool:
        """Whether all that was given has come out."""

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the packed stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Give at most so many bytes."""


class Deflate:
    """Deflate under the protocol of the other two.

    Args:
        window_bits: as zlib counts them: -15 for the naked format, 31 for gzip with its checksum.
    """

    def __init__(self, window_bits: int) -> None:
        self._bits = window_bits
        self._inner = zlib.decompressobj(window_bits)

    def copy(self) -> Deflate:
        """Give one that goes on from here on its own; it holds a window of 32 KiB."""
        other = Deflate(self._bits)
        other._inner = self._inner.copy()
        return other

    @property
    def eof(self) -> bool:
        """Whether the end of the packed stream was met."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Whether all that was given has come out."""
        return not self._inner.unconsumed_tail and not self._inner.eof

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the packed stream."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Give at most so many bytes."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def naked_deflate() -> Inflater:
    """Inflate RFC 1951."""
    return Deflate(-15)


def gzip() -> Inflater:
    """Inflate one member of RFC 1952, and check its CRC-32 and length."""
    return Deflate(31)


def zlib_stream() -> Inflater:
    """Inflate one stream of RFC 1950, and check its Adler-32."""
    return Deflate(15)


def bzip2() -> Inflater:
    """Inflate one bzip2 stream; its checksums are checked."""
    return bz2.BZ2Decompressor()


def xz() -> Inflater:
    """Inflate one xz stream; its checksums are checked."""
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=LZMA_MEMORY_BYTES)


def zip_lzma(head: bytes) -> Inflater:
    """Inflate LZMA as packed in zip.

    Args:
        head: the 9 bytes before the data: version (2), size of the properties (2, here 5),
            properties (5): APPNOTE 5.8.8.

    Raises:
        ValueError: no such properties, or a dictionary of unreasonable size.
    """
    if struct.unpack_from("<H", head, 2)[0] != 5:
        raise ValueError("LZMA properties of an unknown kind")
    return lzma_by_properties(head[4:])


def lzma_by_properties(properties: bytes) -> Inflater:
    """Inflate naked LZMA.

    Args:
        properties: how many bits of what tell literals apart (1), size of the dictionary (4).

    Raises:
        ValueError: no such properties, or a dictionary of unreasonable size.
    """
    packed, dictionary_bytes = struct.unpack("<BI", properties)
    if packed >= 9 * 5 * 5:
        raise ValueError("LZMA properties of an unknown kind")
    if dictionary_bytes > LZMA_MEMORY_BYTES:
        raise ValueError(f"an LZMA dictionary of {dictionary_bytes} bytes")
    rest, literal_context = divmod(packed, 9)
    position, literal_position = divmod(rest, 5)
    chain = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(dictionary_bytes, 4096),
        "lc": literal_context,
        "lp": literal_position,
        "pb": position,
    }
    return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[chain])


def lzma2_by_property(properties: bytes) -> Inflater:
    """Inflate naked LZMA2.

    Args:
        properties: one byte that stands for the size of the dictionary.

    Raises:
        ValueError: no such property, or a dictionary of unreasonable size.
    """
    if len(properties) != 1 or properties[0] > 40:
        raise ValueError("LZMA2 properties of an unknown kind")
    dictionary_bytes = (2 | properties[0] & 1) << (properties[0] // 2 + 11)
    if dictionary_bytes > LZMA_MEMORY_BYTES:
        raise ValueError(f"an LZMA dictionary of {dictionary_bytes} bytes")
    chain = {"id": lzma.FILTER_LZMA2, "dict_size": dictionary_bytes}
    return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=[chain])


def zstandard() -> Inflater:
    """Inflate one frame of RFC 8878, and check its checksum where it has one."""
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    return zstd.ZstdDecompressor(options=options)


def inflated(make: Callable[[], Inflater], packed: Iterator[bytes]) -> Iterator[bytes]:
    """Give what a packed stream holds, until its end or the end of the input."""
    inflater, ended = make(), False
    while not inflater.eof:
        data = b""
        if inflater.needs_input:
            data = next(packed, b"")
            ended = not data
        piece = inflater.decompress(data, CHUNK_BYTES)
        if piece:
            yield piece
        elif ended:
            return
