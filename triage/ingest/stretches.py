"""Shows stretches of a medium as one row of bytes, read in large blocks in its order."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence

from triage.model.extents import Extents

BLOCK_BYTES = 1 << 20
_KEPT = 48
"""Blocks that are kept: what was found is digested and decoded without being read again."""

Reading = Callable[[int, int], bytes]
"""Takes a place on the medium and a length."""


class Stretches:
    """Bytes of several stretches, numbered from 0 on as if they followed one another.

    Args:
        read: gives the bytes of the medium; fewer only at its end, which is filled with zeros.
        stretches: ``(offset_bytes, length_bytes)`` in order of the medium, none overlapping.
    """

    def __init__(self, read: Reading, stretches: Sequence[tuple[int, int]]) -> None:
        self._read = read
        self._stretches = stretches
        self._starts: list[int] = []
        total = 0
        for _, length in stretches:
            self._starts.append(total)
            total += length
        self.size_bytes = total
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, at: int, length: int) -> bytes:
        """Give bytes from a number on; fewer only at the end of all stretches."""
        end = min(at + length, self.size_bytes)
        if at >= end:
            return b""
        first, last = at // BLOCK_BYTES, (end - 1) // BLOCK_BYTES
        if first == last:
            start = at - first * BLOCK_BYTES
            return self.block(first)[start : start + end - at]
        pieces = [self.block(number) for number in range(first, last + 1)]
        pieces[0] = pieces[0][at - first * BLOCK_BYTES :]
        pieces[-1] = pieces[-1][: end - last * BLOCK_BYTES]
        return b"".join(pieces)

    def block(self, number: int) -> bytes:
        """Give a block of :data:`BLOCK_BYTES`, the last of all may be shorter."""
        held = self._kept.get(number)
        if held is None:
            held = self._kept[number] = self._fetched(number * BLOCK_BYTES)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return held

    def _fetched(self, at: int) -> bytes:
        pieces = []
        for place, length in self.extents(at, min(BLOCK_BYTES, self.size_bytes - at)):
            data = self._read(place, length)
            pieces.append(data if len(data) == length else data.ljust(length, b"\0"))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def extents(self, at: int, length: int) -> Extents:
        """Give where bytes lie on the medium, in order."""
        found: list[tuple[int, int]] = []
        number = self._of(at)
        while length > 0:
            place, size = self._stretches[number]
            skip = at - self._starts[number]
            taken = min(size - skip, length)
            found.append((place + skip, taken))
            at, length, number = at + taken, length - taken, number + 1
        return tuple(found)

    def place(self, at: int) -> int:
        """Give where a byte lies on the medium."""
        number = self._of(at)
        return self._stretches[number][0] + at - self._starts[number]

    def stretch_end(self, at: int) -> int:
        """Give the number behind the last byte of the stretch that a byte lies in."""
        number = self._of(at)
        return self._starts[number] + self._stretches[number][1]

    def _of(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1


class Piece:
    """The bytes of some stretches from a number on, as a file that may begin there.

    Args:
        start, end: numbers of its first byte and of the one behind its last.
    """

    def __init__(self, stretches: Stretches, start: int, end: int) -> None:
        self._stretches = stretches
        self._start = start
        self.size_bytes = end - start

    def read(self, at: int, length: int) -> bytes:
        """Give bytes from a place in the file on; fewer only at its end."""
        if at < 0 or at >= self.size_bytes:
            return b""
        return self._stretches.read(self._start + at, min(length, self.size_bytes - at))
