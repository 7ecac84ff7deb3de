"""Writes disks of Microsoft that hold differences, from the published layouts."""

from __future__ import annotations

import struct
from pathlib import Path
from uuid import UUID

from triage.ingest.containers.crc32c import crc32c

SECTOR, MIB = 512, 1 << 20
BLOCK = 2 * MIB
LOG = UUID("11223344-5566-7788-99aa-bbccddeeff00").bytes_le


def _summed(data: bytearray, at: int) -> bytes:
    data[at : at + 4] = bytes(4)
    data[at : at + 4] = (~sum(data) & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(data)


def vhd_child(target: Path, parent: Path, changed: dict[int, bytes]) -> Path:
    """Write a differencing VHD in which some sectors of the first block are changed."""
    footer = bytearray(parent.read_bytes()[-512:])
    own = bytes(footer[68:84])
    footer[16:24] = (512).to_bytes(8, "big")
    footer[60:64] = (4).to_bytes(4, "big")
    footer[68:84] = bytes(range(16))
    foot = _summed(footer, 64)
    name = parent.name.encode("utf-16-be")
    table = 1536
    head = bytearray(1024)
    head[:8] = b"cxsparse"
    struct.pack_into(">QQIII", head, 8, 0xFFFFFFFFFFFFFFFF, table, 0x10000, 1, BLOCK)
    head[40:56] = own
    head[64 : 64 + len(name)] = name
    bitmap = bytearray(BLOCK // SECTOR // 8)
    body = bytearray(BLOCK)
    for sector, data in changed.items():
        bitmap[sector // 8] |= 0x80 >> sector % 8
        body[sector * SECTOR : (sector + 1) * SECTOR] = data
    entries = struct.pack(">I", (table + 512) // SECTOR).ljust(512, b"\xff")
    target.write_bytes(foot + _summed(head, 36) + entries + bytes(bitmap) + bytes(body) + foot)
    return target


def _vhdx_summed(data: bytes) -> bytes:
    plain = data[:4] + bytes(4) + data[8:]
    return data[:4] + crc32c(plain).to_bytes(4, "little") + data[8:]


def _vhdx_regions(body: bytes) -> dict[bytes, int]:
    count = struct.unpack_from("<I", body, 192 * 1024 + 8)[0]
    found = {}
    for nth in range(count):
        identifier, offset = struct.unpack_from("<16sQ", body, 192 * 1024 + 16 + 32 * nth)
        found[identifier] = offset
    return found


TABLE = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
META = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
LOCATOR = UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le
LOCATOR_TYPE = UUID("b04aefb7-d19e-4a81-b789-25b8e9445913").bytes_le


def data_identifier(body: bytes) -> UUID:
    """Give the identifier of the data that the newer header names."""
    newer = max((65_536, 131_072), key=lambda at: struct.unpack_from("<Q", body, at + 8)[0])
    return UUID(bytes_le=body[newer + 32 : newer + 48])


def vhdx_child(target: Path, parent: Path, changed: dict[int, bytes]) -> Path:
    """Write a differencing VHDX from its parent, with some sectors of the first block changed."""
    old = parent.read_bytes()
    body = bytearray(old)
    regions = _vhdx_regions(old)
    table, meta = regions[TABLE], regions[META]
    texts = {
        "parent_linkage": f"{{{data_identifier(old)}}}",
        "relative_path": f".\\{parent.name}",
    }
    _flag_parent(body, meta)
    _add_item(body, meta, LOCATOR, _locator(texts))
    first = len(body) // MIB + 1
    body += bytes((first + 2) * MIB - len(body))
    bitmap = bytearray(MIB)
    for sector, data in changed.items():
        bitmap[sector // 8] |= 1 << sector % 8
        at = first * MIB + sector * SECTOR
        body[at : at + SECTOR] = data
    body[(first + 1) * MIB : (first + 2) * MIB] = bitmap
    ratio = (8 * MIB * SECTOR) // MIB
    struct.pack_into("<Q", body, table, first << 20 | 7)
    struct.pack_into("<Q", body, table + 8 * ratio, (first + 1) << 20 | 6)
    target.write_bytes(bytes(body))
    return target


def _flag_parent(body: bytearray, meta: int) -> None:
    count = struct.unpack_from("<H", body, meta + 10)[0]
    for nth in range(count):
        identifier, offset = struct.unpack_from("<16sI", body, meta + 32 + 32 * nth)
        if identifier == PARAMETERS:
            struct.pack_into("<I", body, meta + offset + 4, 2)


def _add_item(body: bytearray, meta: int, identifier: bytes, data: bytes) -> None:
    count = struct.unpack_from("<H", body, meta + 10)[0]
    at = 512 * 1024
    struct.pack_into("<16sIIII", body, meta + 32 + 32 * count, identifier, at, len(data), 4, 0)
    struct.pack_into("<H", body, meta + 10, count + 1)
    body[meta + at : meta + at + len(data)] = data


def _locator(texts: dict[str, str]) -> bytes:
    head = LOCATOR_TYPE + struct.pack("<HH", 0, len(texts))
    rows, body = b"", b""
    at = len(head) + 12 * len(texts)
    for key, value in texts.items():
        packed = key.encode("utf-16-le"), value.encode("utf-16-le")
        key_at, value_at = at + len(body), at + len(body) + len(packed[0])
        rows += struct.pack("<IIHH", key_at, value_at, len(packed[0]), len(packed[1]))
        body += packed[0] + packed[1]
    return head + rows + body


def left_in_the_log(body: bytes) -> bytes:
    """Give a VHDX disk whose table of blocks stands in the log alone, as after a power cut."""
    table = _vhdx_regions(body)[TABLE]
    page = body[table : table + 4096]
    log_bytes, log_at = struct.unpack_from("<IQ", body, 65_536 + 68)
    entry = bytearray(8192)
    entry[:4] = b"loge"
    struct.pack_into("<IIQII", entry, 8, 8192, 0, 7, 1, 0)
    entry[32:48] = LOG
    struct.pack_into("<QQ", entry, 48, len(body), len(body))
    tail, lead = struct.unpack("<I", page[4092:])[0], struct.unpack("<Q", page[:8])[0]
    struct.pack_into("<4sIQQQ", entry, 64, b"desc", tail, lead, table, 7)
    entry[4096:8192] = b"data" + bytes(4) + page[8:4092] + struct.pack("<I", 7)
    made = bytearray(body)
    made[table : table + 4096] = bytes(4096)
    made[log_at : log_at + log_bytes] = _vhdx_summed(bytes(entry)).ljust(log_bytes, b"\0")
    for at in (65_536, 131_072):
        head = bytearray(made[at : at + 4096])
        head[48:64] = LOG
        made[at : at + 4096] = _vhdx_summed(bytes(head))
    return bytes(made)
