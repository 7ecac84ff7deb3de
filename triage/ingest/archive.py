"""Looks inside archives: lists their members as entries and reads them, all in memory."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator

from triage.ingest.archives.member import Archive, ArchiveLimits, Member
from triage.ingest.archives.registry import (
    ARCHIVE_MIMES,
    ARCHIVES,
    THUMBNAIL_MIMES,
    THUMBNAILS,
    UNOPENED_ARCHIVE_MIMES,
    ArchiveReader,
)
from triage.ingest.archives.source import GrowingSource, Source, guarded
from triage.ingest.claimed import bounded
from triage.ingest.filesystem import FileSystem
from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.entry import EntryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason
from triage.model.problem import Problem, ProblemKind

__all__ = [
    "ARCHIVES",
    "ARCHIVE_MIMES",
    "THUMBNAIL_MIMES",
    "UNOPENED_ARCHIVE_MIMES",
    "ArchiveLimits",
    "ArchiveReader",
    "close_archives",
    "depth",
    "list_members",
    "read_content",
    "read_member",
    "touched_damage",
]

_HEAD_BYTES = 4096
_MARK_BYTES = 16
_KEPT = 4


class _EntrySource:
    """The content of an entry of a file system."""

    def __init__(self, filesystem: FileSystem, entry: FileEntry) -> None:
        self._filesystem = filesystem
        self._entry = entry
        self.size_bytes = entry.size_bytes

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        length = min(length_bytes, self.size_bytes - offset_bytes)
        if length <= 0:
            return b""
        return self._filesystem.read_range(self._entry, offset_bytes, length)


class _Kept:
    """The archives opened last in this process, so that each member does not open them anew."""

    def __init__(self) -> None:
        self._archives: OrderedDict[tuple[int, FileEntry, ArchiveLimits], tuple[object, Archive]]
        self._archives = OrderedDict()

    def get(self, filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits) -> Archive:
        key = (id(filesystem), entry, limits)
        if key not in self._archives:
            archive = _opened(filesystem, entry, limits)
            while len(self._archives) >= _KEPT:
                self._archives.popitem(last=False)
            # the file system is kept as well, so that its id stays its own
            self._archives[key] = filesystem, archive
        self._archives.move_to_end(key)
        return self._archives[key][1]

    def clear(self) -> None:
        self._archives.clear()


_kept = _Kept()


def close_archives() -> None:
    """Let go of what this process keeps open; to be called when evidence is closed."""
    _kept.clear()


def depth(entry: FileEntry) -> int:
    """Give in how many archives an entry lies; 0 for entries of a file system."""
    levels = 0
    while entry.container is not None:
        entry, levels = entry.container, levels + 1
    return levels


def list_members(
    filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits | None = None
) -> Listing:
    """List the members of an archive; what cannot be listed becomes a problem of the listing.

    Args:
        entry: the archive, in the file system or itself a member.
    """
    limits = limits or ArchiveLimits()
    if depth(entry) >= limits.max_depth and not _is_picture(filesystem, entry, limits):
        detail = f"archives are nested more than {limits.max_depth} deep: not opened"
        return Listing(entries=(), directories=(), problems=(_problem(entry, detail),))
    try:
        archive = _kept.get(filesystem, entry, limits)
    except ContentError as error:
        return Listing(entries=(), directories=(), problems=(_problem(entry, error.detail),))
    faults = archive.faults
    # a zip counts its members and a packed tar has a checksum, but zeros in a tar read as its end
    if not archive.checked and filesystem.touches_damage(_outermost(entry)):
        faults += ("lies on damaged parts of the image: members may be missing",)
    return Listing(
        entries=_entries(entry, archive.members),
        directories=(),
        problems=tuple(_problem(entry, fault) for fault in faults),
    )


def _is_picture(filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits) -> bool:
    """Tell a picture, which may hold a small copy of itself and nothing that nests further."""
    if depth(entry) > limits.max_depth:
        return False
    try:
        head = _source(filesystem, entry, limits).read_at(0, _MARK_BYTES)
    except ContentError:
        return False
    return THUMBNAILS[0].recognises(head)


def read_content(
    filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits | None = None
) -> Iterator[bytes]:
    """Give the content of any entry, of a file system or of an archive.

    Args:
        limits: those that a member was listed with.

    Raises:
        ContentError: it cannot be read, or not to its end.
    """
    if entry.container is None:
        return filesystem.read(entry)
    return read_member(filesystem, entry, limits)


def read_member(
    filesystem: FileSystem, member: FileEntry, limits: ArchiveLimits | None = None
) -> Iterator[bytes]:
    """Give the content of a member, however deep its archive is nested.

    Args:
        limits: those that the member was listed with.

    Raises:
        ContentError: it cannot be read, or not to its end.
    """
    archive = _archive_of(filesystem, member, limits or ArchiveLimits())
    if member.no_content and member.size_bytes:
        raise ContentError(FailReason.READ_ERROR, member.detail or member.no_content)
    yield from archive.content(member.ref.address)


def touched_damage(
    filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits | None = None
) -> tuple[DamagedRange, ...]:
    """Give the damaged ranges that the content of any entry lies on; ask after reading.

    A member that agreed with the checksum of its archive lies on none, whatever became of its
    neighbours; any other is held to lie on all that its outermost archive lies on.

    Raises:
        ContentError: the archive of a member no longer opens.
    """
    if entry.container is None:
        return filesystem.touches_damage(entry)
    touched = filesystem.touches_damage(_outermost(entry))
    if not touched or _archive_of(filesystem, entry, limits or ArchiveLimits()).checked:
        return ()
    return touched


def _outermost(entry: FileEntry) -> FileEntry:
    while entry.container is not None:
        entry = entry.container
    return entry


def _archive_of(filesystem: FileSystem, member: FileEntry, limits: ArchiveLimits) -> Archive:
    """Open the archive of a member, and make sure that it still says the same of it."""
    if member.container is None:
        raise ContentError(FailReason.NAME_VANISHED, "not a member of an archive")
    archive = _kept.get(filesystem, member.container, limits)
    ordinal = member.ref.address
    if not 0 <= ordinal < len(archive.members):
        raise ContentError(FailReason.NAME_VANISHED, "the archive has fewer members")
    found = archive.members[ordinal]
    path = member.container.ref.path + b"/" + found.name
    if path != member.ref.path or found.size_bytes != member.size_bytes:
        raise ContentError(FailReason.NAME_VANISHED, "the archive says otherwise of this member")
    return archive


def _opened(filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits) -> Archive:
    source = _source(filesystem, entry, limits)
    head = source.read_at(0, _HEAD_BYTES)
    name = entry.ref.path.rpartition(b"/")[2]
    for reader in (*ARCHIVES, *THUMBNAILS):
        if reader.recognises(head):
            with guarded(f"{reader.name} archive"):
                return reader.open(source, limits, name)
    raise ContentError(FailReason.READ_ERROR, "no archive of a kind that is opened")


def _source(filesystem: FileSystem, entry: FileEntry, limits: ArchiveLimits) -> Source:
    """Give random access to an entry; a packed member is held in memory for that."""
    if entry.container is None:
        return _EntrySource(filesystem, entry)
    archive = _archive_of(filesystem, entry, limits)
    if entry.size_bytes > limits.max_held_bytes:
        window = archive.window(entry.ref.address)
        if window is not None:
            return window
        raise ContentError(
            FailReason.READ_ERROR,
            f"nested archive too large to open: {entry.size_bytes} bytes packed in another",
        )
    return GrowingSource(archive.content(entry.ref.address), entry.size_bytes)


def _entries(container: FileEntry, members: tuple[Member, ...]) -> tuple[FileEntry, ...]:
    seen: dict[bytes, int] = {}
    entries = []
    for ordinal, member in enumerate(members):
        nth = seen.get(member.name, 0)
        seen[member.name] = nth + 1
        entries.append(_entry(container, member, ordinal, nth))
    return tuple(entries)


def _entry(container: FileEntry, member: Member, ordinal: int, nth: int) -> FileEntry:
    return bounded(
        FileEntry(
            ref=EntryRef(
                evidence=container.ref.evidence,
                volume=container.ref.volume,
                path=container.ref.path + b"/" + member.name,
                stream=container.ref.stream,
                parent_address=container.ref.address,
                address=ordinal,
                sequence=_sequence(container),
                nth=nth,
            ),
            kind=member.kind,
            allocation=container.allocation,
            size_bytes=member.size_bytes,
            times=member.times,
            compressed=member.compressed,
            sparse=member.sparse,
            encrypted=member.encrypted,
            origin=member.origin,
            no_content=member.no_content,
            detail=member.detail,
            container=container,
        )
    )


def _sequence(container: FileEntry) -> int:
    """Tell the members of two archives of one path apart; deeper down only a number of all does."""
    if container.container is None:
        return container.ref.nth
    return int.from_bytes(hashlib.blake2b(container.ref.key(), digest_size=7).digest(), "big")


def _problem(entry: FileEntry, detail: str) -> Problem:
    return Problem(
        kind=ProblemKind.ARCHIVE_UNREADABLE,
        evidence=entry.ref.evidence,
        volume=entry.ref.volume,
        path=entry.ref.path,
        detail=printable(detail),
    )
