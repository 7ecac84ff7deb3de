"""The one kind of file that packs are made of: a header and fixed-width items, memory-mapped."""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from triage.errors import HashSetError

MAGIC = b"TRIAGEPK"
FORMAT_VERSION = 1
HEADER_SIZE_BYTES = 96
SUFFIX = ".col"

_FACTS = struct.Struct("<8sIIQ32s8x")


def column_path(folder: Path, name: str) -> Path:
    """Give the file of a column."""
    return folder / (name + SUFFIX)


class ColumnWriter:
    """Appends items to a new column file; the header is written at the end.

    Args:
        folder: where the file goes; its name is the column's name with ``.col``.
        width: bytes of one item.
    """

    def __init__(self, folder: Path, name: str, width: int) -> None:
        self.path = column_path(folder, name)
        self.name = name
        self.width = width
        self.count = 0
        self._file = self.path.open("wb")
        self._file.write(bytes(HEADER_SIZE_BYTES))

    def append(self, items: bytes | NDArray[Any]) -> None:
        """Add items, given as the bytes that will stand in the file."""
        raw = items if isinstance(items, bytes) else items.tobytes()
        self.count += len(raw) // self.width
        self._file.write(raw)

    def finish(self) -> None:
        """Write the header and bring the file to the disk."""
        self._file.seek(0)
        self._file.write(_header(self.name, self.width, self.count))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Let go of the file without finishing it."""
        self._file.close()

    def abandon(self) -> None:
        """Close without a header and delete."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Column:
    """A finished column, mapped read-only; the pages are shared by all who map it.

    Args:
        path: the file.
        dtype: what an item is; its size must be the width in the header. ``None`` gives rows of
            bytes, an array of shape (count, width).

    Raises:
        HashSetError: missing, cut, or with a header that does not hold.
    """

    def __init__(self, path: Path, dtype: DTypeLike | None = None) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise HashSetError(f"{path.name}: cannot be opened: {error}") from error
        try:
            self.width, self.count = _checked(self._map, path)
            self.array = self._viewed(dtype)
        except HashSetError:
            self._map.close()
            raise

    def _viewed(self, dtype: DTypeLike | None) -> NDArray[Any]:
        kind = np.dtype(np.uint8 if dtype is None else dtype)
        if dtype is not None and kind.itemsize != self.width:
            raise HashSetError(f"{self.path.name}: items of {self.width} bytes are unexpected")
        total = self.count * self.width // kind.itemsize
        flat: NDArray[Any] = np.frombuffer(self._map, kind, total, HEADER_SIZE_BYTES)
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


def _header(name: str, width: int, count: int) -> bytes:
    facts = _FACTS.pack(MAGIC, FORMAT_VERSION, width, count, name.encode("ascii"))
    return facts + hashlib.sha256(facts).digest()


def _checked(raw: mmap.mmap, path: Path) -> tuple[int, int]:
    """Give width and count of a column whose header and size are right."""
    facts, stated = raw[: _FACTS.size], raw[_FACTS.size : HEADER_SIZE_BYTES]
    if len(raw) < HEADER_SIZE_BYTES or hashlib.sha256(facts).digest() != stated:
        raise HashSetError(f"{path.name}: the header is damaged")
    magic, version, width, count, name = _FACTS.unpack(facts)
    if magic != MAGIC or version != FORMAT_VERSION:
        raise HashSetError(f"{path.name}: a pack format of another version ({version})")
    if name.rstrip(b"\0") + SUFFIX.encode() != path.name.encode():
        raise HashSetError(f"{path.name}: the header names another column")
    if len(raw) != HEADER_SIZE_BYTES + width * count:
        raise HashSetError(f"{path.name}: {len(raw)} bytes where {count} items were announced")
    return width, count
