"""The content of an entry as a read-only file that can be sought, never by way of a disk."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Protocol

from triage.ingest.archive import read_content
from triage.ingest.filesystem import FileSystem
from triage.ingest.reading import ContentError
from triage.model.entry import FileEntry

AHEAD_BYTES = 512 * 1024
"""Read at once where a parser asks for little: it will ask for what comes next."""
HELD_BYTES = 64 * 1024 * 1024
"""A packed member up to this size is unpacked once and held; a larger one as often as its reader
goes back."""


class _Places(Protocol):
    def at(self, offset: int, length: int) -> bytes:
        """Give so many bytes, fewer at the end; raises ContentError."""


class ContentFile:
    """What :func:`content_file` gives.

    Attributes:
        size_bytes: as recorded.
        fault: why a read failed, in words; ``""`` while none has. A parser may well hide that.
    """

    def __init__(self, places: _Places, size_bytes: int) -> None:
        self._places = places
        self._at = 0
        self._start = 0
        self._held = b""
        self.size_bytes = size_bytes
        self.fault = ""

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes, fewer than asked for only at the end.

        Raises:
            OSError: they cannot be read; ``fault`` says why.
        """
        left = max(self.size_bytes - self._at, 0)
        wanted = left if size < 0 else min(size, left)
        inside = self._at - self._start
        if inside < 0 or inside + wanted > len(self._held):
            self._fill(max(wanted, min(AHEAD_BYTES, left)))
            inside = 0
        data = self._held[inside : inside + wanted]
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to a place from the start, from here or from the end.

        Raises:
            OSError: it lies before the start.
        """
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size_bytes}[whence]
        if place + offset < 0:
            raise OSError("a place before the start")
        self._at = place + offset
        return self._at

    def tell(self) -> int:
        """Give the place."""
        return self._at

    def _fill(self, length: int) -> None:
        try:
            self._held = self._places.at(self._at, length)
        except ContentError as error:
            self.fault = error.detail
            raise OSError(error.detail) from error
        self._start = self._at


def content_file(filesystem: FileSystem, entry: FileEntry) -> ContentFile:
    """Give the content of any entry, of a file system or of an archive, to be read anywhere.

    Of an entry of a file system only what is asked for is read. A member of an archive is held
    where it is small, else read from its start as far as is asked for.
    """
    if entry.container is None:
        places: _Places = _Ranges(filesystem, entry)
    elif entry.size_bytes <= HELD_BYTES:
        places = _Held(lambda: read_content(filesystem, entry))
    else:
        places = _Stream(lambda: read_content(filesystem, entry))
    return ContentFile(places, entry.size_bytes)


class _Ranges:
    def __init__(self, filesystem: FileSystem, entry: FileEntry) -> None:
        self._filesystem = filesystem
        self._entry = entry

    def at(self, offset: int, length: int) -> bytes:
        return self._filesystem.read_range(self._entry, offset, length) if length else b""


class _Held:
    def __init__(self, content: Callable[[], Iterator[bytes]]) -> None:
        self._content = content
        self._data: bytes | None = None

    def at(self, offset: int, length: int) -> bytes:
        if self._data is None:
            self._data = b"".join(self._content())
        return self._data[offset : offset + length]


class _Stream:
    """Goes forward through a content, and from its start again where it is asked for less."""

    def __init__(self, content: Callable[[], Iterator[bytes]]) -> None:
        self._content = content
        self._chunks = content()
        self._start = 0
        self._chunk = b""

    def at(self, offset: int, length: int) -> bytes:
        if offset < self._start:
            self._chunks, self._start, self._chunk = self._content(), 0, b""
        parts: list[bytes] = []
        while length > 0:
            inside = offset - self._start
            if inside >= len(self._chunk):
                self._start += len(self._chunk)
                self._chunk = next(self._chunks, b"")
                if not self._chunk:
                    break
                continue
            part = self._chunk[inside : inside + length]
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts)
