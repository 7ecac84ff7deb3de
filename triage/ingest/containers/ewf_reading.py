"""Chunks of an EWF set by number: located, read in runs, each one checked."""

from __future__ import annotations

import bisect
from collections.abc import Container

from triage.ingest.containers.ewf_chunks import Data, decode, stored_bound
from triage.ingest.containers.ewf_pages import (
    BARE,
    FILLED,
    JOINS,
    KIND_BITS,
    PACKED,
    Page,
    PageLoader,
    Pages,
)
from triage.ingest.containers.ewf_placing import Placed
from triage.ingest.containers.ewf_table import Table
from triage.ingest.containers.files import SegmentFiles
from triage.model.evidence import DamageKind

RUN_BYTES = 4 * 1024 * 1024
"""Chunks that lie end to end in a file are read at once, up to this much."""

_TWIN_BYTES = 512
"""A chunk packed into less is one byte over and over; it mostly comes many times in a row."""


class ChunkReader:
    """Gives chunks of the medium by their numbers.

    Args:
        placed: tables in ascending order of their first chunk.
        load_page: decodes their entries.
    """

    def __init__(
        self,
        files: SegmentFiles,
        placed: tuple[Placed, ...],
        *,
        load_page: PageLoader,
        chunk_bytes: int,
        media_bytes: int,
    ) -> None:
        self._files = files
        self._placed = placed
        self._firsts = [one.first_chunk for one in placed]
        self._pages = Pages(files, load_page)
        self._chunk_bytes = chunk_bytes
        self._media_bytes = media_bytes
        self._twin: tuple[bytes, Data] = (b"", b"")

    def want(self, chunk: int) -> int:
        """Give the length of a chunk on the medium; only the last one is short."""
        return min(self._chunk_bytes, self._media_bytes - chunk * self._chunk_bytes)

    def load(self, chunk: int, end: int, known: Container[int]) -> list[Data | DamageKind | None]:
        """Read at least one chunk, and those after it that lie end to end in the same file.

        Args:
            end: first chunk that is not wanted.
            known: chunks that need no reading; a run stops before them.

        Returns:
            For each chunk its data, what is wrong with it, or ``None`` where no table has it.
        """
        at = bisect.bisect_right(self._firsts, chunk) - 1
        if at < 0 or chunk - self._firsts[at] >= self._placed[at].table.count:
            return [None]
        table, entry = self._placed[at].table, chunk - self._firsts[at]
        page = self._pages.page(table, entry)
        first = entry - page.first
        if first >= len(page.starts):
            return [DamageKind.READ_ERROR]
        stop = min(first + end - chunk, len(page.starts))
        run = _Run(page, first, stop)
        if run.flags[0] & KIND_BITS in (FILLED, BARE):
            return [self._odd(table, run, self.want(chunk))]
        run.cut(known, chunk)
        return self._decoded(table, run, page.first + first, chunk)

    def _decoded(
        self, table: Table, run: _Run, entry: int, chunk: int
    ) -> list[Data | DamageKind | None]:
        starts, sizes, flags = run.starts, run.sizes, run.flags
        origin = starts[0]
        raw = self._raw(table, origin, self._span(starts[-1] + sizes[-1] - origin))
        out: list[Data | DamageKind | None] = []
        last = len(starts) - 1
        for at, start in enumerate(starts):
            want = self.want(chunk + at)
            begin = start - origin
            end = begin + sizes[at] if at < last else None
            compressed = flags[at] & KIND_BITS == PACKED
            piece = None if raw is None else raw[begin:end]
            result = self._decode(piece, want, compressed=compressed)
            if isinstance(result, DamageKind):
                result = self._alone(table, entry + at, want, result)
            out.append(result)
        return out

    def _odd(self, table: Table, run: _Run, want: int) -> Data | DamageKind:
        """Give a chunk that only its entry vouches for, so the entry itself must be sound."""
        if not table.sound:
            return DamageKind.TABLE_CHECKSUM
        if run.flags[0] & KIND_BITS == FILLED:
            pattern = run.starts[0].to_bytes(8, "little", signed=True)
            return (pattern * (want // len(pattern) + 1))[:want]
        raw = self._raw(table, run.starts[0], want)
        if raw is None:
            return DamageKind.READ_ERROR
        return raw if len(raw) == want else DamageKind.TRUNCATED

    def _alone(self, table: Table, entry: int, want: int, found: DamageKind) -> Data | DamageKind:
        """Try a chunk by itself, with the other copy of the table too, before it counts as lost.

        The end of a chunk is only known from the entry after it, which may be wrong.
        """
        sides = (False, True) if table.alternate_offset is not None else (False,)
        for alternate in sides:
            page = self._pages.page(table, entry, alternate=alternate)
            here = entry - page.first
            if here >= len(page.starts):
                continue
            compressed = int(page.flags[here]) & KIND_BITS == PACKED
            bound = stored_bound(self._chunk_bytes, compressed=compressed)
            raw = self._raw(table, int(page.starts[here]), bound)
            result = self._decode(raw, want, compressed=compressed)
            if not isinstance(result, DamageKind):
                return result
            found = result if found is DamageKind.READ_ERROR else found
        return found

    def _span(self, claimed_bytes: int) -> int:
        """Length to read for a run; what an entry claims is believed only within reason."""
        most = RUN_BYTES + stored_bound(self._chunk_bytes, compressed=True)
        if 0 < claimed_bytes <= most:
            return claimed_bytes
        return stored_bound(self._chunk_bytes, compressed=True)

    def _raw(self, table: Table, start: int, length_bytes: int) -> memoryview | None:
        """Read from a segment; ``None`` where the disk under the image fails."""
        try:
            return memoryview(self._files.pread(table.segment, start, length_bytes))
        except OSError:
            return None

    def _decode(self, raw: memoryview | None, want: int, *, compressed: bool) -> Data | DamageKind:
        if raw is None:
            return DamageKind.READ_ERROR
        if not compressed or len(raw) >= _TWIN_BYTES:
            return decode(
                raw, compressed=compressed, want_bytes=want, chunk_bytes=self._chunk_bytes
            )
        packed = bytes(raw)
        if packed == self._twin[0] and len(self._twin[1]) == want:
            return self._twin[1]
        data = decode(raw, compressed=True, want_bytes=want, chunk_bytes=self._chunk_bytes)
        if not isinstance(data, DamageKind):
            self._twin = packed, data
        return data


class _Run:
    """Entries of one page as plain numbers, at first all that are wanted of it."""

    __slots__ = ("flags", "sizes", "starts")

    def __init__(self, page: Page, first: int, stop: int) -> None:
        self.starts: list[int] = page.starts[first:stop].tolist()
        self.sizes: list[int] = page.sizes[first:stop].tolist()
        self.flags: list[int] = page.flags[first:stop].tolist()

    def cut(self, known: Container[int], chunk: int) -> None:
        """Keep those that lie end to end, are not known already and take 4 MiB at the most."""
        limit = self.starts[0] + RUN_BYTES
        last = 1
        while (
            last < len(self.starts)
            and self.flags[last] & JOINS
            and self.starts[last] + self.sizes[last] <= limit
            and chunk + last not in known
        ):
            last += 1
        del self.starts[last:], self.sizes[last:], self.flags[last:]
