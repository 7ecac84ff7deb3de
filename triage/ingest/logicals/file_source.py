"""The bytes of one file of evidence at any place, in windows that small reads share."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from triage.ingest.container import SegmentFiles
from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.outcome import FailReason

WINDOW_BYTES = 256 * 1024
_WINDOWS = 8


class FileSource:
    """One file, read-only; small reads near by cost one read of the disk.

    Raises:
        EvidenceError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._files = SegmentFiles((path,))
        self._name = path.name
        self._windows: OrderedDict[int, bytes] = OrderedDict()
        self.size_bytes = self._files.sizes_bytes[0]

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part; fewer bytes only where the file ends.

        Raises:
            ContentError: the disk under it reports an error.
            EvidenceGone: the file is not there any more.
        """
        if offset_bytes < 0 or length_bytes <= 0:
            return b""
        if length_bytes >= WINDOW_BYTES:
            return self._read(offset_bytes, length_bytes)
        first, start = divmod(offset_bytes, WINDOW_BYTES)
        part = self._window(first)[start : start + length_bytes]
        if start + length_bytes > WINDOW_BYTES:
            part += self._window(first + 1)[: start + length_bytes - WINDOW_BYTES]
        return part

    @property
    def gone(self) -> str:
        """In words, once the file turned out not to be there any more."""
        return self._files.gone

    def close(self) -> None:
        """Let go of the file."""
        self._windows.clear()
        self._files.close()

    def _window(self, index: int) -> bytes:
        held = self._windows.get(index)
        if held is not None:
            self._windows.move_to_end(index)
            return held
        if len(self._windows) >= _WINDOWS:
            self._windows.popitem(last=False)
        data = self._windows[index] = self._read(index * WINDOW_BYTES, WINDOW_BYTES)
        return data

    def _read(self, offset: int, length: int) -> bytes:
        if offset >= self.size_bytes:
            return b""
        try:
            return self._files.pread(0, offset, length)
        except OSError as error:
            words = f"{printable(self._name)}: byte {offset}: {error.strerror}"
            raise ContentError(FailReason.READ_ERROR, words) from error
