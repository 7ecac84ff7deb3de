"""One chunk of an EWF image: inflated within bounds and checked, never believed."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from isal import isal_zlib

from triage.model.evidence import DamageKind

_at_once: Callable[[memoryview, int], bytearray] | None = None
_refused: type[Exception] = ValueError
with suppress(ImportError):  # a platform without its wheel reads the same, at the pace of isal
    import deflate

    _at_once, _refused = deflate.zlib_decompress, deflate.DeflateError

Data = bytes | bytearray | memoryview
"""Checked data; a view is one over what was read from the file, to be copied before it is kept."""

INFLATE_ERROR = cast("type[Exception]", isal_zlib.error)
"""The stub of isal declares its error class as an instance."""

CHECKSUM_BYTES = 4
BZIP2_MAGIC = b"BZh"
"""No zlib stream starts so: the low half of its first byte is 8."""


def stored_bound(chunk_bytes: int, *, compressed: bool) -> int:
    """Give the most bytes that a chunk can take in the file.

    Deflate adds five bytes a block at worst; an eighth more is far above that.
    """
    return chunk_bytes + (chunk_bytes // 8 + 1024 if compressed else CHECKSUM_BYTES)


def decode(
    raw: memoryview, *, compressed: bool, want_bytes: int, chunk_bytes: int
) -> Data | DamageKind:
    """Give the data of a chunk, exactly ``want_bytes``, or what is wrong with it.

    A compressed chunk is a zlib stream with its own Adler-32, or (EWF2) a bzip2 stream with its
    own CRC; a stored one is followed by the Adler-32 of the data. The last chunk may be written
    short or padded to the full size.
    """
    if compressed:
        quick = _inflated_at_once(raw, want_bytes)
        return _inflated(raw, want_bytes, chunk_bytes) if quick is None else quick
    for size in (want_bytes, chunk_bytes):
        end = size + CHECKSUM_BYTES
        if len(raw) >= end:
            data = raw[:size]
            if isal_zlib.adler32(data) == int.from_bytes(raw[size:end], "little"):
                return data[:want_bytes]
    short = len(raw) < want_bytes + CHECKSUM_BYTES
    return DamageKind.TRUNCATED if short else DamageKind.CHUNK_CHECKSUM


def _inflated_at_once(raw: memoryview, want_bytes: int) -> bytearray | None:
    """Inflate by libdeflate what is as it should be: whole, sound, of just the size wanted.

    It needs no state between calls and never writes past ``want_bytes``, so it is about twice
    as fast; what it refuses is looked at again to say what is wrong.
    """
    if _at_once is None:
        return None
    try:
        data = _at_once(raw, want_bytes)
    except _refused:
        return None
    return data if len(data) == want_bytes else None


def _inflated(raw: memoryview, want_bytes: int, chunk_bytes: int) -> bytes | DamageKind:
    """Inflate at most one byte more than a chunk can hold, so that a bomb costs nothing."""
    packed = raw[:3] == BZIP2_MAGIC
    inflater = bz2.BZ2Decompressor() if packed else isal_zlib.decompressobj()
    try:
        data = inflater.decompress(raw, chunk_bytes + 1)
    except (INFLATE_ERROR, OSError) as error:
        wrong_sum = "checksum" in str(error).lower()
        return DamageKind.CHUNK_CHECKSUM if wrong_sum else DamageKind.CHUNK_UNREADABLE
    if not inflater.eof or not want_bytes <= len(data) <= chunk_bytes:
        return DamageKind.CHUNK_UNREADABLE
    return bytes(data) if len(data) == want_bytes else bytes(data[:want_bytes])
