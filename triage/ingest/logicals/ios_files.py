"""The files of an iOS backup under the paths that they have on the device."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from triage.ingest.archives.source import Source
from triage.ingest.decrypting import BLOCK_BYTES, CbcSource
from triage.ingest.logicals import ios_blobs as blobs
from triage.ingest.logicals.ios_database import PAGES, Manifest, ManifestError, Row
from triage.ingest.logicals.ios_keybag import ClassKeys, KeybagError
from triage.ingest.logicals.ios_paths import path_of
from triage.ingest.logicals.ios_record import Record, record
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo

_BACKUP, _UNLISTED = b"/$Backup/", b"/$Unlisted/"
_DATABASE = _BACKUP + b"Manifest.db"
_DIRECTORY, _LINK = 2, 4
_UNKNOWN = Record()


@dataclass(slots=True)
class _Page:
    """What is found while one page is listed."""

    entries: list[FileEntry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    odd: dict[str, int] = field(default_factory=dict)
    used: set[bytes] = field(default_factory=set)

    def count(self, words: str) -> None:
        """Count one more file of which something is to be told."""
        self.odd[words] = self.odd.get(words, 0) + 1


class IosBackupFiles:
    """The one volume of a backup.

    A page of the manifest is listed as a folder: all files whose stored name begins with the same
    two digits. Stored files that the manifest does not name follow under ``/$Unlisted``, and what
    else lies in the folder under ``/$Backup``.

    Args:
        manifest: ``None`` where it does not read: all that is stored is unlisted then.
        keys: of the protection classes; ``None`` for a backup that is not encrypted.
        database_key: of the manifest itself, ``b""`` where that is not encrypted.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what it is made of, in the order of opening it)
        self,
        folder: Path,
        volume: VolumeInfo,
        evidence: str,
        manifest: Manifest | None,
        keys: ClassKeys | None,
        database_key: bytes = b"",
    ) -> None:
        self._folder = folder
        self.volume = volume
        self._evidence = evidence
        self._manifest = manifest
        self._keys = keys
        self._database_key = database_key

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the pages, and what lies beside them."""
        return tuple(
            DirectoryRef(volume=self.volume.key, path=b"/", address=number)
            for number in range(1, PAGES + 2)
        )

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all files of a page."""
        page = _Page()
        number = folder.address - 1
        if 0 <= number < PAGES:
            self._list(number, page)
        elif number == PAGES:
            self._beside(page)
        for words, count in sorted(page.odd.items()):
            self._tell(page, ProblemKind.EXTRACTION_INCOMPLETE, f"{count} file(s) {words}")
        return Listing(entries=tuple(page.entries), directories=(), problems=tuple(page.problems))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a file, decrypted where it is encrypted."""
        with self._opened(entry) as source:
            at = 0
            while at < entry.size_bytes:
                piece = source.read_at(at, min(CHUNK_BYTES, entry.size_bytes - at))
                if not piece:
                    raise _short(at, entry)
                at += len(piece)
                yield piece

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content."""
        end = min(offset_bytes + length_bytes, entry.size_bytes)
        if end <= offset_bytes:
            return b""
        with self._opened(entry) as source:
            data = source.read_at(offset_bytes, end - offset_bytes)
        if len(data) < end - offset_bytes:
            raise _short(offset_bytes + len(data), entry)
        return data

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give nothing: a backup has no medium."""
        del entry
        return ()

    def _list(self, number: int, page: _Page) -> None:
        try:
            found = blobs.stored(self._folder, number)
        except OSError as error:
            found = {}
            words = f"{number:02x}: {error.strerror}"
            self._tell(page, ProblemKind.DIRECTORY_UNREADABLE, words)
        try:
            for row in self._manifest.page(number) if self._manifest is not None else ():
                page.entries.append(self._entry(row, found, number + 1, page))
        except ManifestError as error:
            words = f"files whose stored names begin with {number:02x} are not all named: {error}"
            self._tell(page, ProblemKind.DIRECTORY_UNREADABLE, words)
        for name in sorted(found.keys() - page.used):
            path = _UNLISTED + b"%02x/" % number + name
            locked = self._keys is not None
            page.entries.append(self._loose(path, found[name], number + 1, locked=locked))

    def _beside(self, page: _Page) -> None:
        try:
            every = blobs.others(self._folder)
            for path, facts in islice(every, blobs.MOST_OTHERS):
                entry = self._loose(_BACKUP + path, facts, PAGES + 1)
                if entry.ref.path == _DATABASE and self._database_key and self._manifest:
                    entry = replace(entry, size_bytes=self._manifest.size_bytes, encrypted=True)
                page.entries.append(entry)
            if next(every, None) is not None:
                words = f"more than {blobs.MOST_OTHERS} files beside those of the backup"
                self._tell(page, ProblemKind.DIRECTORY_UNREADABLE, f"{words}: the rest is left out")
        except OSError as error:
            words = error.strerror or type(error).__name__
            self._tell(page, ProblemKind.DIRECTORY_UNREADABLE, words)

    def _entry(
        self, row: Row, found: dict[bytes, os.stat_result], parent: int, page: _Page
    ) -> FileEntry:
        facts = found.get(row.name)
        told = record(row.blob)
        kind = _kind(row.flags)
        if kind is EntryKind.FILE:
            page.used.add(row.name)
            if hashlib.sha1(row.domain + b"-" + row.relative).hexdigest().encode() != row.name:  # noqa: S324  (the format's)
                page.count("are stored under another name than the SHA-1 of domain and path")
        size, reason, detail = 0, _no_content(kind), ""
        told = told or _UNKNOWN
        if kind is EntryKind.FILE:
            size, reason, detail = self._content(told, facts, page)
        elif told.target:
            detail = f"link to {printable(told.target)}"
        return FileEntry(
            ref=EntryRef(
                evidence=self._evidence,
                volume=self.volume.key,
                path=path_of(row.domain, row.relative),
                parent_address=parent,
                address=row.number,
            ),
            kind=kind,
            allocation=Allocation.LIVE,
            size_bytes=size,
            times=Times(
                modified_ns=told.modified_ns,
                changed_ns=told.changed_ns,
                created_ns=told.created_ns,
            ),
            encrypted=bool(self._keys is not None and kind is EntryKind.FILE),
            no_content=reason,
            detail=detail,
        )

    def _content(
        self, told: Record, facts: os.stat_result | None, page: _Page
    ) -> tuple[int, str, str]:
        """Give size of a content, and why it cannot be read where that is clear."""
        if facts is None:
            size = max(told.size_bytes, 0)  # reading it says that it is missing
            return size, "" if size else SkipReason.EMPTY.value, ""
        size = facts.st_size
        if self._keys is None:
            return size, "" if size else SkipReason.EMPTY.value, ""
        if size and not self._key(told):
            words = "its key is not among those that the password opens"
            return size, SkipReason.ENCRYPTED.value, words
        if 0 <= told.size_bytes <= size <= told.size_bytes + BLOCK_BYTES:
            size = told.size_bytes
        else:
            page.count("have another size than the manifest says: read with their padding")
        return size, "" if size else SkipReason.EMPTY.value, ""

    def _key(self, told: Record) -> bytes:
        if self._keys is None or not told.key:
            return b""
        try:
            return self._keys.labelled(told.key)
        except KeybagError:
            return b""

    def _loose(
        self, path: bytes, facts: os.stat_result, parent: int, *, locked: bool = False
    ) -> FileEntry:
        """Give an entry for a file that is named by where it lies in the backup."""
        plain = stat.S_ISREG(facts.st_mode)
        kind = EntryKind.FILE if plain else EntryKind.SPECIAL
        size = facts.st_size if plain else 0
        reason, detail = "" if size else SkipReason.EMPTY.value, ""
        if not plain:
            reason = SkipReason.NOT_A_FILE.value
        elif size and locked:
            reason, detail = SkipReason.ENCRYPTED.value, "the manifest tells no key of it"
        ref = EntryRef(
            evidence=self._evidence, volume=self.volume.key, path=path, parent_address=parent
        )
        return FileEntry(
            ref=ref,
            kind=kind,
            allocation=Allocation.LIVE,
            size_bytes=size,
            times=Times(modified_ns=facts.st_mtime_ns or None),
            encrypted=locked,
            no_content=reason,
            detail=detail,
        )

    @contextmanager
    def _opened(self, entry: FileEntry) -> Iterator[Source]:
        place, decrypting = self._place(entry)
        with blobs.Blob(self._folder / os.fsdecode(place)) as blob:
            yield decrypting(blob)

    def _place(self, entry: FileEntry) -> tuple[bytes, Callable[[Source], Source]]:
        """Give where a content is stored, and what reads it as the device had it."""
        path = entry.ref.path
        if not entry.ref.address and path == _DATABASE and self._database_key:
            return path.removeprefix(_BACKUP), _decrypting(self._database_key)
        for head in (_UNLISTED, _BACKUP):
            if not entry.ref.address and path.startswith(head) and b".." not in path.split(b"/"):
                return path.removeprefix(head), _as_it_is
        row = self._row(entry)
        if self._keys is None:
            return blobs.place_of(row.name), _as_it_is
        told = record(row.blob)
        key = self._key(told) if told is not None else b""
        if not key:
            raise ContentError(FailReason.READ_ERROR, "its key does not open")
        return blobs.place_of(row.name), _decrypting(key)

    def _row(self, entry: FileEntry) -> Row:
        try:
            row = self._manifest.row(entry.ref.address) if self._manifest is not None else None
        except ManifestError as error:
            raise ContentError(FailReason.READ_ERROR, f"manifest: {error}") from error
        if row is None or path_of(row.domain, row.relative) != entry.ref.path:
            words = "the manifest says otherwise of this file than when it was listed"
            raise ContentError(FailReason.NAME_VANISHED, words)
        return row

    def _tell(self, page: _Page, kind: ProblemKind, words: str) -> None:
        page.problems.append(
            Problem(kind=kind, evidence=self._evidence, volume=self.volume.key, detail=words)
        )


def _decrypting(key: bytes) -> Callable[[Source], Source]:
    return lambda blob: CbcSource(blob, key, bytes(BLOCK_BYTES))


def _as_it_is(blob: Source) -> Source:
    return blob


def _kind(flags: int) -> EntryKind:
    kinds = {_DIRECTORY: EntryKind.DIRECTORY, _LINK: EntryKind.SYMLINK}
    return kinds.get(flags, EntryKind.FILE)


def _no_content(kind: EntryKind) -> str:
    if kind is EntryKind.DIRECTORY:
        return SkipReason.DIRECTORY.value
    return SkipReason.NOT_A_FILE.value if kind is EntryKind.SYMLINK else ""


def _short(at: int, entry: FileEntry) -> ContentError:
    words = f"ends after {at} of {entry.size_bytes} bytes"
    return ContentError(FailReason.SHORT_READ, words)
