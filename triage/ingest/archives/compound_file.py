"""Reads compound files of Windows: storages and streams in one file, as [MS-CFB] lays them out.

Nothing that a file claims is believed beyond its own size: no chain is followed in a circle.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from triage.ingest.archives.source import BUFFER_BYTES, Source
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.outcome import FailReason

MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_HEADER_BYTES, _ENTRY_BYTES = 512, 128
_SHIFTS, _ENTRIES, _DEEPEST = (9, 12), 400_000, 32
_LAST = 0xFFFFFFF9
"""Numbers above it mark ends and free sectors."""
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(slots=True, kw_only=True)
class Stored:
    """A storage or a stream.

    Attributes:
        children: of a storage, in the order of their names as the file has it.
    """

    name: str
    kind: int
    start: int
    size_bytes: int
    left: int
    right: int
    child: int
    modified_ticks: int = 0
    children: list[Stored] = field(default_factory=list)

    @property
    def is_stream(self) -> bool:
        """Whether it has a content."""
        return self.kind == _STREAM

    def get(self, name: str) -> Stored | None:
        """Give the child of a name."""
        return next((one for one in self.children if one.name == name), None)


class CompoundFile:
    """One compound file.

    Attributes:
        root: holds everything else.

    Raises:
        ValueError, struct.error: it contradicts itself; ContentError where it cannot be read.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        head = source.read_at(0, _HEADER_BYTES)
        if len(head) < _HEADER_BYTES or not head.startswith(MARK):
            raise ValueError("no compound file")
        shift, mini_shift = struct.unpack_from("<HH", head, 30)
        if shift not in _SHIFTS or not 0 < mini_shift < shift:
            raise ValueError("sectors of an unknown size")
        self._sector, self._mini = int(1 << shift), int(1 << mini_shift)
        self._wide = shift == _SHIFTS[1]
        directory, self._cutoff = struct.unpack_from("<I4xI", head, 48)
        mini_start = struct.unpack_from("<I", head, 60)[0]
        self._table = self._numbers(self._table_sectors(head))
        self._mini_table = self._numbers(self._chain(mini_start))
        self._entries = self._listed(directory)
        self.root = self._tree()
        self._mini_sectors = list(self._chain(self.root.start))

    def content(self, stream: Stored) -> Iterator[bytes]:
        """Give the content of a stream.

        Raises:
            ContentError: it ends before its recorded size.
        """
        small = stream.size_bytes < self._cutoff
        stretches = self._small(stream.start) if small else self._large(stream.start)
        left = stream.size_bytes
        for start, length in stretches:
            at, end = start, start + min(length, left)
            while at < end:
                piece = self._source.read_at(at, min(CHUNK_BYTES, end - at))
                if not piece:
                    raise ContentError(FailReason.SHORT_READ, "the compound file ends in a stream")
                at, left = at + len(piece), left - len(piece)
                yield piece
            if not left:
                return
        if left:
            raise ContentError(FailReason.SHORT_READ, f"{left} bytes of a stream have no place")

    def whole(self, stream: Stored | None, most_bytes: int = BUFFER_BYTES) -> bytes:
        """Give a small stream, ``b""`` where there is none or it is larger than that."""
        if stream is None or not stream.is_stream or stream.size_bytes > most_bytes:
            return b""
        return b"".join(self.content(stream))

    def _place(self, sector: int) -> int:
        return (sector + 1) * self._sector

    def _table_sectors(self, head: bytes) -> Iterator[int]:
        """Give the sectors of the table of sectors; no more than the file needs."""
        sectors = self._source.size_bytes // self._sector + 1
        per_sector = self._sector // 4
        needed = -(-sectors // per_sector)
        numbers = list(struct.unpack_from("<109I", head, 76))
        after, seen = struct.unpack_from("<I", head, 68)[0], 0
        while len(numbers) < needed and after < _LAST and seen * per_sector <= needed:
            raw = self._source.read_at(self._place(after), self._sector)
            more = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
            if len(more) < per_sector:
                break
            numbers += more[:-1]
            after, seen = more[-1], seen + 1
        return iter([number for number in numbers[:needed] if number < _LAST])

    def _numbers(self, sectors: Iterator[int]) -> array[int]:
        table = array("I")
        for sector in sectors:
            raw = self._source.read_at(self._place(sector), self._sector)
            table.extend(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))
        return table

    def _chain(self, start: int) -> Iterator[int]:
        at = start
        for _ in range(len(self._table)):
            if at >= len(self._table):
                return
            yield at
            at = self._table[at]

    def _large(self, start: int) -> Iterator[tuple[int, int]]:
        """Give the stretches of a chain, neighbours together."""
        first, count = -1, 0
        for sector in self._chain(start):
            if sector == first + count:
                count += 1
                continue
            if count:
                yield self._place(first), count * self._sector
            first, count = sector, 1
        if count:
            yield self._place(first), count * self._sector

    def _small(self, start: int) -> Iterator[tuple[int, int]]:
        """Give the stretches of a stream that lies in the stream of small streams."""
        at = start
        for _ in range(len(self._mini_table)):
            if at >= len(self._mini_table):
                return
            sector, inside = divmod(at * self._mini, self._sector)
            if sector >= len(self._mini_sectors):
                return
            yield self._place(self._mini_sectors[sector]) + inside, self._mini
            at = self._mini_table[at]

    def _listed(self, start: int) -> list[Stored]:
        entries: list[Stored] = []
        seen = set[int]()
        for sector in self._chain(start):
            if sector in seen or len(entries) >= _ENTRIES:
                break
            seen.add(sector)
            raw = self._source.read_at(self._place(sector), self._sector)
            entries += [
                self._entry(raw[at : at + _ENTRY_BYTES])
                for at in range(0, len(raw) // _ENTRY_BYTES * _ENTRY_BYTES, _ENTRY_BYTES)
            ]
        if not entries:
            raise ValueError("a compound file without a directory")
        return entries

    def _entry(self, raw: bytes) -> Stored:
        length = min(max(struct.unpack_from("<H", raw, 64)[0] - 2, 0), 62)
        size = int(struct.unpack_from("<Q", raw, 120)[0])
        left, right, child = struct.unpack_from("<III", raw, 68)
        return Stored(
            name=raw[: length // 2 * 2].decode("utf-16-le", "replace"),
            kind=raw[66],
            start=struct.unpack_from("<I", raw, 116)[0],
            size_bytes=size if self._wide else size & 0xFFFFFFFF,
            left=left,
            right=right,
            child=child,
            modified_ticks=struct.unpack_from("<Q", raw, 108)[0],
        )

    def _tree(self) -> Stored:
        """Hang every entry under its storage, each once, however the links run."""
        root, seen = self._entries[0], {0}
        waiting = [(root, root.child, 0)]
        while waiting:
            parent, number, deep = waiting.pop()
            if number >= len(self._entries) or number in seen or deep > _DEEPEST:
                continue
            seen.add(number)
            one = self._entries[number]
            waiting += [(parent, one.right, deep), (parent, one.left, deep)]
            if one.kind in (_STORAGE, _STREAM):
                parent.children.append(one)
            if one.kind == _STORAGE:
                waiting.append((one, one.child, deep + 1))
        for one in self._entries:
            one.children.sort(key=lambda child: child.name)
        return root
