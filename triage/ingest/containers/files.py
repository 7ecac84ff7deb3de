"""Positional reads over the segment files of one image, with few files open at a time."""

from __future__ import annotations

import errno
import os
import sys
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from triage.errors import EvidenceError, EvidenceGone
from triage.model.display import printable

MAX_OPEN_FILES = 48
"""Far under the 256 descriptors of the smallest default limits; segments may be thousands."""

PROBE_BYTES = 64
"""Read anew from the start of a segment to tell a bad sector from a disk or share that is gone."""

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_GONE = frozenset(
    getattr(errno, name)
    for name in (
        *("ESTALE", "ENODEV", "ENXIO", "ENOTCONN", "ESHUTDOWN", "ETIMEDOUT", "EPIPE"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENETRESET"),
        *("ECONNRESET", "ECONNABORTED", "ECONNREFUSED"),
    )
    if hasattr(errno, name)
)
"""Errors of a read that no bad sector gives: the device or the server is gone (POSIX, errno.h)."""


class SegmentFiles:
    """The files of one image by index, opened when needed, the longest unused closed first.

    Attributes:
        gone: in words, once a segment turned out not to be there any more; ``""`` before. What is
            read through a library may have lost the error on its way, so it is kept here too.

    Args:
        sizes_bytes: of all files, where they are known; spares opening each one now.

    Raises:
        EvidenceError: a segment cannot be opened at all.
    """

    def __init__(self, paths: Sequence[Path], sizes_bytes: tuple[int, ...] = ()) -> None:
        self.paths = tuple(paths)
        self._open: OrderedDict[int, int] = OrderedDict()
        self._latest = (-1, -1)
        self.gone = ""
        self.sizes_bytes = sizes_bytes or tuple(self._size(at) for at in range(len(self.paths)))

    def pread(self, index: int, offset_bytes: int, length_bytes: int) -> bytes:
        """Read from one segment; shorter only at its end.

        Raises:
            OSError: the disk under the image reports an error.
            EvidenceGone: the segment is not there any more, or not as it was.
        """
        try:
            return self._pread(index, offset_bytes, length_bytes)
        except OSError as error:
            self._check(index, error)
            raise

    def _pread(self, index: int, offset_bytes: int, length_bytes: int) -> bytes:
        descriptor = self._latest[1] if self._latest[0] == index else self._descriptor(index)
        data = _pread(descriptor, length_bytes, offset_bytes) if length_bytes > 0 else b""
        if len(data) == length_bytes:
            return data
        if offset_bytes + len(data) < self.sizes_bytes[index]:
            self._check(index, None)
        if not data:
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
        descriptor = os.open(self.paths[index], _FLAGS)
        self._open[index] = descriptor
        self._latest = (index, descriptor)
        if len(self._open) > MAX_OPEN_FILES:
            os.close(self._open.popitem(last=False)[1])
        return descriptor

    def _check(self, index: int, error: OSError | None) -> None:
        """Tell a segment that is gone from one that has a bad sector, at the moment of the error.

        Raises:
            EvidenceGone: it is gone, cannot be opened any more, or has another size.
        """
        name = printable(self.paths[index].name)
        if error is not None and error.errno in _GONE:
            self.gone = f"{name}: {error.strerror}"
        else:
            try:
                size_bytes = _probed(self.paths[index])
            except OSError as probing:
                self.gone = f"{name}: {probing.strerror}"
            else:
                if size_bytes != self.sizes_bytes[index]:
                    was = self.sizes_bytes[index]
                    self.gone = f"{name}: has {size_bytes} bytes now, {was} when it was opened"
        if self.gone:
            raise EvidenceGone(self.gone) from error

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


def _probed(path: Path) -> int:
    """Open a file anew and read its start from where it lies; give its size.

    Raises:
        OSError: that cannot be done.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        size_bytes = os.lseek(descriptor, 0, os.SEEK_END)
        if hasattr(os, "posix_fadvise"):  # what is cached says nothing of a disk that is gone
            os.posix_fadvise(descriptor, 0, PROBE_BYTES, os.POSIX_FADV_DONTNEED)
        _pread(descriptor, PROBE_BYTES, 0)
        return size_bytes
    finally:
        os.close(descriptor)
