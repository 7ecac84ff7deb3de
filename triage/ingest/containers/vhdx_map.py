"""The table that tells where the blocks of a VHDX disk lie."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.containers.filetables import FilePages, FileTable
from triage.ingest.containers.pieces import Piece, from_parent, lost, plain, zeros
from triage.ingest.containers.vhd import bit_run

_STATE, _PRESENT, _PARTLY = 7, 6, 7
_NOT_PRESENT = 0
_BITMAP_BYTES = 1 << 20
_OFFSET = ~((1 << 20) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The geometry of a disk.

    Attributes:
        offset_bytes: of the table of blocks in the file.
        entries: numbers in it: after as many blocks as one bitmap of sectors tells of, one of
            that bitmap.
    """

    offset_bytes: int
    entries: int
    size_bytes: int
    block_bytes: int
    sector_bytes: int
    differences: bool


class VhdxMap:
    """Finds blocks; see "[MS-VHDX]", 2.5."""

    def __init__(self, pages: FilePages, table: Table) -> None:
        self.size_bytes = table.size_bytes
        self._table = table
        self._pages = pages
        self._numbers = FileTable(pages, table.offset_bytes, table.entries, "<Q")
        self._ratio = max(1, (8 * _BITMAP_BYTES * table.sector_bytes) // table.block_bytes)

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the block of a position is, and, of differences, who holds its sector."""
        block, skip = divmod(offset_bytes, self._table.block_bytes)
        left = self._table.block_bytes - skip
        chunk, within = divmod(block, self._ratio)
        entry = self._numbers.get(chunk * (self._ratio + 1) + within)
        if entry is None:
            return lost(left, "the table of blocks cannot be read")
        state, at = entry & _STATE, entry & _OFFSET
        if state == _PRESENT:
            return plain(left, at + skip)
        if state == _PARTLY and self._table.differences:
            return self._sectors(chunk, within, at, skip)
        if state == _NOT_PRESENT:
            return from_parent(left)
        return zeros(left)

    def _sectors(self, chunk: int, within: int, at: int, skip: int) -> Piece:
        size = self._table.sector_bytes
        count = self._table.block_bytes // size
        entry = self._numbers.get(chunk * (self._ratio + 1) + self._ratio)
        bitmap = b""
        if entry is not None and entry & _STATE == _PRESENT:
            bitmap = self._pages.read((entry & _OFFSET) + within * count // 8, count // 8)
        mine, length = bit_run(bitmap, skip // size, count, first_high=False)
        length = length * size - skip % size
        if mine is None:
            return lost(length, "the bitmap of a block cannot be read")
        return plain(length, at + skip) if mine else from_parent(length)
