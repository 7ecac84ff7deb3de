"""Lists a zip of a file system page by page, and reads its members by where their records stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from triage.ingest.archives.member import Member
from triage.ingest.archives.source import Source
from triage.ingest.archives.zip_archive import member_of
from triage.ingest.archives.zip_content import DEFLATED, content_of, is_encrypted, unpacks
from triage.ingest.archives.zip_directory import LOCAL, ZipEntry
from triage.ingest.archives.zip_lock import ZipLock
from triage.ingest.claimed import bounded
from triage.ingest.logicals.checked import StoredDigests
from triage.ingest.logicals.reaching import Reaching
from triage.ingest.logicals.same_files import unpacked
from triage.ingest.logicals.zip_extras import inode_and_digest
from triage.ingest.logicals.zip_scan import ZipFacts, entries_from, entry_at, name_at
from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo

_MOST_BY_DEFLATE = 1_040
"""Bytes that one byte of deflate can give are fewer: 258 for two bits."""

_SMALL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedZip:
    """A zip as one process has it open.

    Attributes:
        stored: what was found to differ from the digests stored of it.
        lock: the passwords that may open its members.
    """

    source: Source
    facts: ZipFacts
    stored: StoredDigests
    lock: ZipLock


class ZipFileSystem:
    """The members of one zip as the files of one volume.

    A folder of the listing is a page of the zip's directory. The address of an entry is the place
    of its record there, so that reading needs no table.
    """

    def __init__(self, opened: OpenedZip, volume: VolumeInfo, evidence: str) -> None:
        self.volume = volume
        self._lock = opened.lock
        self._source = opened.source
        self._facts = opened.facts
        self._stored = opened.stored
        self._evidence = evidence
        self._reaching = Reaching(opened.source)
        self._others, self._firsts = unpacked(opened.facts.others)
        self._covered = frozenset(opened.facts.covered)

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give all pages."""
        return tuple(
            DirectoryRef(volume=self.volume.key, path=b"/", address=start, sequence=how)
            for how, start, _ in self._facts.pages
        )

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give the entries of one page, in the order of the zip."""
        page = next(
            (one for one in self._facts.pages if one[:2] == (folder.sequence, folder.address)), None
        )
        if page is None:
            return self._broken("no such page of the directory")
        names = self._names(page[1], page[2])
        entries: list[FileEntry] = []
        try:
            for place, found in entries_from(self._source, page, self._facts.shift_bytes):
                entries.append(self._entry(page[0], place, found, names.get(place)))
        except ContentError as error:
            problems = self._broken(error.detail).problems
            return Listing(entries=tuple(entries), directories=(), problems=problems)
        return Listing(entries=tuple(entries), directories=())

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a member; what differs from its checksum is an error."""
        found = self.record(entry)
        content = content_of(self._source, found, self._password(found))
        _, digest = inode_and_digest(found.extra) if found.extra else (b"", b"")
        if digest:
            return self._stored.checked(content, "sha256", digest, place_of(found))
        return content

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content."""
        length = min(length_bytes, entry.size_bytes - offset_bytes)
        if length <= 0:
            return b""
        found = self.record(entry)
        return self._reaching.read(found, offset_bytes, length, self._password(found))

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give what is known of the content to differ from what is stored of it."""
        return self._stored.touched(place_of(self.record(entry)))

    def record(self, entry: FileEntry) -> ZipEntry:
        """Give the record of an entry, and make sure that it is still the same.

        Raises:
            ContentError: another one stands there, or none.
        """
        ref = entry.ref
        found = entry_at(self._source, ref.address, self._facts.shift_bytes)
        if found is None or found.size_bytes != entry.size_bytes:
            raise ContentError(FailReason.NAME_VANISHED, "the zip says otherwise of this member")
        return found

    def _names(self, start: int, end: int) -> dict[int, int]:
        """Give for the other names of a page the places of the files they are."""
        first, last = np.searchsorted(self._others, np.array([start, end], dtype=np.uint64))
        places, firsts = self._others[first:last], self._firsts[first:last]
        return dict(zip(places.tolist(), firsts.tolist(), strict=True))

    def _entry(self, how: int, place: int, found: ZipEntry, first: int | None) -> FileEntry:
        member = member_of(found)
        reason, detail = self._reason(place, found, member, first)
        return bounded(
            FileEntry(
                ref=EntryRef(
                    evidence=self._evidence,
                    volume=self.volume.key,
                    path=path_of(found.name, member.kind),
                    address=place,
                    sequence=how,
                ),
                kind=member.kind,
                allocation=Allocation.LIVE,
                size_bytes=member.size_bytes,
                times=member.times,
                first_block_offset_bytes=max(found.header_offset_bytes, 0) if not reason else None,
                compressed=member.compressed,
                encrypted=member.encrypted,
                no_content=reason,
                detail=detail,
            )
        )

    def _reason(
        self, place: int, found: ZipEntry, member: Member, first: int | None
    ) -> tuple[str, str]:
        """Say why a member is not read, ``("", "")`` where it is."""
        reason, detail = member.no_content, member.detail
        if reason == SkipReason.ENCRYPTED:
            if self._password(found) is None:
                return reason, detail + self._lock.words(found)
            reason = ""
        return (reason, detail) if reason else self._refused(place, found, first)

    def _password(self, found: ZipEntry) -> str | None:
        return self._lock.password(found) if is_encrypted(found) else None

    def _refused(self, place: int, found: ZipEntry, first: int | None) -> tuple[str, str]:
        """Say why a content is not to be read although it is there."""
        if place in self._covered:
            return SkipReason.IMPLAUSIBLE_SIZE.value, "lies on top of another member of the zip"
        if first is not None:
            return SkipReason.OTHER_NAME.value, f"same file as {self._name_at(first)}"
        if not is_encrypted(found) and (words := unpacks(found)):
            return SkipReason.OUT_OF_SCOPE.value, words
        most = _SMALL_BYTES + _MOST_BY_DEFLATE * found.packed_bytes
        if found.method == DEFLATED and found.size_bytes > most:
            words = f"{found.packed_bytes} bytes packed cannot be {found.size_bytes}"
            return SkipReason.IMPLAUSIBLE_SIZE.value, words
        return "", ""

    def _name_at(self, place: int) -> str:
        name = name_at(self._source, place)
        return printable(path_of(name, EntryKind.FILE)) if name else "another member"

    def _broken(self, detail: str) -> Listing:
        problem = Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._evidence,
            volume=self.volume.key,
            detail=detail,
        )
        return Listing(entries=(), directories=(), problems=(problem,))


def path_of(name: bytes, kind: EntryKind) -> bytes:
    """Give the path of a member: nothing is resolved or cleaned away."""
    path = name if name.startswith(b"/") else b"/" + name
    return path[:-1] if kind is EntryKind.DIRECTORY and len(path) > 1 else path


def place_of(found: ZipEntry) -> tuple[int, int]:
    """Give where a member lies in the zip, its header included: offset and length in bytes."""
    return max(found.header_offset_bytes, 0), LOCAL.size + found.packed_bytes
