"""Positional reads over the segment files of one image, with few files open at a time."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from triage.errors import EvidenceError
from triage.model.display import printable

MAX_OPEN_FILES = 48
"""Far under the 256 descriptors of the smallest default limits; segments may be thousands."""


class SegmentFiles:
    """The files of one image by index, opened when needed, the longest unused closed first.

    Args:
        sizes_bytes: of all files, where they are known; spares opening each one now.

    Raises:
        EvidenceError: a segment cannot be opened at all.
    """

    def __init__(self, paths: Sequence[Path], sizes_bytes: tuple[int, ...] = ()) -> None:
        self.paths = tuple(paths)
        self._open: OrderedDict[int, int] = OrderedDict()
        self._latest = (-1, -1)
        self.sizes_bytes = sizes_bytes or tuple(self._size(at) for at in range(len(self.paths)))

    def pread(self, index: int, offset_bytes: int, length_bytes: int) -> bytes:
        """Read from one segment; shorter only at its end.

        Raises:
            OSError: the disk under the image reports an error.
        """
        descriptor = self._latest[1] if self._latest[0] == index else self._descriptor(index)
        data = _pread(descriptor, length_bytes, offset_bytes) if length_bytes > 0 else b""
        if len(data) == length_bytes or not data:
            return data
        parts = [data]
        offset_bytes += len(data)
        length_bytes -= len(data)
        while length_bytes > 0:
            part = _pread(descriptor, length_bytes, offset_bytes)
            if not part:
                break
            parts.append(part)
            offset_bytes += len(part)
            length_bytes -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close what is open."""
        self._latest = (-1, -1)
        while self._open:
            os.close(self._open.popitem()[1])

    def __del__(self) -> None:
        self.close()

    def _descriptor(self, index: int) -> int:
        descriptor = self._open.get(index)
        if descriptor is not None:
            self._open.move_to_end(index)
            self._latest = (index, descriptor)
            return descriptor
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self.paths[index], flags)
        self._open[index] = descriptor
        self._latest = (index, descriptor)
        if len(self._open) > MAX_OPEN_FILES:
            os.close(self._open.popitem(last=False)[1])
        return descriptor

    def _size(self, index: int) -> int:
        """Size by seeking to the end: a block device reports 0 by ``stat``."""
        try:
            return os.lseek(self._descriptor(index), 0, os.SEEK_END)
        except OSError as error:
            raise EvidenceError(
                f"{printable(self.paths[index].name)}: cannot be opened: {error.strerror}",
                hint="check the permissions of every segment",
            ) from error


if sys.platform == "win32":

    def _pread(descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        os.lseek(descriptor, offset_bytes, os.SEEK_SET)
        return os.read(descriptor, length_bytes)

else:
    _pread = os.pread
