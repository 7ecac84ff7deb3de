"""Opens zip and all that is zip inside: Office documents, apk, jar, epub, comic books, maps."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import Source
from triage.ingest.archives.zip_content import STORED, content_of, is_encrypted, window_of
from triage.ingest.archives.zip_directory import LOCAL_MARK, ZipEntry, read_directory
from triage.ingest.archives.zip_lock import ZipLock
from triage.model.entry import EntryKind
from triage.model.outcome import SkipReason

_UNIX, _DARWIN = 3, 19
_LINK_BYTES = 4096


def recognises(head: bytes) -> bool:
    """Tell a zip by its first member, by its end where it is empty, or by the mark of a split."""
    return head.startswith((LOCAL_MARK, b"PK\5\6", b"PK\7\x08", b"PK00PK"))


class ZipArchive:
    """One zip; content that comes out whole has agreed with its CRC-32."""

    checked = True

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._source = source
        directory = read_directory(source, limits.max_members)
        budget = Budget(limits, source.size_bytes)
        self._entries = directory.entries
        self._lock = ZipLock(source, directory.entries)
        self.members = tuple(
            budget.charged(self._member(entry), entry.packed_bytes) for entry in directory.entries
        )
        contradictions = sum(contradicts(entry) for entry in directory.entries)
        words = (f"{contradictions} member(s) are recorded as empty and are not",)
        told = words if contradictions else ()
        self.faults = (*directory.faults, *budget.faults(), *told)

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a member; too much, too little or a wrong checksum is an error."""
        entry = self._entries[ordinal]
        password = self._lock.password(entry) if is_encrypted(entry) else None
        return content_of(self._source, entry, password)

    def window(self, ordinal: int) -> Source | None:
        """Give a member that is stored as it is."""
        return window_of(self._source, self._entries[ordinal])

    def _member(self, entry: ZipEntry) -> Member:
        """Tell of a member, and whether one of the given passwords opens it."""
        member = member_of(entry)
        if member.no_content != SkipReason.ENCRYPTED:
            return member
        if self._lock.password(entry) is not None:
            return replace(member, no_content="", detail="")
        return replace(member, detail=member.detail + self._lock.words(entry))


def member_of(entry: ZipEntry) -> Member:
    """Tell of a member what its entry in the directory says."""
    encrypted = is_encrypted(entry)
    kind = kind_of(entry)
    reason, detail = "", ""
    if kind is EntryKind.DIRECTORY:
        reason = SkipReason.DIRECTORY.value
    elif kind is EntryKind.SYMLINK:
        reason, detail = SkipReason.NOT_A_FILE.value, "link in a zip"
    elif contradicts(entry):
        reason, detail = SkipReason.IMPLAUSIBLE_SIZE.value, "recorded as empty, and is not"
    elif not entry.size_bytes:
        reason = SkipReason.EMPTY.value
    elif encrypted:
        reason, detail = SkipReason.ENCRYPTED.value, "encrypted in the zip"
    return Member(
        name=entry.name,
        size_bytes=entry.size_bytes,
        kind=kind,
        times=entry.times,
        compressed=entry.method != STORED,
        encrypted=encrypted,
        no_content=reason,
        detail=detail,
    )


def contradicts(entry: ZipEntry) -> bool:
    """Tell an entry of no size with the checksum of content: other programs would unpack it."""
    return not entry.size_bytes and bool(entry.checksum) and bool(entry.packed_bytes)


def kind_of(entry: ZipEntry) -> EntryKind:
    """Believe a name or a mode only as far as no content is hidden by it."""
    if entry.name.endswith(b"/") and not entry.size_bytes and not contradicts(entry):
        return EntryKind.DIRECTORY
    link = entry.made_by in (_UNIX, _DARWIN) and stat.S_ISLNK(entry.attributes >> 16)
    return EntryKind.SYMLINK if link and 0 < entry.size_bytes <= _LINK_BYTES else EntryKind.FILE
