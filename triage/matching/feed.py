"""Lines of a text source: a block of them at a time as columns of places, or one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers
from triage.matching.reading import ReadOptions
from triage.matching.source import blocks, spoken

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MARGIN_BYTES = 256
"""Zeros before and after a block, so that a window about any line stays inside the array."""


class Block:
    """Whole lines, and where each starts and ends.

    Attributes:
        text: the bytes, with a margin of zeros on both sides.
        starts: of each line.
        stops: of each line, without its end and without one carriage return before that.
    """

    def __init__(self, block: bytes, end: bytes) -> None:
        margin = bytes(MARGIN_BYTES)
        self.text: Bytes = np.frombuffer(b"".join((margin, block, margin)), np.uint8)
        ends = np.flatnonzero(self.text[:-MARGIN_BYTES] == end[0])
        if not block.endswith(end):
            ends = np.append(ends, MARGIN_BYTES + len(block))
        self.starts: Numbers = np.concatenate(([MARGIN_BYTES], ends[:-1] + 1))
        returned = self.text[ends - 1] == ord("\r") if end == b"\n" else 0
        self.stops: Numbers = ends - returned
        self._ends = ends
        self._marks = int(np.count_nonzero(self.stops < ends)) + block.endswith(end) + len(ends) - 1

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self.starts)

    def line(self, at: int) -> bytes:
        """Give one line as it stands, without its end."""
        return self.text[self.starts[at] : self._ends[at]].tobytes()

    def unspoken(self) -> Mask:
        """Tell which lines are empty or start as a comment; blanks may hide more of them."""
        first = self.text[self.starts]
        skipped: Mask = (self.stops == self.starts) | (first == ord("#"))
        return skipped

    def broken(self) -> Mask:
        """Tell which lines have a carriage return or a line feed inside."""
        inside: Mask = np.zeros(self.count, bool)
        marks = np.flatnonzero((self.text == ord("\r")) | (self.text == ord("\n")))
        if len(marks) > self._marks:
            found = np.searchsorted(marks, self.stops) - np.searchsorted(marks, self.starts)
            inside = found > 0
        return inside


class Feed:
    """A source of which any line can be taken next, by a block or by itself.

    Attributes:
        at: place in the present block of the line that comes next.
    """

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._blocks = blocks(path, options)
        self._block: Block | None = None
        self._before = 0
        self.at = 0

    def block(self) -> Block | None:
        """Give the block with the next line, ``None`` at the end of the source."""
        if self._block is None or self.at >= self._block.count:
            self._before += 0 if self._block is None else self._block.count
            following = next(self._blocks, None)
            self._block = None if following is None else Block(*following)
            self.at = 0
        return self._block

    def holds(self, block: Block) -> bool:
        """Tell whether a block is the present one; it stays so until a line after it is taken."""
        return self._block is block

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Take line by line, with its number in the source."""
        while (block := self.block()) is not None:
            self.at += 1
            yield self._before + self.at, block.line(self.at - 1)

    def spoken(self) -> Iterator[tuple[int, str]]:
        """Take line by line as text, without blank lines and comments."""
        return spoken(self.lines())
