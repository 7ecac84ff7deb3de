"""The one kind of file that packs are made of: fixed-width items, memory-mapped."""

from __future__ import annotations

import hashlib
import mmap
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from triage.errors import HashSetError
from triage.matching.blocks import (
    BLOCK_SIZE_BYTES,
    SUFFIX,
    checksum_of,
    packed_tail,
    padding_bytes,
    tail_of,
    tail_size_bytes,
)
from triage.matching.manifest import PackFile


def column_path(folder: Path, name: str) -> Path:
    """Give the file of a column."""
    return folder / (name + SUFFIX)


class ColumnWriter:
    """Appends items to a new column file, in one direction, and digests it on the way.

    Args:
        folder: where the file goes; its name is the column's name with ``.col``.
        width: bytes of one item.
    """

    def __init__(self, folder: Path, name: str, width: int) -> None:
        self.path = column_path(folder, name)
        self.name = name
        self.width = width
        self._file = self.path.open("wb", buffering=0)
        self._pending = bytearray()
        self._size_bytes = 0
        self._checksums = bytearray()
        self._sha256 = hashlib.sha256()

    @property
    def count(self) -> int:
        """Items so far."""
        return self._size_bytes // self.width

    def append(self, items: bytes | NDArray[Any]) -> None:
        """Add items, given as the bytes that will stand in the file."""
        before = len(self._pending)
        self._pending += items if isinstance(items, bytes) else items.tobytes()
        self._size_bytes += len(self._pending) - before
        if len(self._pending) >= BLOCK_SIZE_BYTES:
            self._write(len(self._pending) // BLOCK_SIZE_BYTES * BLOCK_SIZE_BYTES)

    def finish(self) -> PackFile:
        """Write the tail, bring the file to the disk, and give what the manifest states of it."""
        items, count = self._size_bytes, self.count
        self._pending += bytes(padding_bytes(items))
        self._write(len(self._pending))
        tail = packed_tail(self.name, self.width, count, bytes(self._checksums))
        self._put(memoryview(tail))
        os.fsync(self._file.fileno())
        self._file.close()
        return PackFile(
            name=self.path.name,
            size_bytes=items + padding_bytes(items) + len(tail),
            sha256=self._sha256.hexdigest(),
            tail_sha256=tail[-32:].hex(),
        )

    def close(self) -> None:
        """Let go of the file without finishing it."""
        self._file.close()

    def _write(self, size_bytes: int) -> None:
        with memoryview(self._pending) as view:
            for start in range(0, size_bytes, BLOCK_SIZE_BYTES):
                block = view[start : min(start + BLOCK_SIZE_BYTES, size_bytes)]
                self._checksums += checksum_of(block)
                self._put(block)
                block.release()
        del self._pending[:size_bytes]

    def _put(self, raw: memoryview) -> None:
        self._sha256.update(raw)
        done = 0
        while done < len(raw):  # an unbuffered file may take less than it was given
            done += self._file.write(raw[done:]) or 0


class Column:
    """A finished column, mapped read-only; the pages are shared by all who map it.

    Args:
        path: the file.
        dtype: what an item is; its size must be the width in the tail. ``None`` gives rows of
            bytes, an array of shape (count, width).

    Raises:
        HashSetError: missing, cut, or with a tail that does not hold.
    """

    def __init__(self, path: Path, dtype: DTypeLike | None = None) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise HashSetError(f"{path.name}: cannot be opened: {error}") from error
        try:
            size = len(self._map)
            self.tail = tail_of(self._map[size - tail_size_bytes(size) :], size, path)
            self.array = self.viewed(dtype)
        except HashSetError:
            self._map.close()
            raise

    def __len__(self) -> int:
        """Give the bytes of the file, its tail included."""
        return len(self._map)

    @property
    def width(self) -> int:
        """Bytes of an item."""
        return self.tail.width

    @property
    def count(self) -> int:
        """Number of items."""
        return self.tail.count

    def viewed(self, dtype: DTypeLike | None) -> NDArray[Any]:
        """Give the items as an array.

        Raises:
            HashSetError: an item has another width.
        """
        kind = np.dtype(np.uint8 if dtype is None else dtype)
        if dtype is not None and kind.itemsize != self.width:
            raise HashSetError(f"{self.path.name}: items of {self.width} bytes are unexpected")
        total = self.count * self.width // kind.itemsize
        flat: NDArray[Any] = np.frombuffer(self._map, kind, total)
        return flat if dtype is not None else flat.reshape(self.count, self.width)

    def close(self) -> None:
        """Let go of the file, so that Windows can delete it."""
        self.array = np.empty(0, np.uint8)
        try:
            self._map.close()
        except BufferError:
            return  # a view still lives; the map goes with the last of them

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
