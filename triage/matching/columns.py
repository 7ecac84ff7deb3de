"""Columns that are written only as far as they say something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from triage.matching.column import ColumnWriter
from triage.matching.index import Numbers
from triage.matching.manifest import PackFile

_BLOCK = 1 << 20


class ValuesWriter:
    """One number a record; no file is made while all of them are zero."""

    def __init__(self, folder: Path, name: str, dtype: DTypeLike) -> None:
        self._folder = folder
        self._name = name
        self._kind = np.dtype(dtype)
        self._writer: ColumnWriter | None = None
        self._owed = 0

    def append(self, values: NDArray[np.generic] | None, count: int) -> None:
        """Add the values of so many records; ``None`` where all are zero."""
        if values is None or (self._writer is None and not values.any()):
            if self._writer is None:
                self._owed += count
            else:
                self._writer.append(bytes(count * self._kind.itemsize))
            return
        if self._writer is None:
            self._writer = ColumnWriter(self._folder, self._name, self._kind.itemsize)
            for start in range(0, self._owed, _BLOCK):
                rows = min(_BLOCK, self._owed - start)
                self._writer.append(bytes(rows * self._kind.itemsize))
        self._writer.append(values.astype(self._kind, copy=False))

    def finish(self) -> list[PackFile]:
        """Complete the file, if there is one."""
        return [] if self._writer is None else [self._writer.finish()]

    def close(self) -> None:
        """Let go of the file without finishing it."""
        if self._writer is not None:
            self._writer.close()


class HeldWriter:
    """One bit a record, the lowest of a byte first; no file is made while all of them are set."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._writer: ColumnWriter | None = None
        self._count = 0
        self._bits = np.empty(0, bool)

    def append(self, bits: NDArray[np.bool_], first_record: int) -> None:
        """Add the bits of consecutive records; those of records left out before are not set."""
        while self._count < first_record:
            self._append(np.zeros(min(_BLOCK, first_record - self._count), bool))
        self._append(bits)

    def finish(self, records: int) -> list[PackFile]:
        """Complete the file, if one is needed for so many records."""
        self.append(np.empty(0, bool), records)
        if self._writer is None:
            return []
        self._writer.append(np.packbits(self._bits, bitorder="little"))
        return [self._writer.finish()]

    def close(self) -> None:
        """Let go of the file without finishing it."""
        if self._writer is not None:
            self._writer.close()

    def _append(self, bits: NDArray[np.bool_]) -> None:
        before, self._count = self._count, self._count + len(bits)
        if self._writer is None and bits.all():
            return
        if self._writer is None:
            self._writer = ColumnWriter(self._folder, self._name, 1)
            whole, rest = divmod(before, 8)
            for start in range(0, whole, _BLOCK):
                self._writer.append(b"\xff" * min(_BLOCK, whole - start))
            self._bits = np.ones(rest, bool)
        bits = np.concatenate([self._bits, bits])
        whole = len(bits) // 8 * 8
        self._writer.append(np.packbits(bits[:whole], bitorder="little"))
        self._bits = bits[whole:]


class RecordsWriter:
    """The record of each digest; no file is made while digest n is that of record n."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._writer: ColumnWriter | None = None
        self._count = 0

    def append(self, records: NDArray[np.uint32]) -> None:
        """Add the records of consecutive digests."""
        if self._writer is None and not np.array_equal(records, self._own(len(records))):
            self._start()
        if self._writer is not None:
            self._writer.append(records.astype("<u4", copy=False))
        self._count += len(records)

    def finish(self, records: int) -> list[PackFile]:
        """Complete the file; it is needed where there are fewer digests than records."""
        if self._writer is None and self._count < records:
            self._start()
        return [] if self._writer is None else [self._writer.finish()]

    def close(self) -> None:
        """Let go of the file without finishing it."""
        if self._writer is not None:
            self._writer.close()

    def _own(self, count: int) -> NDArray[np.uint32]:
        return np.arange(self._count, self._count + count).astype("<u4")

    def _start(self) -> None:
        self._writer = ColumnWriter(self._folder, self._name, 4)
        for start in range(0, self._count, _BLOCK):
            self._writer.append(np.arange(start, min(start + _BLOCK, self._count)).astype("<u4"))


class AscendingWriter:
    """A long table that is filled from its start to its end, at places that ascend."""

    def __init__(self, folder: Path, name: str, dtype: DTypeLike) -> None:
        self._kind = np.dtype(dtype)
        self._writer = ColumnWriter(folder, name, self._kind.itemsize)

    @property
    def count(self) -> int:
        """Items so far."""
        return self._writer.count

    def append(self, items: NDArray[np.generic]) -> None:
        """Add items behind those that are there."""
        self._writer.append(items.astype(self._kind, copy=False))

    def starts(self, buckets: Numbers, first: int, stop: int) -> None:
        """Add, for each bucket before ``stop`` that has none yet, where its digests start.

        Args:
            buckets: bucket of each digest of a block, ascending.
            first: place of the first of them in the whole table.
        """
        while self.count < stop:
            wanted = np.arange(self.count, min(self.count + _BLOCK, stop))
            self.append(np.searchsorted(buckets, wanted) + first)

    def put(self, places: Numbers, items: NDArray[np.generic], stop: int) -> None:
        """Add items at their places, which ascend, and zeros between, all before ``stop``."""
        while self.count < stop:
            start, end = self.count, min(self.count + _BLOCK, stop)
            low, high = np.searchsorted(places, (start, end))
            block = np.zeros(end - start, self._kind)
            block[places[low:high] - start] = items[low:high]
            self.append(block)

    def finish(self) -> PackFile:
        """Complete the file."""
        return self._writer.finish()

    def close(self) -> None:
        """Let go of the file without finishing it."""
        self._writer.close()
