"""Writes caches of thumbnails from their published layouts."""

from __future__ import annotations

import struct
from collections.abc import Sequence

FREE, LAST = 0xFFFFFFFF, 0xFFFFFFFE
TABLE = 0xFFFFFFFD
SECTOR = 512
WHEN_TICKS = 133_590_312_000_000_000


def jpeg_with_exif(
    thumbnail: bytes, picture: bytes, *, order: str = "<", before: bytes = b""
) -> bytes:
    """Put an EXIF block with a small copy into a JPEG that has none."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(order + "HHHIHHI", 1, 0x0112, 3, 1, 1, 0, 26)
    at = 26 + 2 + 24 + 4
    second = struct.pack(order + "H", 2)
    second += struct.pack(order + "HHII", 0x0201, 4, 1, at)
    second += struct.pack(order + "HHII", 0x0202, 4, 1, len(thumbnail)) + bytes(4)
    block = mark + struct.pack(order + "I", 8) + first + second + thumbnail
    body = b"Exif\0\0" + block
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return picture[:2] + before + segment + picture[2:]


def thumbcache(version: int, entries: Sequence[tuple[int, bytes]]) -> bytes:
    """Write a cache of Windows Vista (20), 7 (21), 8 (30, 31) or 10 (32)."""
    out = b"CMMM" + struct.pack("<IIIII", version, 2, 24, 0, len(entries))
    for number, data in entries:
        name = f"{number:x}".encode("utf-16-le")
        padding = -(len(name)) % 8
        lengths = struct.pack("<III", len(name), padding, len(data))
        head = struct.pack("<Q", number)
        if version == 20:
            head += "jpg".encode("utf-16-le") + b"\0\0" + lengths + bytes(4)
        else:
            head += lengths + bytes(4) + (bytes(8) if version >= 30 else b"")
        head += bytes(16)
        whole = name + bytes(padding) + data
        out += b"CMMM" + struct.pack("<I", 8 + len(head) + len(whole)) + head + whole
    return out


def thumbdata(blocks: dict[int, bytes], count: int) -> bytes:
    """Write a cache of Android's media store."""
    out = bytearray(10_000 * count)
    for number, data in blocks.items():
        at = number * 10_000
        out[at : at + 13] = struct.pack(">BQI", 1, 7, len(data))
        out[at + 13 : at + 13 + len(data)] = data
    return bytes(out)


def thumbs_db(copies: Sequence[tuple[str, bytes]]) -> bytes:
    """Write the Thumbs.db of Windows XP: a catalog, and a stream each."""
    catalog = struct.pack("<HHIII", 16, 7, len(copies), 96, 96)
    streams: list[tuple[str, bytes]] = []
    for number, (name, data) in enumerate(copies, start=1):
        text = name.encode("utf-16-le", "surrogatepass") + b"\0\0\0\0"
        catalog += struct.pack("<IIQ", 16 + len(text), number, WHEN_TICKS) + text
        streams.append((str(number)[::-1], struct.pack("<III", 12, 1, len(data)) + data))
    return compound([("Catalog", catalog), *streams])


def thumbs_db_of_vista(copies: Sequence[tuple[str, bytes]]) -> bytes:
    """Write the Thumbs.db of a network folder since Vista: names of a size and a number."""
    head = struct.pack("<I20x", 24)
    return compound([(name, head + data) for name, data in copies])


def compound(streams: Sequence[tuple[str, bytes]]) -> bytes:
    """Lay out a compound file ([MS-CFB]) of streams in sectors of their own."""
    padded = [(name, data.ljust(4096, b"\0") if len(data) < 4096 else data, len(data))
              for name, data in streams]  # fmt: skip
    chain: list[int] = []
    places: list[int] = []
    body = b""
    for _, data, _ in padded:
        count = -(-len(data) // SECTOR)
        places.append(len(chain))
        chain += [len(chain) + 1 + at for at in range(count - 1)] + [LAST]
        body += data.ljust(count * SECTOR, b"\0")
    entries = [_entry("Root Entry", 5, child=1 if streams else FREE, start=LAST)]
    for at, (name, data, _) in enumerate(padded):
        after = at + 2 if at + 1 < len(padded) else FREE
        entries.append(_entry(name, 2, right=after, start=places[at], size=len(data)))
    entries += [bytes(68) + struct.pack("<III", FREE, FREE, FREE) + bytes(48)] * (-len(entries) % 4)
    directory = b"".join(entries)
    first = len(chain)
    count = len(directory) // SECTOR
    chain += [first + 1 + at for at in range(count - 1)] + [LAST]
    tables = -(-(len(chain) + 1) // 127)
    numbers = list(range(len(chain), len(chain) + tables))
    chain += [TABLE] * tables
    chain += [FREE] * (tables * 128 - len(chain))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, first, 0, 4096,
                        LAST, 0, LAST, 0)  # fmt: skip
    head += struct.pack("<109I", *numbers, *([FREE] * (109 - tables)))
    return head + body + directory + struct.pack(f"<{len(chain)}I", *chain)


def _entry(
    name: str, kind: int, *, right: int = FREE, child: int = FREE, start: int = 0, size: int = 0
) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, right, child)
    return head + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
