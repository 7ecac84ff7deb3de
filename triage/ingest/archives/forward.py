"""Reads what can only be unpacked in order: going back means to unpack from the start again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.outcome import FailReason


class Forward:
    """What an unpacking gives, by place; whoever asks in order has it unpacked once.

    Args:
        make: starts the unpacking anew; each gives the same bytes.
        size_bytes: as much is asked for at most.
    """

    def __init__(self, make: Callable[[], Iterator[bytes]], size_bytes: int) -> None:
        self._make = make
        self._pieces: Iterator[bytes] | None = None
        self._piece, self._piece_at = b"", 0
        self.size_bytes = size_bytes

    def pieces(self, offset_bytes: int, length_bytes: int) -> Iterator[bytes]:
        """Give a stretch in order; another may be asked for in between.

        Raises:
            ContentError: the unpacking ends or breaks before the stretch does.
        """
        at, end = offset_bytes, offset_bytes + length_bytes
        while at < end:
            self._reach(at)
            start = at - self._piece_at
            part = self._piece[start : start + min(CHUNK_BYTES, end - at)]
            at += len(part)
            yield part
        if at >= self.size_bytes:
            self.rest()

    def rest(self) -> None:
        """Let go of the unpacking and its dictionary; whoever goes on has it started anew."""
        self._pieces, self._piece, self._piece_at = None, b"", 0

    def _reach(self, at: int) -> None:
        if self._pieces is None or at < self._piece_at:
            self._pieces, self._piece, self._piece_at = self._make(), b"", 0
        try:
            while at >= self._piece_at + len(self._piece):
                self._piece_at += len(self._piece)
                self._piece = b""
                self._piece = next(self._pieces)
        except StopIteration:
            self._pieces = None
            detail = f"the packed content ends after {self._piece_at} bytes"
            raise ContentError(FailReason.SHORT_READ, detail) from None
        except BaseException:
            self._pieces = None
            raise
