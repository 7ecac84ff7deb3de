"""What runs in a worker for the quick pass: no more of a content is read than its size asks for."""

from __future__ import annotations

import hashlib
import marshal
import time
from array import array
from collections import Counter
from collections.abc import Iterable
from functools import partial
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Protocol

from triage.hashing.stream import DigestStream
from triage.ingest.archive import (
    ARCHIVE_MIMES,
    UNOPENED_ARCHIVE_MIMES,
    ArchiveLimits,
    list_members,
    read_content,
    touched_damage,
)
from triage.ingest.evidence import Evidence
from triage.ingest.filetype import HEAD_BYTES, detect
from triage.ingest.packedmarks import LOOK_BYTES, is_disc, may_be_archive, may_be_disc
from triage.ingest.reading import ContentError, VolumeError
from triage.matching.layout import STRENGTH
from triage.model.digest import Digests
from triage.model.entry import FileEntry
from triage.model.evidence import DamagedRange, DamageKind
from triage.model.extents import Extents, unpacked
from triage.model.listing import Listing, joined
from triage.model.outcome import FailReason
from triage.model.packing import COLUMNS, Packed, Row, entry_of, rows_of
from triage.pipeline import opened
from triage.pipeline.opened import damage_words, evidence_at, new_damage
from triage.pipeline.quick.values import (
    ArchiveItem,
    Digested,
    EntryItem,
    FoldersItem,
    Found,
    ListedFolders,
    Looked,
    Unread,
    Visited,
)
from triage.pipeline.visit import Visit

if TYPE_CHECKING:
    from triage.matching.sizes import SizeTable  # with numpy, for sets that state sizes

ANSWER_ENTRIES, ANSWER_S = 4_000, 0.25
"""Folders are listed for one answer until it holds so many entries, or has taken so long."""

_KEPT_CONTAINERS = 16
_MOST = 2**63 - 1

_DIGESTS = tuple(partial(getattr(hashlib, name.value), usedforsecurity=False) for name in STRENGTH)
_NO_CONTENT, _SIZE, _FIRST, _EXTENTS, _PATH, _STREAM = map(
    COLUMNS.index,
    ("no_content", "size_bytes", "first_block_offset_bytes", "extents", "path", "stream"),
)

_tables: list[SizeTable] = []
"""The sizes that are looked for, once they were told."""

_digested: dict[tuple[str, FileEntry], Digested | Unread] = {}
"""Archives that a hit lay in, so that a second hit in the same one does not read it again."""


def list_folders(item: FoldersItem) -> ListedFolders:
    """List folders until there is enough for one answer, the first of them at least."""
    evidence = evidence_at(item.place.location)
    listings: list[Listing] = []
    entries, ends = 0, time.monotonic() + ANSWER_S
    for folder in item.folders:
        listing = evidence.filesystem(folder.volume).list_directory(folder)
        listings.append(listing)
        entries += len(listing.entries)
        if entries > ANSWER_ENTRIES or time.monotonic() > ends:
            break
    return ListedFolders(len(listings), _found(item.place.location, joined(listings)))


def list_archive(item: EntryItem) -> Found:
    """List the members of an archive."""
    evidence, entry = evidence_at(item.sheet.location), _entry(item)
    listing = list_members(evidence.filesystem(entry.ref.volume), entry, ArchiveLimits())
    return _found(item.sheet.location, listing)


def take_sizes(table: SizeTable) -> None:
    """Remember the sizes that are looked for."""
    _tables[:] = [table]


def visit_archive(item: ArchiveItem) -> Visited:
    """List the members of an archive, and look at them while it is open, as far as a visit goes."""
    container = _entry(item.entry)
    sheet = item.entry.sheet._replace(container=container)
    found = list_archive(item.entry)
    sizes, ends = array("Q"), array("Q")
    sizes.frombytes(found.sizes)
    ends.frombytes(found.ends)
    bits = _tables[0].wanted(sizes)
    looks: list[tuple[bytes, ...] | Looked | Unread] = []
    visit, start = Visit(), 0
    for number, size in enumerate(sizes):
        if not visit.covers(size if bits[number] else min(size, LOOK_BYTES)):
            break
        row = found.rows[start : ends[number]]
        looks.append(look(EntryItem(number, sheet, row, bits[number])))
        start = ends[number]
    return Visited(found, bits, tuple(looks))


def look(item: EntryItem) -> tuple[bytes, ...] | Looked | Unread:
    """Read an entry as far as is asked for, and tell whether it is an archive."""
    evidence = evidence_at(item.sheet.location)
    try:
        content = _content_of(evidence, item)
        if item.bits:
            digests, head = _some_digests(content, item.bits)
        else:
            digests, head = (), content.start(LOOK_BYTES)
        head = _further(content, head)
        lost = content.lost(content.size_bytes if item.bits else len(head))
        archive = "" if lost else _archive(content, head)
    except ContentError as error:
        return _unread(item, error.reason, error.detail)
    except VolumeError as error:
        return _unread(item, FailReason.READ_ERROR, error.message)
    if lost:
        return _unread(item, FailReason.DAMAGED, damage_words(lost))
    damage = new_damage(item.sheet.location)
    if not archive and not damage:
        return digests
    return Looked(digests=digests, archive=archive, opens=archive in ARCHIVE_MIMES, damage=damage)


def confirm(item: EntryItem) -> Digested | Unread:
    """Read an entry whole for all three digests, and the archives that it lies in."""
    evidence, entry = evidence_at(item.sheet.location), _entry(item)
    own = _all_digests(evidence, entry)
    if isinstance(own, Unread):
        return _unread(item, own.reason, own.detail)
    containers: list[Digests | Unread] = []
    while entry.container is not None:
        entry = entry.container
        key = item.sheet.location, entry
        if key not in _digested:
            while len(_digested) >= _KEPT_CONTAINERS:
                _digested.pop(next(iter(_digested)))
            _digested[key] = _all_digests(evidence, entry)
        known = _digested[key]
        containers.insert(0, known if isinstance(known, Unread) else known.digests)
    return Digested(digests=own.digests, containers=tuple(containers), damaged=own.damaged)


def close_evidence() -> None:
    """Close what this process has opened: for tests and for passes without workers."""
    opened.close_evidence()
    _digested.clear()
    _tables.clear()


def _found(location: str, listing: Listing) -> Found:
    """Part entries with content from those without, whose reason is all that is still needed."""
    sizes, offsets, rows = array("Q"), array("q"), list[bytes]()
    skipped: Counter[str] = Counter()
    for row in _rows(listing):
        if row[_NO_CONTENT]:
            skipped[row[_NO_CONTENT]] += 1
            continue
        sizes.append(min(max(row[_SIZE], 0), _MOST))
        offsets.append(min(row[_FIRST], _MOST))
        rows.append(marshal.dumps(row))
    return Found(
        listed=len(listing.entries),
        skipped=tuple(sorted(skipped.items())),
        sizes=sizes.tobytes(),
        offsets=offsets.tobytes(),
        rows=b"".join(rows),
        ends=array("Q", accumulate(map(len, rows))).tobytes(),
        directories=listing.directories,
        problems=listing.problems,
        damage=new_damage(location),
    )


def _rows(listing: Listing) -> Iterable[Row]:
    entries = listing.entries
    return chain.from_iterable(entries.rows()) if isinstance(entries, Packed) else rows_of(entries)


def _content_of(evidence: Evidence, item: EntryItem) -> _Content:
    """Give the content by its place where the listing told it, else by its file system."""
    row = marshal.loads(item.row)  # noqa: S302  (our own worker wrote it)
    name = row[_STREAM] or row[_PATH].rpartition(b"/")[2]
    if row[_EXTENTS]:
        extents = unpacked(row[_EXTENTS], row[_FIRST], row[_SIZE])
        return _Placed(evidence, extents, row[_SIZE], name)
    sheet = item.sheet
    entry = entry_of(row, sheet.evidence, sheet.volume, sheet.container)
    return _Listed(evidence, entry, name)


class _Content(Protocol):
    """A content as far as the quick pass is concerned with it."""

    size_bytes: int
    name: bytes

    def whole(self) -> Iterable[bytes]:
        """Give all of it in order."""

    def start(self, length_bytes: int) -> bytes:
        """Give its first bytes, fewer where it is shorter."""

    def lost(self, length_bytes: int) -> list[DamagedRange]:
        """Give the damage that leaves the first so many bytes unknown; ask after reading them."""


class _Placed:
    """A content whose place on the medium is known."""

    def __init__(self, evidence: Evidence, extents: Extents, size_bytes: int, name: bytes) -> None:
        self._evidence = evidence
        self._extents = extents
        self.size_bytes = size_bytes
        self.name = name

    def whole(self) -> Iterable[bytes]:
        return self._evidence.placed(self._extents)

    def start(self, length_bytes: int) -> bytes:
        return b"".join(self._evidence.placed(_first(self._extents, length_bytes)))

    def lost(self, length_bytes: int) -> list[DamagedRange]:
        if length_bytes < self.size_bytes:
            return _unknown(self._evidence.hurt(_first(self._extents, length_bytes)))
        return _unknown(self._evidence.hurt(self._extents))


class _Listed:
    """A content that is read by way of its file system or its archive."""

    def __init__(self, evidence: Evidence, entry: FileEntry, name: bytes) -> None:
        self._evidence = evidence
        self._files = evidence.filesystem(entry.ref.volume)
        self._entry = entry
        self.size_bytes = entry.size_bytes
        self.name = name

    def whole(self) -> Iterable[bytes]:
        return read_content(self._files, self._entry) if self.size_bytes else ()

    def start(self, length_bytes: int) -> bytes:
        length = min(length_bytes, self.size_bytes)
        if length <= 0:
            return b""
        if self._entry.container is None:
            return self._files.read_range(self._entry, 0, length)
        head = b""
        for chunk in self.whole():
            head += chunk[: length - len(head)]
            if len(head) >= length:
                break
        return head

    def lost(self, length_bytes: int) -> list[DamagedRange]:
        del length_bytes  # where its beginning lies is not known apart from the rest
        if not self._evidence.damage():
            return []
        return _unknown(touched_damage(self._files, self._entry))


def _first(extents: Extents, length_bytes: int) -> Extents:
    """Cut extents off after so many bytes."""
    taken: list[tuple[int, int]] = []
    for start, length in extents:
        if length_bytes <= 0:
            break
        taken.append((start, min(length, length_bytes)))
        length_bytes -= length
    return tuple(taken)


def _some_digests(content: _Content, bits: int) -> tuple[tuple[bytes, ...], bytes]:
    """Give the digests asked for and the first bytes."""
    streams = [make() for place, make in enumerate(_DIGESTS) if bits >> place & 1]
    head = b""
    for chunk in content.whole():
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        for stream in streams:
            stream.update(chunk)
    return tuple(stream.digest() for stream in streams), head


def _further(content: _Content, head: bytes) -> bytes:
    """Read on where the first bytes do not rule out an archive."""
    if len(head) >= min(HEAD_BYTES, content.size_bytes):
        return head
    if may_be_archive(head) or may_be_disc(head, content.size_bytes):
        return content.start(HEAD_BYTES)
    return head


def _archive(content: _Content, head: bytes) -> str:
    """Give the type where the whole pass would open the entry, or name it as an archive."""
    if not may_be_archive(head[:LOOK_BYTES]) and not is_disc(head):
        return ""
    mime = detect(head, content.name, content.size_bytes).mime
    return mime if mime in ARCHIVE_MIMES or mime in UNOPENED_ARCHIVE_MIMES else ""


def _all_digests(evidence: Evidence, entry: FileEntry) -> Digested | Unread:
    """Digest a content as the whole pass does."""
    stream = DigestStream()
    try:
        filesystem = evidence.filesystem(entry.ref.volume)
        for chunk in read_content(filesystem, entry) if entry.size_bytes else ():
            stream.update(chunk)
        touched = touched_damage(filesystem, entry)
    except ContentError as error:
        return Unread(reason=error.reason, detail=error.detail)
    except VolumeError as error:
        return Unread(reason=FailReason.READ_ERROR, detail=error.message)
    if lost := _unknown(touched):
        return Unread(reason=FailReason.DAMAGED, detail=damage_words(lost))
    return Digested(digests=stream.finish(), damaged=bool(touched))


def _unknown(touched: tuple[DamagedRange, ...]) -> list[DamagedRange]:
    """Give the damage that leaves the content unknown; what the imager recorded does not."""
    return [one for one in touched if one.kind is not DamageKind.ACQUISITION_ERROR]


def _entry(item: EntryItem) -> FileEntry:
    sheet = item.sheet
    row = marshal.loads(item.row)  # noqa: S302  (our own worker wrote it)
    return entry_of(row, sheet.evidence, sheet.volume, sheet.container)


def _unread(item: EntryItem, reason: FailReason, detail: str) -> Unread:
    damage = new_damage(item.sheet.location)
    return Unread(reason=reason, detail=detail, damage=damage)
