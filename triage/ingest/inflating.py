"""Random access to the content of a packed stream of any length, in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from operator import itemgetter

from triage.ingest.archives.packed_stream import BZIP2, GZIP, XZ, ZLIB, Packing, Unpacker
from triage.ingest.archives.source import Source
from triage.ingest.reading import ContentError

__all__ = ["BZIP2", "GZIP", "XZ", "ZLIB", "Inflating", "Packing"]

MOST_LANDINGS = 256
"""Places that are remembered, of some 50 KiB each; where there are more, every other is dropped."""

KEPT_BYTES = 1024 * 1024
"""What came last is kept: who reads a header reads ahead, then goes back for what follows it."""

SPACING_BYTES = 8 * 1024 * 1024
"""Distance between such places at first; it doubles each time that there are too many."""


class Inflating:
    """What a packed stream holds, as a source; no more of it is inflated than is asked for.

    Going forward costs what inflating costs. Going back costs the way from the last landing, or
    from the start where the packing is one whose state cannot be copied (bzip2, xz). A stream that
    is damaged or breaks off ends there: ``broken`` then says why.

    Args:
        size_bytes: of the content, where another process has found it out.
    """

    def __init__(self, source: Source, packing: Packing, *, size_bytes: int | None = None) -> None:
        self._source = source
        self._packing = packing
        self._end = size_bytes
        self._spacing = SPACING_BYTES
        self._landings: list[tuple[int, Unpacker]] = []
        self._unpacker: Unpacker | None = None
        self._pieces: deque[tuple[int, bytes]] = deque()
        self._at = 0
        self.broken = ""

    @property
    def size_bytes(self) -> int:
        """Give how long it is, as far as it can be inflated; found out by going through it."""
        at = self._landings[-1][0] if self._landings else 0
        while self._end is None and self._reach(at):
            at = self._at
        return self._end or 0

    @property
    def packed_bytes(self) -> int:
        """Give how long the packed stream is."""
        return self._source.size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part, fewer bytes only where the content ends."""
        end = offset_bytes + length_bytes
        if self._end is not None:
            end = min(end, self._end)
        parts: list[bytes] = []
        at = offset_bytes
        while at < end and self._reach(at):
            parts += self._parts(at, end)
            at = min(end, self._at)
        return b"".join(parts)

    def _parts(self, start: int, end: int) -> list[bytes]:
        """Give what is kept between two places."""
        return [
            piece[max(0, start - at) : end - at]
            for at, piece in self._pieces
            if at < end and at + len(piece) > start
        ]

    def _reach(self, at: int) -> bool:
        """Inflate until a place is among what is kept; tell whether the content goes so far."""
        first = self._pieces[0][0] if self._pieces else self._at
        if first <= at < self._at:
            return True
        index = bisect_right(self._landings, at, key=itemgetter(0)) - 1
        place, landing = self._landings[index] if index >= 0 else (0, None)
        if self._unpacker is None or at < self._at or self._at < place:
            copied = landing.copy() if landing is not None else None
            self._unpacker = copied or Unpacker(self._source, self._packing)
            self._pieces.clear()
            self._at = place
        while at >= self._at:
            if not self._next(self._unpacker):
                return False
        return True

    def _next(self, unpacker: Unpacker) -> bool:
        piece = b""
        try:
            piece = unpacker.piece()
        except ContentError as error:
            self.broken = error.detail
        if not piece:
            self._unpacker, self._end = None, self._at
            return False
        self._pieces.append((self._at, piece))
        self._at += len(piece)
        while self._at - self._pieces[0][0] - len(self._pieces[0][1]) >= KEPT_BYTES:
            self._pieces.popleft()
        self._land(unpacker)
        return True

    def _land(self, unpacker: Unpacker) -> None:
        """Remember from time to time how to go on from here."""
        if self._at - (self._landings[-1][0] if self._landings else 0) < self._spacing:
            return
        landing = unpacker.copy()
        if landing is not None:
            self._landings.append((self._at, landing))
        if len(self._landings) > MOST_LANDINGS:
            del self._landings[::2]
            self._spacing *= 2
