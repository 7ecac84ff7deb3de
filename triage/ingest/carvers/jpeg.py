"""Measures JPEG files by their markers (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

from triage.ingest.carvers import multipicture
from triage.ingest.carvers.measured import Measured, without_zeros
from triage.ingest.stretches import Piece

MOST_BYTES = 256 << 20
_LEAST_SCAN_BYTES = 64
"""Of packed pixels, before what is cut is worth a look."""

_MOST_SEGMENTS = 2_000
_STEP = 256 * 1024
_EOI, _SOS, _DRI, _DNL, _APP2 = 0xD9, 0xDA, 0xDD, 0xDC, 0xE2
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_BETWEEN = frozenset({0xC4, 0xCC, 0xDB, _DRI, 0xFE, *range(0xE0, 0xF0)})
"""Segments that may stand anywhere: tables, restart interval, application data and comments."""

_MARKER = re.compile(rb"\xff[^\x00]", re.DOTALL)


class _Walk:
    """Goes through a file from marker to marker.

    Attributes:
        at: place of what is read next; once :meth:`run` is over, where the structure ends.
        whole: whether that is its proper end.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self.at = 2
        self.whole = False
        self.scan_bytes = 0
        self.index: multipicture.Index | None = None
        self._framed = False
        self._restarts = False

    def run(self) -> None:
        for _ in range(_MOST_SEGMENTS):
            marker = self._next_marker()
            if marker == _EOI:
                self.whole = self.scan_bytes > 0
                self.at += 2 * self.whole
                return
            if marker == _SOS and self._framed:
                if not self._segment(marker):
                    return
                self._scan()
            elif marker in _FRAMES and not self._framed:
                self._framed = self._frame()
                if not self._framed or not self._segment(marker):
                    return
            elif marker in _BETWEEN or (marker == _DNL and self.scan_bytes):
                if not self._segment(marker):
                    return
            else:
                return

    def _next_marker(self) -> int:
        """Give the marker at this place, behind bytes that fill; 0 where there is none."""
        while (pair := self._piece.read(self.at, 2)) == b"\xff\xff":
            self.at += 1
        return pair[1] if len(pair) == 2 and pair[0] == 0xFF else 0

    def _segment(self, marker: int) -> bool:
        """Step over a segment; tell whether it is one."""
        length = int.from_bytes(self._piece.read(self.at + 2, 2), "big")
        if length < 2 or self.at + 2 + length > self._piece.size_bytes:
            return False
        if marker == _DRI:
            self._restarts = length == 4 and any(self._piece.read(self.at + 4, 2))
        if marker == _APP2 and self.index is None:
            self.index = multipicture.index_in(self._piece, self.at + 4, length - 2)
        self.at += 2 + length
        return True

    def _frame(self) -> bool:
        """Tell whether a frame header is possible: precision, sides and components."""
        head = self._piece.read(self.at + 2, 8)
        if len(head) < 8:
            return False
        length, bits, width, parts = (
            int.from_bytes(head[:2], "big"),
            head[2],
            int.from_bytes(head[5:7], "big"),
            head[7],
        )
        return bits in {8, 12, 16} and width > 0 and 1 <= parts <= 4 and length == 8 + 3 * parts

    def _scan(self) -> None:
        """Step over packed pixels to the next marker that ends them."""
        start, due = self.at, 0
        while chunk := self._piece.read(self.at, _STEP):
            held = len(chunk) - (chunk[-1] == 0xFF and len(chunk) == _STEP)
            for found in _MARKER.finditer(chunk):
                marker = chunk[found.start() + 1]
                if self._restarts and marker == 0xD0 + due:
                    due = (due + 1) % 8
                    continue
                self.at += found.start()
                self.scan_bytes += self.at - start
                return
            self.at += held
        self.scan_bytes += self.at - start


def measure(piece: Piece) -> Measured | None:
    """Give the size of a JPEG; what is cut or written over ends where that shows.

    Several pictures in one file (MPO, gain maps) are one file where its index bears that out.
    """
    walk = _Walk(piece)
    walk.run()
    if walk.whole:
        size = multipicture.whole_size(piece, walk.at, walk.index)
        return Measured(size_bytes=size, complete=True, extension="jpg", mime="image/jpeg")
    if walk.scan_bytes < _LEAST_SCAN_BYTES:
        return None
    size = without_zeros(piece, min(walk.at, piece.size_bytes))
    return Measured(size_bytes=size, complete=False, extension="jpg", mime="image/jpeg")
