"""The tail of a column file: what the file holds, and a checksum for each block of it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from triage.errors import HashSetError

MAGIC = b"TRIAGEPK"
FORMAT_VERSION = 2
BLOCK_SIZE_BYTES = 1 << 20
"""A changed byte is named by its block; the checksums of a gigabyte take four kilobytes."""
FACTS_SIZE_BYTES = 128
SUFFIX = ".col"
_ALIGNMENT_BYTES = 8

_DIGEST_BYTES = 32
_FACTS = struct.Struct("<8sIIQII32s32x")
_CHECKSUM = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What the end of a column file states.

    Attributes:
        width: bytes of an item; ``count``: items, which start at the first byte of the file.
        checksums: CRC-32 of each block of items and padding, 4 bytes each.
        sha256: digest of checksums and facts, in hex: what binds all blocks to the manifest.
    """

    name: str
    width: int
    count: int
    checksums: bytes
    sha256: str

    @property
    def body_size_bytes(self) -> int:
        """Size of items and padding: all that the checksums are about."""
        return self.width * self.count + padding_bytes(self.width * self.count)


def packed_tail(name: str, width: int, count: int, checksums: bytes) -> bytes:
    """Give the bytes that end a file."""
    blocks = len(checksums) // _CHECKSUM.size
    facts = _FACTS.pack(
        MAGIC, FORMAT_VERSION, width, count, BLOCK_SIZE_BYTES, blocks, name.encode("ascii")
    )
    return checksums + facts + hashlib.sha256(checksums + facts).digest()


def checksum_of(block: bytes | bytearray | memoryview) -> bytes:
    """Give the CRC-32 of a block as four bytes; it finds every single changed byte."""
    return _CHECKSUM.pack(isal_zlib.crc32(block))


def padding_bytes(size_bytes: int) -> int:
    """Give how many zeros follow so many bytes of items."""
    return -size_bytes % _ALIGNMENT_BYTES


def tail_size_bytes(size_bytes: int) -> int:
    """Give how many of the last bytes of a file hold its tail, whatever else they hold."""
    most = FACTS_SIZE_BYTES + (size_bytes // BLOCK_SIZE_BYTES + 1) * _CHECKSUM.size
    return min(size_bytes, most)


def tail_of(end: bytes, size_bytes: int, path: Path) -> Tail:
    """Read the tail of a file, which must be whole and fit the file.

    Args:
        end: the last bytes of the file, :func:`tail_size_bytes` of them.
        size_bytes: of the whole file.

    Raises:
        HashSetError: it is not as it was written, or does not belong to this file.
    """
    facts, stated = end[-FACTS_SIZE_BYTES:-_DIGEST_BYTES], end[-_DIGEST_BYTES:]
    if len(end) < FACTS_SIZE_BYTES or not facts.startswith(MAGIC):
        raise HashSetError(f"{path.name}: the header at its end is damaged")
    _, version, width, count, block_size, blocks, name = _FACTS.unpack(facts)
    checksums = end[-FACTS_SIZE_BYTES - blocks * _CHECKSUM.size : -FACTS_SIZE_BYTES]
    if hashlib.sha256(checksums + facts).digest() != stated:
        raise HashSetError(f"{path.name}: the header at its end is damaged")
    if version != FORMAT_VERSION or block_size != BLOCK_SIZE_BYTES:
        raise HashSetError(f"{path.name}: a pack format of another version ({version})")
    told = Tail(
        name=name.rstrip(b"\0").decode("ascii"),
        width=width,
        count=count,
        checksums=checksums,
        sha256=stated.hex(),
    )
    if told.name + SUFFIX != path.name:
        raise HashSetError(f"{path.name}: the header names another column")
    body = size_bytes - FACTS_SIZE_BYTES - len(checksums)
    if body != told.body_size_bytes or blocks != -(-body // BLOCK_SIZE_BYTES):
        raise HashSetError(f"{path.name}: {size_bytes} bytes where {count} items were announced")
    return told


def read_blocks(file: BinaryIO, tail: Tail) -> Iterator[tuple[memoryview, bool]]:
    """Read all items and padding again, block by block, and tell which are as they were.

    They are read, not mapped: what cannot be read is an error to catch, not a signal.

    Raises:
        OSError: the file cannot be read.
    """
    buffer = bytearray(BLOCK_SIZE_BYTES)
    for number in range(len(tail.checksums) // _CHECKSUM.size):
        left = tail.body_size_bytes - number * BLOCK_SIZE_BYTES
        with memoryview(buffer) as whole, whole[: min(left, BLOCK_SIZE_BYTES)] as block:
            got = _filled(file, block)
            place = number * _CHECKSUM.size
            stated = tail.checksums[place : place + _CHECKSUM.size]
            yield block, got == len(block) and checksum_of(block) == stated


def _filled(file: BinaryIO, block: memoryview) -> int:
    done = 0
    while done < len(block) and (got := file.readinto(block[done:])):  # type: ignore[attr-defined]
        done += got
    return done
