"""Writes compound files with 512-byte sectors, and messages of Outlook in them, by [MS-CFB]."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _TABLE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
MESSAGE_CLASS = bytes.fromhex("0b0d020000000000c000000000000046")
SENT_NS = 1_777_626_124_000_000_000

Tree = dict[str, "bytes | Tree"]


@dataclass
class _Writer:
    entries: list[bytearray] = field(default_factory=list)
    large: bytearray = field(default_factory=bytearray)
    table: list[int] = field(default_factory=list)
    small: bytearray = field(default_factory=bytearray)
    small_table: list[int] = field(default_factory=list)

    def stream(self, data: bytes) -> int:
        if not data:
            return _END
        if len(data) < _CUTOFF:
            return _put(self.small, self.small_table, data, _MINI)
        return _put(self.large, self.table, data, _SECTOR)

    def entry(
        self, name: str, kind: int, start: int, size: int, class_id: bytes = bytes(16)
    ) -> int:
        raw = name.encode("utf-16-le")
        self.entries.append(
            bytearray(
                raw.ljust(64, b"\0")
                + struct.pack("<HBBIII", len(raw) + 2, kind, 1, _NONE, _NONE, _NONE)
                + class_id
                + bytes(20)
                + struct.pack("<IQ", start, size)
            )
        )
        return len(self.entries) - 1

    def fill(self, parent: int, tree: Tree) -> None:
        before = parent
        for name in sorted(tree, key=lambda one: (len(one), one.upper())):
            body = tree[name]
            if isinstance(body, bytes):
                number = self.entry(name, 2, self.stream(body), len(body))
            else:
                number = self.entry(name, 1, 0, 0)
                self.fill(number, body)
            place = 76 if before == parent else 72
            struct.pack_into("<I", self.entries[before], place, number)
            before = number


def _put(data: bytearray, table: list[int], more: bytes, unit: int) -> int:
    start = len(table)
    count = -(-len(more) // unit)
    data += more.ljust(count * unit, b"\0")
    table += [*range(start + 1, start + count), _END]
    return start


def compound(tree: Tree, class_id: bytes = bytes(16)) -> bytes:
    """Give a compound file; storages of a level hang on each other's right side."""
    writer = _Writer()
    root = writer.entry("Root Entry", 5, _END, 0, class_id)
    writer.fill(root, tree)
    mini = _put(writer.large, writer.table, bytes(writer.small), _SECTOR) if writer.small else _END
    struct.pack_into("<IQ", writer.entries[root], 116, mini, len(writer.small))
    numbers = struct.pack(f"<{len(writer.small_table)}I", *writer.small_table)
    numbers = numbers.ljust(-(-len(numbers) // _SECTOR) * _SECTOR, b"\xff")
    mini_table = _put(writer.large, writer.table, numbers, _SECTOR) if numbers else _END
    while len(writer.entries) % 4:
        writer.entries.append(bytearray(68) + struct.pack("<III", _NONE, _NONE, _NONE) + bytes(48))
    directory = _put(writer.large, writer.table, b"".join(writer.entries), _SECTOR)
    tables = 1
    while tables * 128 < len(writer.table) + tables:
        tables += 1
    own = list(range(len(writer.table), len(writer.table) + tables))
    sectors = [*writer.table, *[_TABLE] * tables]
    sectors += [_FREE] * (tables * 128 - len(sectors))
    assert tables <= 109
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    head += struct.pack(
        "<HHHHH6xIIIIIIIII",
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        tables,
        directory,
        0,
        _CUTOFF,
        mini_table,
        len(numbers) // _SECTOR,
        _END,
        0,
    )
    head += struct.pack("<109I", *own, *[_FREE] * (109 - tables))
    return head + bytes(writer.large) + struct.pack(f"<{len(sectors)}I", *sectors)


def properties(header: int, tag: int, at_ns: int = SENT_NS) -> bytes:
    ticks = at_ns // 100 + 116_444_736_000_000_000
    return bytes(header) + struct.pack("<IIQ", tag, 6, ticks)


def attachment(name: str, body: bytes | Tree) -> Tree:
    tree: Tree = {
        "__properties_version1.0": bytes(8),
        "__substg1.0_3707001F": name.encode("utf-16-le"),
    }
    tree["__substg1.0_37010102" if isinstance(body, bytes) else "__substg1.0_3701000D"] = body
    return tree


def message(*attachments: Tree, inner: bool = False) -> Tree:
    tree: Tree = {
        "__properties_version1.0": properties(24 if inner else 32, 0x00390040),
        "__substg1.0_0037001F": "subject".encode("utf-16-le"),
    }
    if not inner:
        tree["__nameid_version1.0"] = {"__substg1.0_00020102": b""}
    for number, one in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = one
    return tree
