"""Numbers in tables of image files, read page by page and never held whole."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Mapping

from triage.ingest.containers.files import SegmentFiles

PAGE_BYTES = 16 * 1024
MOST_PAGES = 512
"""Eight MiB: the block table of a disk of two terabytes in blocks of two megabytes."""

LOG_PAGE_BYTES = 4096


class FilePages:
    """What one file of an image holds, a page at a time.

    Args:
        over: pages of 4 KiB that stand in a log and are to be seen in the place of the file's own,
            by their offset.
    """

    def __init__(
        self, files: SegmentFiles, file: int = 0, over: Mapping[int, bytes] | None = None
    ) -> None:
        self.files = files
        self.file = file
        self._over = over or {}
        self._pages: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give what the file holds there: shorter, or nothing, where it ends or cannot be read."""
        first, skip = divmod(offset_bytes, PAGE_BYTES)
        if offset_bytes < 0:
            return b""
        data = self._page(first)
        if skip + length_bytes <= PAGE_BYTES:
            return data[skip : skip + length_bytes]
        parts = [data]
        for page in range(first + 1, (offset_bytes + length_bytes - 1) // PAGE_BYTES + 1):
            if len(parts[-1]) < PAGE_BYTES:
                break
            parts.append(self._page(page))
        return b"".join(parts)[skip : skip + length_bytes]

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is not None:
            self._pages.move_to_end(number)
            return page
        try:
            page = self.files.pread(self.file, number * PAGE_BYTES, PAGE_BYTES)
        except (OSError, OverflowError):
            return b""
        page = self._logged(number * PAGE_BYTES, page) if self._over else page
        self._pages[number] = page
        if len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)
        return page

    def _logged(self, offset_bytes: int, page: bytes) -> bytes:
        parts = bytearray(page)
        for at in range(0, PAGE_BYTES, LOG_PAGE_BYTES):
            newer = self._over.get(offset_bytes + at)
            if newer is not None:
                parts.extend(bytes(max(0, at - len(parts))))
                parts[at : at + LOG_PAGE_BYTES] = newer
        return bytes(parts)


class FileTable:
    """A table of numbers of one size.

    Args:
        form: of one number, for :mod:`struct`.
    """

    def __init__(self, pages: FilePages, offset_bytes: int, count: int, form: str) -> None:
        self.count = count
        self._pages = pages
        self._offset = offset_bytes
        self._unpack = struct.Struct(form)

    def get(self, index: int) -> int | None:
        """Give a number; ``None`` where the table or the file ends before it."""
        if not 0 <= index < self.count:
            return None
        size = self._unpack.size
        data = self._pages.read(self._offset + index * size, size)
        if len(data) < size:
            return None
        number: int = self._unpack.unpack(data)[0]
        return number
