"""Shows a stretch of a container as a file that can be read and sought in."""

from __future__ import annotations

import os

from triage.ingest.container import Container


class Window:
    """A read-only file object over part of a medium, for libraries that ask for one."""

    def __init__(self, container: Container, offset_bytes: int, length_bytes: int) -> None:
        self._container = container
        self._start = offset_bytes
        self._length = length_bytes
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Give up to ``size`` bytes from the position on, all that is left if negative."""
        left = max(0, self._length - self._position)
        wanted = left if size < 0 else min(size, left)
        chunk = self._container.read_at(self._start + self._position, wanted)
        self._position += len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the position as files do."""
        origins = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}
        self._position = max(0, origins[whence] + offset)
        return self._position

    def tell(self) -> int:
        """Give the position."""
        return self._position

    def get_size(self) -> int:
        """Give the length in bytes, which libyal asks for by this name."""
        return self._length
