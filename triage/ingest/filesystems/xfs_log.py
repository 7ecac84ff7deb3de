"""Tells from an XFS journal whether it holds changes that the volume does not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from triage.ingest.container import Container
from triage.ingest.filesystems.xfs_layout import Layout

_SECTOR_BYTES = 512
_WINDOW_SECTORS = 4096
"""How far around the head records may have been written out of order: eight of 256 KiB."""

_MAGIC = 0xFEEDBABE
_HEAD = struct.Struct(">IIIIQ16xI276xI")
_COVERED_BYTES = 32 * 1024
"""Each sector of a record's head covers so much of the record."""

_UNMOUNTED = 0x20

DIRTY = (
    "was not unmounted: its journal holds changes that the volume itself does not, and files that "
    "were made or changed last may be missing, or as they were before; mounting a copy applies them"
)
ELSEWHERE = "its journal lies on another device: whether it holds changes is not known"


def doubts(container: Container, layout: Layout) -> str:
    """Say in words what the journal leaves in doubt; ``""`` where the last record is an unmount.

    Source: *XFS Algorithms & Data Structures*, 3rd edition, chapter "Journaling Log".
    """
    if not layout.journal:
        return ELSEWHERE
    start = layout.place_of_block(layout.journal, layout.journal_blocks)
    if start is None:
        return DIRTY
    return "" if _Journal(container, start, layout).clean() else DIRTY


class _Journal:
    """The ring of sectors: those before the head carry one cycle, those behind it another."""

    def __init__(self, container: Container, start_bytes: int, layout: Layout) -> None:
        self._container = container
        self._start = start_bytes
        self._sectors = layout.journal_blocks * layout.block_bytes // _SECTOR_BYTES

    def clean(self) -> bool:
        """Tell whether the record that was written last is that of an unmount."""
        newest = max(self._records(self._head()), default=None)
        return newest is not None and newest[1]

    def _head(self) -> int:
        first = self._cycle(0)
        low, high = 0, self._sectors
        while high - low > 1:
            middle = (low + high) // 2
            if self._cycle(middle) == first:
                low = middle
            else:
                high = middle
        return high

    def _cycle(self, sector: int) -> int:
        """Give the cycle of a sector: its first word, behind the magic in the head of a record."""
        raw = self._read(sector, 1)
        word, second = struct.unpack_from(">II", raw) if len(raw) >= 8 else (0, 0)
        return int(second if word == _MAGIC else word)

    def _records(self, head: int) -> Iterator[tuple[int, bool]]:
        """Give number and kind of the records around the head."""
        count = min(2 * _WINDOW_SECTORS, self._sectors)
        first = (head - min(_WINDOW_SECTORS, self._sectors)) % self._sectors
        raw = self._read(first, count)
        raw += self._read(0, count - len(raw) // _SECTOR_BYTES)
        for at in range(0, len(raw) - _SECTOR_BYTES + 1, _SECTOR_BYTES):
            magic, _, version, _, number, operations, size = _HEAD.unpack_from(raw, at)
            if magic != _MAGIC:
                continue
            heads = max(1, -(-size // _COVERED_BYTES)) if version & 2 else 1
            place = at + heads * _SECTOR_BYTES + 9
            flags = raw[place] if place < len(raw) else 0
            yield number, operations == 1 and bool(flags & _UNMOUNTED)

    def _read(self, sector: int, count: int) -> bytes:
        count = min(count, self._sectors - sector)
        at = self._start + sector * _SECTOR_BYTES
        return self._container.read_at(at, count * _SECTOR_BYTES) if count > 0 else b""
