"""Random access to the bytes of an archive, wherever it lies; never by way of a disk."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from triage.ingest.archives.inflate import ZSTD_ERRORS
from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.outcome import FailReason

BUFFER_BYTES = 256 * 1024
_HEADER_LIMIT_BYTES = 4 * 1024 * 1024

_HOSTILE = (
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    *ZSTD_ERRORS,
)
"""What the standard library raises over hostile bytes: also RecursionError, UnicodeError."""


class Source(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give exactly so many bytes, fewer only where the source ends.

        Raises:
            ContentError: they cannot be read.
        """


class HeldSource:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size_bytes = len(data)

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part."""
        return self._data[offset_bytes : offset_bytes + length_bytes]


class GrowingSource:
    """Bytes that are unpacked as far as they are asked for, and then held in memory.

    Args:
        content: gives them in order.
    """

    def __init__(self, content: Iterator[bytes], size_bytes: int) -> None:
        self._content = content
        self._data = bytearray()
        self.size_bytes = size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part.

        Raises:
            ContentError: the content cannot be read so far.
        """
        end = min(offset_bytes + length_bytes, self.size_bytes)
        while len(self._data) < end:
            piece = next(self._content, None)
            if piece is None:
                break
            self._data += piece
        return bytes(self._data[offset_bytes : offset_bytes + length_bytes])


class WindowSource:
    """A stretch of another source; as long as was claimed, though the other may end before."""

    def __init__(self, source: Source, start_bytes: int, size_bytes: int) -> None:
        self._source = source
        self._start_bytes = start_bytes
        self.size_bytes = size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part."""
        length = min(length_bytes, self.size_bytes - offset_bytes)
        return self._source.read_at(self._start_bytes + offset_bytes, length) if length > 0 else b""


class SourceFile(io.RawIOBase):
    """A source as a read-only file of Python, for parsers that want one."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; a place before the start is an error."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size_bytes}
        place = base[whence] + offset
        if place < 0:
            raise OSError("a place before the start of the archive")
        self._at = place
        return place

    def tell(self) -> int:
        """Give the place."""
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower
        """Fill a buffer."""
        data = self._source.read_at(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class HeaderFile(io.BufferedReader):
    """A buffered source from which only headers are read: no claim makes it read gigabytes."""

    def __init__(self, source: Source) -> None:
        super().__init__(SourceFile(source), BUFFER_BYTES)

    def read(self, size: int | None = -1, /) -> bytes:
        """Give so many bytes; a header of more than 4 MiB is none."""
        if size is None or not 0 <= size <= _HEADER_LIMIT_BYTES:
            raise OSError(f"a header that claims {size} bytes")
        return super().read(size)


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Turn what parsers raise over hostile bytes into a ContentError.

    Args:
        what: what was being read, in words.
    """
    try:
        yield
    except MemoryError as error:
        raise ContentError(FailReason.MEMORY_LIMIT, f"{what}: needs too much memory") from error
    except _HOSTILE as error:
        words = printable(str(error))[:200] or type(error).__name__
        raise ContentError(FailReason.READ_ERROR, f"{what}: {words}") from error
