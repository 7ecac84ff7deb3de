"""Writes small EWF segments from the published layout, so that tests choose every field."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

CHUNK = 32_768
SIGNATURE = b"EVF\x09\x0d\x0a\xff\x00"


def file_header(number: int = 1) -> bytes:
    return SIGNATURE + b"\x01" + struct.pack("<H", number) + b"\0\0"


def descriptor(kind: str, offset: int, size: int, *, following: int | None = None) -> bytes:
    target = offset + size if following is None else following
    head = struct.pack("<16sQQ40x", kind.encode(), target, size)
    return head + zlib.adler32(head).to_bytes(4, "little")


def terminal(kind: str, offset: int) -> bytes:
    return descriptor(kind, offset, 76, following=offset)


def summed(data: bytes) -> bytes:
    return data + zlib.adler32(data).to_bytes(4, "little")


def volume(chunks: int, sectors: int, *, media: int = 1, per_chunk: int = 64) -> bytes:
    head = struct.pack("<B3xIIIQ", media, chunks, per_chunk, 512, sectors)
    return summed(head.ljust(1048, b"\0"))


def table(offsets: Sequence[int], base: int = 0) -> bytes:
    head = summed(struct.pack("<I4xQ4x", len(offsets), base))
    return head + summed(struct.pack(f"<{len(offsets)}I", *offsets))


def errors(ranges: Sequence[tuple[int, int]]) -> bytes:
    head = summed(struct.pack("<I", len(ranges)).ljust(516, b"\0"))
    return head + summed(b"".join(struct.pack("<II", *one) for one in ranges))


def stored(data: bytes) -> bytes:
    return summed(data)


def assemble(sections: Sequence[tuple[str, bytes]], *, number: int = 1, end: str = "done") -> bytes:
    body = file_header(number)
    for kind, data in sections:
        body += descriptor(kind, len(body), 76 + len(data)) + data
    return body + terminal(end, len(body))


def image(chunks: Sequence[tuple[bytes, bool]], sectors: int, *extra: tuple[str, bytes]) -> bytes:
    """One segment: each chunk as it lies in the file, and whether it is flagged compressed."""
    first = volume(len(chunks), sectors)
    start = 13 + 76 + len(first) + 76
    entries: list[int] = []
    body = b""
    for data, compressed in chunks:
        entries.append((start + len(body)) | (0x8000_0000 if compressed else 0))
        body += data
    listed = table(entries)
    sections = (("volume", first), ("sectors", body), ("table", listed), ("table2", listed))
    return assemble((*sections, *extra))


def write(folder: Path, body: bytes, name: str = "made.E01") -> Path:
    path = folder / name
    path.write_bytes(body)
    return path
