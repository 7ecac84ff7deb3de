"""Reads the headers of RAR 1.5 to 7 block by block, by the published technical notes (rarlab.com).

Headers that are encrypted and volumes of a set are told, not read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.rar_name import unpacked_name
from triage.ingest.archives.source import Source

MARK_4, MARK_5 = b"Rar!\x1a\7\0", b"Rar!\x1a\7\1\0"
_BLOCK_4 = struct.Struct("<HBHH")
_FILE_4 = struct.Struct("<IIBIIBBHI")
_MAIN_4, _FILE_KIND_4, _END_4 = 0x73, 0x74, 0x7B
_STORED_4, _UNIX_4 = 0x30, 3
_HEADER_BYTES = 2 * 1024 * 1024
_MAIN, _FILE, _ENCRYPTION, _END = 1, 2, 4, 5
_UNKNOWN_SIZE = 0xFFFFFFFFFFFFFFFF
STORED = 0


@dataclass(slots=True, kw_only=True)
class RarFile:
    """One file as its header tells.

    Attributes:
        method: 0 where it is stored as it is.
        modified: seconds since 1970 in ``utc``, else packed local time of DOS.
        link: where it leads; ``twin``: the name of the member that holds the same content.
        before, after: it began in, or goes on in, another volume.
    """

    name: bytes
    size_bytes: int
    packed_bytes: int
    place_bytes: int
    method: int
    checksum: int | None = None
    folder: bool = False
    encrypted: bool = False
    before: bool = False
    after: bool = False
    modified: int = 0
    utc: bool = False
    link: str = ""
    twin: str = ""


class Headers:
    """Goes from block to block.

    Attributes:
        fault: why it ended before the end of the archive, in words.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.fault = ""

    def files(self) -> Iterator[RarFile]:
        """Give all files in order."""
        if self._source.read_at(0, len(MARK_5)) == MARK_5:
            return self._files_5()
        return self._files_4()

    def _files_4(self) -> Iterator[RarFile]:
        at = len(MARK_4)
        while at < self._source.size_bytes:
            head = self._source.read_at(at, _BLOCK_4.size)
            if len(head) < _BLOCK_4.size:
                break
            crc, kind, flags, size = _BLOCK_4.unpack(head)
            block = self._source.read_at(at, size)
            if size < _BLOCK_4.size or len(block) < size:
                break
            if zlib.crc32(block[2:]) & 0xFFFF != crc:
                self.fault = f"the header at byte {at} is damaged: what follows is not listed"
                return
            if kind == _END_4:
                self._volume(follows=bool(flags & 1))
                return
            if kind == _MAIN_4 and flags & 0x80:
                self.fault = "names and contents are encrypted"
                return
            data = 0
            if kind == _FILE_KIND_4:
                one = _file_4(block, flags, at + size)
                data = one.packed_bytes
                yield one
            elif flags & 0x8000 and size >= _BLOCK_4.size + 4:
                data = int.from_bytes(block[7:11], "little")
            at += size + data
        self.fault = "ends without an end mark: it may be cut off"

    def _files_5(self) -> Iterator[RarFile]:
        at = len(MARK_5)
        while at < self._source.size_bytes:
            raw = self._source.read_at(at, 16)
            size, width = _number(raw, 4)
            end = 4 + width + size
            if not width or size > _HEADER_BYTES:
                break
            block = self._source.read_at(at, end)
            if len(block) < end:
                break
            if zlib.crc32(block[4:]) != int.from_bytes(block[:4], "little"):
                self.fault = f"the header at byte {at} is damaged: what follows is not listed"
                return
            fields = _Fields(block, 4 + width)
            kind, flags = fields.number(), fields.number()
            extra = fields.number() if flags & 1 else 0
            data = fields.number() if flags & 2 else 0
            if kind == _ENCRYPTION:
                self.fault = "names and contents are encrypted"
                return
            if kind == _END:
                self._volume(follows=bool(fields.number() & 1))
                return
            if kind == _FILE:
                yield _file_5(fields, flags, data, at + end, block[end - extra :] if extra else b"")
            at += end + data
        self.fault = "ends without an end mark: it may be cut off"

    def _volume(self, *, follows: bool) -> None:
        if follows:
            self.fault = "one of several parts: what lies in the others is not listed here"


class _Fields:
    """The numbers of a header, one after the other."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def number(self) -> int:
        value, width = _number(self._data, self._at)
        if not width:
            raise ValueError("a header of RAR breaks off")
        self._at += width
        return value

    def take(self, length: int) -> bytes:
        part = self._data[self._at : self._at + length]
        if len(part) < length:
            raise ValueError("a header of RAR breaks off")
        self._at += length
        return part


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Give a number of seven bits a byte, and how many bytes it takes; 0 where it breaks off."""
    value = 0
    for width in range(min(10, len(data) - at)):
        byte = data[at + width]
        value |= (byte & 0x7F) << 7 * width
        if not byte & 0x80:
            return value, width + 1
    return 0, 0


def _file_4(block: bytes, flags: int, place: int) -> RarFile:
    packed, size, system, crc, moment, _, method, name_bytes, attributes = _FILE_4.unpack_from(
        block, _BLOCK_4.size
    )
    at = _BLOCK_4.size + _FILE_4.size
    if flags & 0x100:
        high_packed, high_size = struct.unpack_from("<II", block, at)
        packed, size, at = packed | high_packed << 32, size | high_size << 32, at + 8
    raw = block[at : at + name_bytes]
    name = unpacked_name(raw) if flags & 0x200 else raw
    link = system == _UNIX_4 and attributes & 0xF000 == 0xA000
    return RarFile(
        name=name.replace(b"\\", b"/"),
        size_bytes=size,
        packed_bytes=packed,
        place_bytes=place,
        method=method - _STORED_4,
        checksum=crc,
        folder=flags & 0xE0 == 0xE0,
        encrypted=bool(flags & 4),
        before=bool(flags & 1),
        after=bool(flags & 2),
        modified=moment,
        link="as its content says" if link else "",
    )


def _file_5(fields: _Fields, flags: int, data: int, place: int, extra: bytes) -> RarFile:
    told, size = fields.number(), fields.number()
    fields.number()
    modified = int.from_bytes(fields.take(4), "little") if told & 2 else 0
    checksum = int.from_bytes(fields.take(4), "little") if told & 4 else None
    packing, _ = fields.number(), fields.number()
    one = RarFile(
        name=fields.take(fields.number()),
        size_bytes=data if told & 8 or size == _UNKNOWN_SIZE else size,
        packed_bytes=data,
        place_bytes=place,
        method=packing >> 7 & 7,
        checksum=checksum,
        folder=bool(told & 1),
        before=bool(flags & 8),
        after=bool(flags & 16),
        modified=modified,
        utc=True,
    )
    _more(one, _Fields(extra))
    return one


def _more(one: RarFile, records: _Fields) -> None:
    """Take from the records behind a header what concerns the content."""
    while records.left > 1:
        length = records.number()
        record = _Fields(records.take(length))
        kind = record.number() if length else 0
        if kind == 1:
            one.encrypted = True
        elif kind == 3 and not one.modified:
            _time(one, record)
        elif kind == 5:
            way, _, target = record.number(), record.number(), record.take(record.number())
            words = target.decode("utf-8", "replace")
            one.link, one.twin = (words, "") if way <= 3 else ("", words)


def _time(one: RarFile, record: _Fields) -> None:
    flags = record.number()
    if flags & 2 and flags & 1:
        one.modified = int.from_bytes(record.take(4), "little")
    elif flags & 2:
        one.modified = int.from_bytes(record.take(8), "little") // 10_000_000 - 11_644_473_600
