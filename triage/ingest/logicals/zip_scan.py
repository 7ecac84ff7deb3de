"""Goes once through the directory of a zip: where its pages lie, what is told twice, what is wrong.

The directory is read in pieces and forgotten; what is kept grows by some 60 bytes a member while
it is gone through, and by some bytes for each other name afterwards.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.source import Source, guarded
from triage.ingest.archives.zip_archive import kind_of
from triage.ingest.archives.zip_content import is_encrypted, start_of
from triage.ingest.archives.zip_directory import (
    ENTRY,
    ENTRY_MARK,
    LOCAL,
    LOCAL_MARK,
    SIZES_FOLLOW,
    DirectoryPlace,
    ZipEntry,
    directory_place,
    local_entry,
    parsed,
)
from triage.ingest.logicals.device import CLUE_BYTES, CLUES, REPORT
from triage.ingest.logicals.same_files import SameFiles, on_top, packed
from triage.ingest.logicals.views import canonical, unwrapped
from triage.ingest.logicals.zip_extras import inode_and_digest
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind

PAGE_ENTRIES = 2_000
"""Entries that are listed together."""

BY_DIRECTORY, BY_HEADER = 0, 1
"""Whether the entries of a page are addressed by their records, or by headers before contents."""

_SHAPES = ((ENTRY, ENTRY_MARK, 28), (LOCAL, LOCAL_MARK, 26))
"""Of both kinds of address: the form of what stands there, its mark, and where it tells how long
the name is (APPNOTE 4.3.7 and 4.3.12)."""

_PIECE_BYTES = 1024 * 1024
_SIZES_BYTES = 24
_LOCKED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipFacts:
    """What one process found out about a zip, as a plain value for others.

    Attributes:
        shift_bytes: what was put before the zip.
        pages: ``(how addressed, place of the first entry, place behind the last)``.
        others: places of other names and of the files they are, see ``same_files.packed``.
        covered: places of members that lie on top of another.
        faults: what could not be listed, in words.
        members: how many there are.
        clues: places of small files that tell of the device.
        locked: places of some members that are encrypted.
        readable: how many with a content are not.
    """

    shift_bytes: int
    pages: tuple[tuple[int, int, int], ...]
    others: bytes
    covered: tuple[int, ...]
    faults: tuple[str, ...]
    members: int
    clues: tuple[tuple[str, int], ...]
    locked: tuple[int, ...] = ()
    readable: int = 0


def scan(source: Source) -> ZipFacts:
    """Go through a zip.

    Raises:
        ContentError: the end of the file cannot be read.
    """
    with guarded("end of the zip"):
        place = directory_place(source)
    return _Scan(source, place).run()


def entries_from(
    source: Source, page: tuple[int, int, int], shift_bytes: int
) -> Iterator[tuple[int, ZipEntry]]:
    """Give the entries of a page with their addresses, as far as they can be read.

    Raises:
        ContentError: the file cannot be read there.
    """
    how, start, end = page
    with guarded("directory of the zip"):
        if how == BY_DIRECTORY:
            yield from _records(source, start, end, shift_bytes)
        else:
            yield from _headers(source, start, end)


def entry_at(source: Source, place: int, shift_bytes: int) -> ZipEntry | None:
    """Give one entry by its address of either kind, ``None`` where there is none.

    Raises:
        ContentError: the file cannot be read there.
    """
    head = source.read_at(place, ENTRY.size)
    if head.startswith(LOCAL_MARK):
        found = local_entry(source, place)
        return found[0] if found is not None else None
    if len(head) < ENTRY.size or not head.startswith(ENTRY_MARK):
        return None
    fields = ENTRY.unpack(head)
    rest = source.read_at(place + ENTRY.size, sum(fields[10:13]))
    return parsed(fields, rest, shift_bytes)


def name_at(source: Source, place: int) -> bytes:
    """Give the name of an entry by its address of either kind, ``b""`` where there is none.

    Raises:
        ContentError: the file cannot be read there.
    """
    head = source.read_at(place, ENTRY.size)
    for form, mark, length_at in _SHAPES:
        if head.startswith(mark):
            length = int.from_bytes(head[length_at : length_at + 2], "little")
            return source.read_at(place + form.size, length)
    return b""


def _records(source: Source, start: int, end: int, shift: int) -> Iterator[tuple[int, ZipEntry]]:
    """Give the records of the directory until one is damaged."""
    buffer, base, at = b"", start, start
    while at < end:
        if at + ENTRY.size > base + len(buffer):
            base, buffer = at, source.read_at(at, min(_PIECE_BYTES, end - at))
            if len(buffer) < ENTRY.size:
                return
        fields = ENTRY.unpack_from(buffer, at - base)
        if fields[0] != ENTRY_MARK:
            return
        body = at + ENTRY.size
        after = body + fields[10] + fields[11] + fields[12]
        if after > base + len(buffer):
            base, buffer = at, source.read_at(at, min(_PIECE_BYTES, end - at))
            if after > base + len(buffer):
                return
        yield at, parsed(fields, buffer[body - base : after - base], shift)
        at = after


def _headers(source: Source, start: int, end: int) -> Iterator[tuple[int, ZipEntry]]:
    """Give the members by the headers before them, as far as each tells where the next one is."""
    at = start
    while at < end:
        found = local_entry(source, at)
        if found is None:
            return
        entry, after = found
        if entry.flags & SIZES_FOLLOW and not entry.packed_bytes:
            return
        yield at, entry
        at = _next_header(source, after) if entry.flags & SIZES_FOLLOW else after


def _next_header(source: Source, at: int) -> int:
    """Give where the next header stands behind a content: 0 to 24 bytes of sizes are between."""
    found = source.read_at(at, _SIZES_BYTES + len(LOCAL_MARK)).find(LOCAL_MARK)
    return at + max(found, 0)


class _Scan:
    def __init__(self, source: Source, place: DirectoryPlace | None) -> None:
        self._source = source
        self._place = place
        self._same = SameFiles()
        self._starts, self._ends, self._places = array("Q"), array("Q"), array("Q")
        self._pages: list[tuple[int, int, int]] = []
        self._faults: list[str] = []
        self._clues: dict[str, int] = {}
        self._members = 0
        self._locked: list[int] = []
        self._readable = 0
        self._last: ZipEntry | None = None

    def run(self) -> ZipFacts:
        shift = self._place.shift_bytes if self._place is not None else 0
        listed = self._directory(self._place) if self._place is not None else 0
        if self._place is None:
            self._faults.append("the directory at the end is missing: listed by the headers")
        if self._place is None or self._faults:
            self._left_out(listed)
        others = packed(*self._same.others())
        return ZipFacts(
            shift_bytes=shift,
            pages=tuple(self._pages),
            others=others,
            covered=tuple(on_top(self._starts, self._ends, self._places).tolist()),
            faults=tuple(self._faults),
            members=self._members,
            clues=tuple(sorted(self._clues.items())),
            locked=tuple(self._locked),
            readable=self._readable,
        )

    def _directory(self, place: DirectoryPlace) -> int:
        start, end = place.start_bytes, place.end_bytes
        listed = self._paged(BY_DIRECTORY, start, end, place.shift_bytes)
        if listed % 0x10000 != place.count % 0x10000:
            words = f"the directory holds {listed} entries and announces {place.count}"
            self._faults.append(words)
        return listed

    def _left_out(self, listed: int) -> None:
        """List what stands behind the last member that the directory still tells of."""
        start = 0
        if listed and self._last is not None:
            try:
                start = start_of(self._source, self._last) + self._last.packed_bytes
                start = _next_header(self._source, start)
            except ContentError:
                start = self._source.size_bytes
        more = self._paged(BY_HEADER, start, self._source.size_bytes, 0)
        if not listed and not more:
            self._faults.append("no member was found")

    def _paged(self, how: int, start: int, end: int, shift: int) -> int:
        count, page = 0, start
        try:
            for at, entry in entries_from(self._source, (how, start, end), shift):
                if count and not count % PAGE_ENTRIES:
                    self._pages.append((how, page, at))
                    page = at
                count += 1
                self._take(at, entry)
        except ContentError as error:
            self._faults.append(error.detail)
        if count:
            self._pages.append((how, page, end))
        self._members += count
        return count

    def _take(self, at: int, entry: ZipEntry) -> None:
        header = entry.header_offset_bytes
        if self._last is None or header > self._last.header_offset_bytes:
            self._last = entry
        if not entry.packed_bytes or not entry.size_bytes or header < 0:
            return
        most = self._source.size_bytes
        self._starts.append(min(header, most))
        self._ends.append(min(header + LOCAL.size + entry.packed_bytes, most + 1))
        self._places.append(at)
        path = canonical(entry.name)
        self._clue(at, path[0], entry.size_bytes)
        if is_encrypted(entry):
            self._locked += [at] if len(self._locked) < _LOCKED else []
            return
        self._readable += 1
        if kind_of(entry) is not EntryKind.FILE:
            return
        inode, digest = inode_and_digest(entry.extra) if entry.extra else (b"", b"")
        content = b"%x %x %b " % (entry.size_bytes, entry.checksum, digest)
        self._same.add(at, path, inode, content)

    def _clue(self, at: int, path: bytes, size_bytes: int) -> None:
        clue = CLUES.get(unwrapped(path))
        if clue == REPORT or (clue is not None and size_bytes <= CLUE_BYTES):
            self._clues.setdefault(clue, at)
