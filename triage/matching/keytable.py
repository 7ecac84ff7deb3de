"""Write the columns of one kind of digest: sorted, with their records and a way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.column import ColumnWriter
from triage.matching.columns import AscendingWriter, HeldWriter, RecordsWriter, ValuesWriter
from triage.matching.index import Rows, prefixes_of
from triage.matching.indexes.blockfilter import filter_blocks, marks_of, places_of, upper_of
from triage.matching.indexes.keys import joined_rows
from triage.matching.manifest import PackFile
from triage.matching.sorting import DigestSorter

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
_NONE = np.empty(0, np.int64)
OnRows = Callable[[int], None] | None


class KeyTable:
    """Exact digests: prefixes, rows, buckets, filter, and which records have one."""

    def __init__(self, folder: Path, name: str, *, run_rows: int) -> None:
        self._folder = folder
        self._name = name
        self._sorter = _sorter(folder, name, run_rows)
        self._held = HeldWriter(folder, layout.held_name(name))

    @property
    def count(self) -> int:
        """Digests so far."""
        return self._sorter.count

    def add(self, digests: Rows, present: NDArray[np.bool_], first_record: int) -> None:
        """Take the digests of those of some consecutive records that have one."""
        self._held.append(present, first_record)
        self._sorter.add(digests, _numbers(present, first_record))

    def finish(self, records: int, on_rows: OnRows) -> tuple[int, list[PackFile]]:
        """Write all columns; give the number of distinct digests, and the files."""
        if not self.count:
            return 0, []
        writer = _KeyWriter(self._folder, self._name, self._sorter.width, self.count)
        try:
            distinct = _written(self._sorter.blocks(on_rows), writer.append)
            files = [*writer.finish(), *self._held.finish(records)]
        finally:
            writer.close()
        return distinct, files

    def close(self) -> None:
        """Let go of all files, finished or not."""
        self._held.close()


class _KeyWriter:
    def __init__(self, folder: Path, name: str, width: int, count: int) -> None:
        self._prefixes = ColumnWriter(folder, layout.prefixes_name(name), 8)
        self._rows = ColumnWriter(folder, layout.rows_name(name), width - 4)
        self._buckets = AscendingWriter(folder, layout.buckets_name(name), "<u4")
        self._filter = AscendingWriter(folder, layout.filter_name(name), "<u8")
        self._repeats = ValuesWriter(folder, layout.repeats_name(name), "<u8")
        self._repeated = 0
        self._last: U64 = np.empty(0, np.uint64)
        self._bits = layout.bucket_bits(count)
        self._blocks = filter_blocks(count)
        self._open_block = np.zeros(1, np.int64)
        self._open_marks = np.zeros(1, np.uint64)

    def append(self, prefixes: U64, digests: Rows, records: U32) -> None:
        buckets = (prefixes >> np.uint64(64 - self._bits)).view(np.int64)
        self._buckets.starts(buckets, self._prefixes.count, int(buckets[-1]) + 1)
        self._mark(prefixes)
        self._repeated += int(np.count_nonzero(prefixes[1:] == prefixes[:-1]))
        self._repeated += int(np.count_nonzero(prefixes[:1] == self._last))
        self._last = prefixes[-1:]
        self._prefixes.append(prefixes.astype("<u8", copy=False))
        self._rows.append(joined_rows(digests, records))

    def finish(self) -> list[PackFile]:
        self._buckets.starts(_NONE, self._prefixes.count, (1 << self._bits) + 1)
        self._filter.put(self._open_block, self._open_marks, self._blocks)
        self._repeats.append(np.array([self._repeated], "<u8"), 1)
        columns = (self._prefixes, self._rows, self._buckets, self._filter)
        return [*(column.finish() for column in columns), *self._repeats.finish()]

    def close(self) -> None:
        columns = (self._prefixes, self._rows, self._buckets, self._filter, self._repeats)
        for column in columns:
            column.close()

    def _mark(self, prefixes: U64) -> None:
        """Join the marks of each block of the filter; the last block may go on."""
        places = places_of(upper_of(prefixes), self._blocks)
        places = np.concatenate([self._open_block, places])
        marks = np.concatenate([self._open_marks, marks_of(prefixes)])
        first = np.flatnonzero(np.diff(places, prepend=-1))
        places, marks = places[first], np.bitwise_or.reduceat(marks, first)
        self._filter.put(places, marks, int(places[-1]))
        self._open_block, self._open_marks = places[-1:], marks[-1:]


class VisualTable:
    """Digests of pictures: sorted by all bytes, whole, with their records in the same order."""

    def __init__(self, folder: Path, name: str, *, run_rows: int) -> None:
        self._folder = folder
        self._name = name
        self._sorter = _sorter(folder, name, run_rows)

    @property
    def count(self) -> int:
        """Digests so far."""
        return self._sorter.count

    def add(self, digests: Rows, present: NDArray[np.bool_], first_record: int) -> None:
        """Take the digests of those of some consecutive records that have one."""
        self._sorter.add(digests, _numbers(present, first_record))

    def finish(self, records: int, on_rows: OnRows) -> tuple[int, list[PackFile]]:
        """Write all columns; give the number of distinct digests, and the files."""
        if not self.count:
            return 0, []
        digests = ColumnWriter(self._folder, layout.digests_name(self._name), self._sorter.width)
        numbers = RecordsWriter(self._folder, layout.records_name(self._name))

        def append(_prefixes: U64, rows: Rows, records: U32) -> None:
            digests.append(rows)
            numbers.append(records)

        try:
            distinct = _written(self._sorter.blocks(on_rows), append)
            files = [digests.finish(), *numbers.finish(records)]
        finally:
            digests.close()
            numbers.close()
        return distinct, files

    def close(self) -> None:
        """Nothing is open before the end."""


class CarriedTable:
    """Digests that are carried along and never compared, in the order of their records."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._digests: ColumnWriter | None = None
        self._records = RecordsWriter(folder, layout.records_name(name))

    @property
    def count(self) -> int:
        """Digests so far."""
        return 0 if self._digests is None else self._digests.count

    def add(self, digests: Rows, present: NDArray[np.bool_], first_record: int) -> None:
        """Take the digests of those of some consecutive records that have one."""
        if self._digests is None:
            name = layout.digests_name(self._name)
            self._digests = ColumnWriter(self._folder, name, digests.shape[1])
        self._digests.append(digests)
        self._records.append(_numbers(present, first_record))

    def finish(self, records: int, on_rows: OnRows) -> tuple[int, list[PackFile]]:
        """Complete the columns; how many digests are distinct is not counted."""
        if self._digests is None:
            return 0, []
        if on_rows is not None:
            on_rows(self.count)
        return 0, [self._digests.finish(), *self._records.finish(records)]

    def close(self) -> None:
        """Let go of all files, finished or not."""
        self._records.close()
        if self._digests is not None:
            self._digests.close()


def _sorter(folder: Path, name: str, run_rows: int) -> DigestSorter:
    return DigestSorter(folder, name, layout.DIGEST_WIDTHS[name], run_rows=run_rows)


def _numbers(present: NDArray[np.bool_], first_record: int) -> U32:
    return (np.flatnonzero(present) + first_record).astype(np.uint32)


def _written(blocks: Iterator[tuple[Rows, U32]], append: Callable[[U64, Rows, U32], None]) -> int:
    """Hand sorted blocks on, and count the distinct digests among them."""
    distinct = 0
    last: Rows | None = None
    for digests, records in blocks:
        prefixes = prefixes_of(digests)
        append(prefixes, digests, records)
        alike = np.flatnonzero(prefixes[1:] == prefixes[:-1])
        equal = (digests[alike] == digests[alike + 1]).all(axis=1)
        distinct += len(digests) - int(np.count_nonzero(equal))
        if last is not None and np.array_equal(last, digests[0]):
            distinct -= 1
        last = digests[-1].copy()
    return distinct
