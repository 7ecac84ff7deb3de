"""The tail of a column file: what the file holds, and a checksum for each block of it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib

from triage.errors import HashSetError

MAGIC = b"TRIAGEPK"
FORMAT_VERSION = 2
BLOCK_SIZE_BYTES = 1 << 20
"""A changed byte is named by its block; the checksums of a gigabyte take four kilobytes."""
FACTS_SIZE_BYTES = 128
SUFFIX = ".col"
_ALIGNMENT_BYTES = 8

_FACTS = struct.Struct("<8sIIQII32s32x")
_CHECKSUM = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the end of a column file states.

    Attributes:
        width: bytes of an item; ``count``: items, which start at the first byte of the file.
        checksums: CRC-32 of each block of items and padding, 4 bytes each.
    """

    name: str
    width: int
    count: int
    checksums: bytes

    @property
    def body_size_bytes(self) -> int:
        """Size of items and padding: all that the checksums are about."""
        return self.width * self.count + padding_bytes(self.width * self.count)

    def packed(self) -> bytes:
        """Give the bytes that end the file."""
        facts = _FACTS.pack(
            MAGIC,
            FORMAT_VERSION,
            self.width,
            self.count,
            BLOCK_SIZE_BYTES,
            len(self.checksums) // _CHECKSUM.size,
            self.name.encode("ascii"),
        )
        return self.checksums + facts + hashlib.sha256(self.checksums + facts).digest()


def checksum_of(block: bytes | bytearray | memoryview) -> bytes:
    """Give the CRC-32 of a block as four bytes; it finds every single changed byte."""
    return _CHECKSUM.pack(isal_zlib.crc32(block))


def padding_bytes(size_bytes: int) -> int:
    """Give how many zeros follow so many bytes of items."""
    return -size_bytes % _ALIGNMENT_BYTES


def tail_of(raw: bytes | memoryview, path: Path) -> Tail:
    """Read the tail of a file, which must be whole and fit the file.

    Raises:
        HashSetError: it is not as it was written, or does not belong to this file.
    """
    size = len(raw)
    facts = bytes(raw[size - FACTS_SIZE_BYTES : size - 32]) if size >= FACTS_SIZE_BYTES else b""
    if not facts.startswith(MAGIC):
        if bytes(raw[: len(MAGIC)]) == MAGIC:
            raise HashSetError(f"{path.name}: a pack format of another version (1)")
        raise HashSetError(f"{path.name}: the header is damaged")
    _, version, width, count, block_size, blocks, name = _FACTS.unpack(facts)
    if version != FORMAT_VERSION or block_size != BLOCK_SIZE_BYTES:
        raise HashSetError(f"{path.name}: a pack format of another version ({version})")
    start = size - FACTS_SIZE_BYTES - blocks * _CHECKSUM.size
    checksums = bytes(raw[max(start, 0) : size - FACTS_SIZE_BYTES])
    if hashlib.sha256(checksums + facts).digest() != bytes(raw[size - 32 :]):
        raise HashSetError(f"{path.name}: the header is damaged")
    told = Tail(
        name=name.rstrip(b"\0").decode("ascii"), width=width, count=count, checksums=checksums
    )
    if told.name + SUFFIX != path.name:
        raise HashSetError(f"{path.name}: the header names another column")
    if start != told.body_size_bytes or blocks != -(-start // BLOCK_SIZE_BYTES):
        raise HashSetError(f"{path.name}: {size} bytes where {count} items were announced")
    return told


def hurt_blocks(raw: memoryview, tail: Tail) -> Iterator[int]:
    """Read all items and padding again, and give the numbers of blocks that were changed."""
    for number in range(len(tail.checksums) // _CHECKSUM.size):
        start = number * BLOCK_SIZE_BYTES
        block = raw[start : min(start + BLOCK_SIZE_BYTES, tail.body_size_bytes)]
        place = number * _CHECKSUM.size
        if checksum_of(block) != tail.checksums[place : place + _CHECKSUM.size]:
            yield number
