"""Writes small EWF2 segments from the published layout, so that tests choose every field."""

from __future__ import annotations

import bz2
import hashlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

CHUNK = 32_768
METHODS = {"bzip2": 2}
PATTERN = b"patternx"
DEVICE, CASE, SECTORS, TABLE, ERRORS, MD5, SHA1, KEYS, NEXT, DONE = 1, 2, 3, 4, 5, 8, 9, 11, 13, 15


def summed(data: bytes) -> bytes:
    return data + zlib.adler32(data).to_bytes(4, "little")


def aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def packed(chunk: bytes, how: str) -> tuple[bytes, int]:
    """Give what lies in the file for a chunk, and its flags."""
    if how == "zlib":
        return zlib.compress(chunk), 1
    if how == "bzip2":
        return bz2.compress(chunk), 1
    return (summed(chunk), 2) if how == "stored" else (chunk, 0)


def filled(size: int) -> bytes:
    """Give what a chunk of the kind ``pattern`` reads as."""
    return (PATTERN * (size // 8 + 1))[:size]


class Writer:
    """Sections of EWF2 follow their data: a descriptor of 64 bytes points to the one before."""

    def __init__(self, number: int = 1, method: int = 1, set_id: bytes = b"G" * 16) -> None:
        head = b"EVF2\x0d\x0a\x81\x00" + bytes([2, 1])
        self.body = head + struct.pack("<HI", method, number) + set_id
        self.previous = 0
        self.descriptors: list[int] = []

    def section(self, kind: int, data: bytes, padding: int = 0, flags: int = 0) -> None:
        self.body += data
        head = struct.pack("<IIQQII", kind, flags, self.previous, len(data), 64, padding)
        self.previous = len(self.body)
        self.descriptors.append(self.previous)
        self.body += summed(head + bytes(28))

    def text(self, kind: int, values: dict[str, str], method: int = 1) -> None:
        words = "\t".join(values) + "\n" + "\t".join(values.values())
        plain = b"\xff\xfe" + f"1\nmain\n{words}\n\n".encode("utf-16-le")
        data = bz2.compress(plain) if method == 2 else zlib.compress(plain)
        self.section(kind, aligned(data), -len(data) % 16)

    def values(self, sectors: int, per_chunk: int, method: int = 1) -> None:
        """Write device information and case data."""
        device = {"sn": "serial", "md": "model", "lb": "label", "ts": str(sectors), "hs": ""}
        device |= {"dc": "", "dt": "f", "pid": "", "rs": "", "ls": "", "bp": "512", "ph": "1"}
        self.text(DEVICE, device, method)
        case = {"nm": "name", "cn": "case", "en": "ev", "ex": "exam", "nt": "note", "av": "7.04"}
        case |= {"os": "Linux", "tt": "1000000000", "at": "1100000000"}
        case |= {"tb": str(-(-sectors // per_chunk)), "cp": str(method), "sb": str(per_chunk)}
        self.text(CASE, case | {"gr": "64", "wb": ""}, method)

    def chunks(self, chunks: Sequence[bytes], hows: Sequence[str], first: int) -> None:
        """Write sector data and its sector table."""
        start, entries, body = len(self.body), b"", b""
        for chunk, how in zip(chunks, hows, strict=True):
            if how == "pattern":
                entries += PATTERN + struct.pack("<II", 0, 5)
                continue
            data, flags = packed(chunk, how)
            entries += struct.pack("<QII", start + len(body), len(data), flags)
            body += aligned(data)
        self.section(SECTORS, body)
        self.table(entries, first)

    def table(self, entries: bytes, first: int) -> None:
        head = summed(struct.pack("<QII", first, len(entries) // 16, 0)) + bytes(12)
        self.section(TABLE, head + summed(entries) + bytes(12), 12)

    def errors(self, ranges: Sequence[tuple[int, int]]) -> None:
        head = summed(struct.pack("<I12x", len(ranges))) + bytes(12)
        entries = b"".join(struct.pack("<QI4x", *one) for one in ranges)
        self.section(ERRORS, head + summed(entries) + bytes(12), 12)

    def end(self, data: bytes) -> None:
        """Write the digests of a medium and the section that ends a set."""
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        sha1 = hashlib.sha1(data, usedforsecurity=False).digest()
        self.section(MD5, summed(md5) + bytes(12), 12)
        self.section(SHA1, summed(sha1) + bytes(8), 8)
        self.section(DONE, b"")


def split(data: bytes, chunk_bytes: int = CHUNK) -> list[bytes]:
    return [data[at : at + chunk_bytes] for at in range(0, len(data), chunk_bytes)]


def segments(
    data: bytes,
    hows: Sequence[str] = ("zlib",),
    *,
    per_chunk: int = 64,
    per_table: int = 1 << 20,
    tables_each: int = 1,
) -> list[bytes]:
    """Give the segments of an image; chunks are packed in turn as ``hows`` says."""
    chunks = split(data, per_chunk * 512)
    method = METHODS.get(hows[0], 1)
    out: list[bytes] = []
    at = 0
    while at < len(chunks):
        writer = Writer(len(out) + 1, method)
        writer.values(len(data) // 512, per_chunk, method)
        for _ in range(tables_each):
            part = chunks[at : at + per_table]
            if part:
                kinds = [hows[number % len(hows)] for number in range(at, at + len(part))]
                writer.chunks(part, kinds, at)
                at += len(part)
        if at < len(chunks):
            writer.section(NEXT, b"")
        else:
            writer.end(data)
        out.append(writer.body)
    return out


def write(folder: Path, bodies: Sequence[bytes], stem: str = "made") -> Path:
    for number, body in enumerate(bodies, start=1):
        (folder / f"{stem}.Ex{number:02}").write_bytes(body)
    return folder / f"{stem}.Ex01"
