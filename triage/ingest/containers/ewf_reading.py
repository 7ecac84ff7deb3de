"""Chunks of an EWF set by number: located, read in runs, each one checked."""

from __future__ import annotations

import bisect
from collections.abc import Container

from triage.ingest.containers.ewf_chunks import decode, stored_bound
from triage.ingest.containers.ewf_placing import Placed
from triage.ingest.containers.ewf_tables import Page, PageLoader, Pages, Table
from triage.ingest.containers.files import SegmentFiles
from triage.model.evidence import DamageKind

RUN_BYTES = 4 * 1024 * 1024
"""Chunks that lie end to end in a file are read at once, up to this much."""


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

    def want(self, chunk: int) -> int:
        """Give the length of a chunk on the medium; only the last one is short."""
        return min(self._chunk_bytes, self._media_bytes - chunk * self._chunk_bytes)

    def load(self, chunk: int, end: int, known: Container[int]) -> list[bytes | DamageKind | None]:
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
        if first in page.odd:
            return [self._odd(table, page, first, self.want(chunk))]
        stop = min(first + end - chunk, len(page.starts))
        last = first + 1
        while last < stop and _joins(page, first, last) and chunk + last - first not in known:
            last += 1
        return self._run(table, page, first, last, chunk)

    def _run(
        self, table: Table, page: Page, first: int, last: int, chunk: int
    ) -> list[bytes | DamageKind | None]:
        start = page.starts[first]
        raw = self._raw(table, start, self._span(start, page.ends[last - 1]))
        out: list[bytes | DamageKind | None] = []
        for here in range(first, last):
            want = self.want(chunk + here - first)
            end = page.ends[here] - start if here + 1 < last else None
            piece = None if raw is None else raw[page.starts[here] - start : end]
            result = self._decode(piece, want, compressed=page.compressed[here])
            if isinstance(result, DamageKind):
                result = self._alone(table, page.first + here, want, result)
            out.append(result)
        return out

    def _odd(self, table: Table, page: Page, here: int, want: int) -> bytes | DamageKind:
        """Give a chunk that only its entry vouches for, so the entry itself must be sound."""
        if not table.sound:
            return DamageKind.TABLE_CHECKSUM
        pattern = page.odd[here]
        if pattern is not None:
            return (pattern * (want // len(pattern) + 1))[:want]
        raw = self._raw(table, page.starts[here], want)
        if raw is None:
            return DamageKind.READ_ERROR
        return bytes(raw) if len(raw) == want else DamageKind.TRUNCATED

    def _alone(self, table: Table, entry: int, want: int, found: DamageKind) -> bytes | DamageKind:
        """Try a chunk by itself, with the other copy of the table too, before it counts as lost.

        The end of a chunk is only known from the entry after it, which may be wrong.
        """
        sides = (False, True) if table.alternate_offset is not None else (False,)
        for alternate in sides:
            page = self._pages.page(table, entry, alternate=alternate)
            here = entry - page.first
            if here >= len(page.starts):
                continue
            compressed = page.compressed[here]
            bound = stored_bound(self._chunk_bytes, compressed=compressed)
            raw = self._raw(table, page.starts[here], bound)
            result = self._decode(raw, want, compressed=compressed)
            if not isinstance(result, DamageKind):
                return result
            found = result if found is DamageKind.READ_ERROR else found
        return found

    def _span(self, start: int, end: int) -> int:
        """Length to read for a run; what an entry claims is believed only within reason."""
        most = RUN_BYTES + stored_bound(self._chunk_bytes, compressed=True)
        if start < end <= start + most:
            return end - start
        return stored_bound(self._chunk_bytes, compressed=True)

    def _raw(self, table: Table, start: int, length_bytes: int) -> memoryview | None:
        """Read from a segment; ``None`` where the disk under the image fails."""
        try:
            return memoryview(self._files.pread(table.segment, start, length_bytes))
        except OSError:
            return None

    def _decode(self, raw: memoryview | None, want: int, *, compressed: bool) -> bytes | DamageKind:
        if raw is None:
            return DamageKind.READ_ERROR
        return decode(raw, compressed=compressed, want_bytes=want, chunk_bytes=self._chunk_bytes)


def _joins(page: Page, first: int, last: int) -> bool:
    if last in page.odd:
        return False
    ascending = page.starts[last - 1] < page.starts[last] < page.ends[last]
    return ascending and page.ends[last] - page.starts[first] <= RUN_BYTES
