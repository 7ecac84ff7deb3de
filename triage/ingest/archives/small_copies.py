"""Stretches of a file that are small copies of pictures, as the members of an archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import Source, WindowSource
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.entry import EntryKind, Origin, Times
from triage.model.outcome import FailReason

MARKS: tuple[tuple[bytes, bytes], ...] = (
    (b"\xff\xd8\xff", b".jpg"),
    (b"\x89PNG\r\n\x1a\n", b".png"),
    (b"BM", b".bmp"),
)
"""How the pictures in caches begin, and what they are called by."""

LONGEST_MARK_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One small copy: its name, and where it stands."""

    name: bytes
    offset_bytes: int
    length_bytes: int


def ending(start: bytes) -> bytes:
    """Give the ending of a file name by the first bytes of a picture, ``b""`` for anything else."""
    return next((name for mark, name in MARKS if start.startswith(mark)), b"")


class SmallCopies:
    """The small copies that stand in one file; each lies there as it is.

    Args:
        copies: in the order in which they are listed.
        told: what could not be listed, in words.
    """

    checked = False

    def __init__(
        self,
        source: Source,
        limits: ArchiveLimits,
        copies: tuple[Copy, ...],
        told: tuple[str, ...] = (),
    ) -> None:
        budget = Budget(limits, source.size_bytes)
        self._source = source
        self._copies = copies[: limits.max_members]
        self.members = tuple(
            budget.charged(
                Member(
                    name=one.name,
                    size_bytes=one.length_bytes,
                    kind=EntryKind.FILE,
                    times=Times(),
                    origin=Origin.THUMBNAIL,
                ),
                one.length_bytes,
            )
            for one in self._copies
        )
        left = len(copies) - len(self._copies)
        more = (f"{left} more small copies are not listed",) if left else ()
        self.faults = (*told, *more, *budget.faults())

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give a copy.

        Raises:
            ContentError: the file ends before it does.
        """
        window = self._windowed(ordinal)
        for at in range(0, window.size_bytes, CHUNK_BYTES):
            wanted = min(CHUNK_BYTES, window.size_bytes - at)
            piece = window.read_at(at, wanted)
            if piece:
                yield piece
            if len(piece) < wanted:
                words = f"content ends at byte {at + len(piece)} of {window.size_bytes}"
                raise ContentError(FailReason.SHORT_READ, words)

    def window(self, ordinal: int) -> Source | None:
        """Give a copy as it stands in the file."""
        return self._windowed(ordinal)

    def _windowed(self, ordinal: int) -> WindowSource:
        if not 0 <= ordinal < len(self._copies):
            raise ContentError(FailReason.NAME_VANISHED, f"no member {ordinal}")
        one = self._copies[ordinal]
        return WindowSource(self._source, one.offset_bytes, one.length_bytes)
