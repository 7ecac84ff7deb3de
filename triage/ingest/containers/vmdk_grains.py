"""One sparse extent of a VMDK disk: its grains, packed or not, and the tables that lead to them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.filetables import FilePages, FileTable
from triage.ingest.containers.pieces import How, Piece, from_parent, lost, plain, zeros
from triage.ingest.containers.unpacking import by_zlib

MAGIC, OLD_MAGIC = b"KDMV", b"COWD"
SECTOR = 512
_PACKED, _ZERO_GRAINS, _SECOND_TABLES = 1 << 16, 1 << 2, 1 << 1
_AT_END = (1 << 64) - 1
_GRAIN_HEAD_BYTES = 12
_OLD_ENTRIES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseHead:
    """The head of a sparse extent, all numbers in sectors where nothing else is said.

    Attributes:
        directories: where the tables of tables stand: the one in use, then its copy.
        description: offset and length of the descriptor within the file; 0, 0 without one.
    """

    sectors: int
    grain: int
    table_entries: int
    directories: tuple[int, ...]
    description: tuple[int, int]
    packed: bool = False
    zero_grains: bool = False


def sparse_head(files: SegmentFiles, file: int) -> SparseHead | None:
    """Read the head of an extent, or its copy at the end; ``None`` where there is none."""
    try:
        first = files.pread(file, 0, SECTOR)
        if first[:4] == OLD_MAGIC:
            return _old_head(first)
        head = _head(first)
        if head is not None and head.directories[0] == _AT_END:
            # Of a stream: it was written before the place of its tables was known.
            end = max(0, files.sizes_bytes[file] - 2 * SECTOR)
            later = _head(files.pread(file, end, SECTOR))
            return later or head
    except (OSError, struct.error):
        return None
    return head


def _head(data: bytes) -> SparseHead | None:
    if len(data) < SECTOR or data[:4] != MAGIC:
        return None
    flags, sectors, grain, text_at, text_length = struct.unpack_from("<IQQQQ", data, 8)
    (entries,) = struct.unpack_from("<I", data, 44)
    second, first = struct.unpack_from("<QQ", data, 48)
    if not 1 <= grain <= 65_536 or not 1 <= entries <= 65_536:
        return None
    return SparseHead(
        sectors=sectors,
        grain=grain,
        table_entries=entries,
        directories=(first, second) if flags & _SECOND_TABLES and second else (first,),
        description=(text_at * SECTOR, text_length * SECTOR),
        packed=bool(flags & _PACKED),
        zero_grains=bool(flags & _ZERO_GRAINS),
    )


def _old_head(data: bytes) -> SparseHead | None:
    """Read the head of a disk of ESX before version 7, and of VMware before 2002."""
    sectors, grain, directory = struct.unpack_from("<III", data, 12)
    if not 1 <= grain <= 65_536:
        return None
    return SparseHead(
        sectors=sectors,
        grain=grain,
        table_entries=_OLD_ENTRIES,
        directories=(directory,),
        description=(0, 0),
    )


class Grains:
    """Finds the grains of one extent ("Virtual Disk Format 5.0", hosted sparse extents)."""

    def __init__(self, files: SegmentFiles, file: int, head: SparseHead) -> None:
        self._file = file
        self._head = head
        self._pages = FilePages(files, file)
        self._grain_bytes = head.grain * SECTOR
        self._span = self._grain_bytes * head.table_entries
        tables = -(-head.sectors * SECTOR // self._span)
        self._directories = tuple(
            FileTable(self._pages, at * SECTOR, tables, "<I") for at in head.directories
        )

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the grain of a position in the extent is."""
        table, within = divmod(offset_bytes, self._span)
        grain, skip = divmod(within, self._grain_bytes)
        left = self._grain_bytes - skip
        found = False
        for directory in self._directories:
            at = directory.get(table)
            if at is None:
                continue
            if at == 0:
                return from_parent(self._span - within)
            places = FileTable(self._pages, at * SECTOR, self._head.table_entries, "<I")
            sector = places.get(grain)
            found = True
            if sector is not None:
                return self._grain(sector, skip, left)
        if found:
            return self._lost(left, "a table of grains cannot be read")
        return self._lost(self._span - within, "the directory of grains cannot be read")

    def _lost(self, length_bytes: int, words: str) -> Piece:
        return lost(length_bytes, words, file=self._file)

    def _grain(self, sector: int, skip: int, left: int) -> Piece:
        if sector == 0:
            return from_parent(left)
        if sector == 1 and self._head.zero_grains:
            return zeros(left)
        if not self._head.packed:
            return plain(left, sector * SECTOR + skip, self._file)
        head = self._pages.read(sector * SECTOR, _GRAIN_HEAD_BYTES)
        if len(head) < _GRAIN_HEAD_BYTES:
            return self._lost(left, "a packed grain lies behind the end of the file")
        _, length = struct.unpack("<QI", head)
        if length > 2 * self._grain_bytes + SECTOR:
            return self._lost(left, "a packed grain has no plausible size")
        return Piece(
            length_bytes=left,
            how=How.PACKED,
            file=self._file,
            offset_bytes=sector * SECTOR + _GRAIN_HEAD_BYTES,
            packed_bytes=length,
            block_bytes=self._grain_bytes,
            skip_bytes=skip,
            unpack=by_zlib,
        )
