"""Logical evidence of EnCase and others (.L01, .Lx01): chosen files with their digests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from triage.ingest.container import LogicalMedium, is_logical, open_logical_medium
from triage.ingest.filesystem import FileSystem
from triage.ingest.logicals.checked import StoredDigests
from triage.ingest.logicals.ewf_tree_text import (
    DELETED,
    LINK,
    SPARSE,
    STREAM,
    Row,
    TreeText,
    whole,
)
from triage.ingest.reading import CHUNK_BYTES, DEPTH_LIMIT, ContentError, VolumeError, overlapping
from triage.ingest.volume import Survey
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry, Times
from triage.model.evidence import DamagedRange, EvidenceInfo
from triage.model.listing import Listing
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo, VolumeState

_SECOND_NS = 1_000_000_000
_MOST_FILLED_BYTES = 1 << 40
_STREAM_MARK = "\N{MIDDLE DOT}"
_ROOTS = 1
"""The first entry stands above all others: it has no name, or is called LogicalEntries."""


def recognises(path: Path, head: bytes) -> bool:
    """Take both versions by the first bytes of a segment."""
    return path.name != "" and is_logical(head)


def open_logical_evidence(path: Path, facts: object | None) -> EwfLogicalSource:
    """Open the set that a segment belongs to; its list is read anew in each process.

    Raises:
        EvidenceError: it is encrypted, or what lists its files is missing.
    """
    del facts
    return EwfLogicalSource(open_logical_medium(path))


def _volume() -> VolumeInfo:
    return VolumeInfo(
        key="p0",
        offset_bytes=0,
        length_bytes=0,
        table="ewf-logical",
        description="files in logical evidence",
        state=VolumeState.OPENED,
        filesystem="ewf-logical",
    )


class EwfLogicalSource:
    """One set as evidence, for one process."""

    def __init__(self, medium: LogicalMedium) -> None:
        self._medium = medium
        self._tree = TreeText(medium.tree)
        self._stored = StoredDigests()

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._medium.container.info

    def survey(self) -> Survey:
        """Give the one volume, and what is wrong with the list of files."""
        words = ["the list of files fails its checksum"] if not self._medium.sound else []
        words += [self._tree.fault] if self._tree.fault else []
        problems = tuple(
            Problem(
                kind=ProblemKind.EXTRACTION_INCOMPLETE,
                evidence=self.info.key,
                volume="p0",
                detail=one,
            )
            for one in words
        )
        return Survey(volumes=(_volume(),), problems=problems)

    def filesystem(self, volume_key: str) -> FileSystem:
        """Give the files."""
        if volume_key != "p0":
            raise VolumeError(f"{printable(self.info.name)}: no volume {volume_key}")
        return EwfLogicalFiles(self._medium, self._tree, self._stored)

    def facts(self) -> object | None:
        """Give nothing: the list stands in the last segment and is read from there."""
        return None

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give what the chunks and the stored digests showed, by places among the contents."""
        return tuple(sorted((*self._medium.container.damage(), *self._stored.ranges())))

    def gone(self) -> str:
        """Say in words that a segment is not there any more."""
        return self._medium.container.gone()

    def close(self) -> None:
        """Let go of the segments."""
        self._medium.container.close()


class EwfLogicalFiles:
    """The files of a set; the address of an entry is its number in the list."""

    def __init__(self, medium: LogicalMedium, tree: TreeText, stored: StoredDigests) -> None:
        self.volume = _volume()
        self._container = medium.container
        self._tree = tree
        self._stored = stored

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give what stands above all."""
        return (DirectoryRef(volume="p0", path=b"/", address=_ROOTS),) if len(self._tree) else ()

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give the entries below one, in the order of the list."""
        entries: list[FileEntry] = []
        folders: list[DirectoryRef] = []
        problems: list[Problem] = []
        above = folder.path.rstrip(b"/")
        for number in self._tree.below(folder.address):
            row = self._tree.row(number)
            path, stream = _named(row, above)
            entries.append(self._entry(row, path, stream, folder.address))
            if next(self._tree.below(number), None) is None:
                continue
            if folder.depth < DEPTH_LIMIT:
                below = above + b"/" + _bytes(row.columns.get("n", ""))
                folders.append(
                    DirectoryRef(volume="p0", path=below, address=number, depth=folder.depth + 1)
                )
            else:
                problems.append(self._too_deep(path))
        return Listing(entries=tuple(entries), directories=tuple(folders), problems=tuple(problems))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give a content, compared on its way with the digest that is stored with it."""
        row = self._row(entry)
        content = self._content(row)
        place = row.extent or (0, 0)
        for name, column, digits in (("sha1", "sha", 40), ("md5", "ha", 32)):
            stored = row.digest(column, digits)
            if stored:
                return self._stored.checked(content, name, stored, place)
        return content

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of a content."""
        row = self._row(entry)
        length = min(length_bytes, entry.size_bytes - offset_bytes)
        data = self._part(row, offset_bytes, length) if length > 0 else b""
        if len(data) < length:
            words = f"content ends at byte {offset_bytes + len(data)} of {entry.size_bytes}"
            raise ContentError(FailReason.SHORT_READ, words)
        return data

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged chunks, and the digest that differs, of a content."""
        place = self._row(entry).extent
        if place is None:
            return ()
        hurt = overlapping(self._container.damage(), (place,))
        return (*hurt, *self._stored.touched(place))

    def _content(self, row: Row) -> Iterator[bytes]:
        size = row.size_bytes
        for at in range(0, size, CHUNK_BYTES):
            wanted = min(CHUNK_BYTES, size - at)
            piece = self._part(row, at, wanted)
            if piece:
                yield piece
            if len(piece) < wanted:
                words = f"content ends at byte {at + len(piece)} of {size}"
                raise ContentError(FailReason.SHORT_READ, words)

    def _part(self, row: Row, at: int, length: int) -> bytes:
        offset, stored = row.extent or (0, 0)
        if row.flags & SPARSE and stored == 1 < row.size_bytes:
            twin = row.columns.get("du", "")
            if not twin.isdigit():
                return self._container.read_content(offset, 1) * length
            offset, stored = whole(twin), row.size_bytes
        return self._container.read_content(offset + at, max(0, min(length, stored - at)))

    def _row(self, entry: FileEntry) -> Row:
        if not 0 < entry.ref.address <= len(self._tree):
            raise ContentError(FailReason.NAME_VANISHED, "the list of files has no such entry")
        return self._tree.row(entry.ref.address)

    def _entry(self, row: Row, path: bytes, stream: bytes, parent: int) -> FileEntry:
        kind, reason, detail = _kind(row)
        place = row.extent if not reason else None
        return FileEntry(
            ref=EntryRef(
                evidence=self._container.info.key,
                volume="p0",
                path=path,
                stream=stream,
                parent_address=parent,
                address=row.number,
            ),
            kind=kind,
            allocation=Allocation.DELETED if row.flags & DELETED else Allocation.LIVE,
            size_bytes=row.size_bytes if kind is EntryKind.FILE else 0,
            times=Times(
                modified_ns=_time(row, "wr"),
                accessed_ns=_time(row, "ac"),
                changed_ns=_time(row, "mo"),
                created_ns=_time(row, "cr"),
            ),
            first_block_offset_bytes=place[0] if place else None,
            sparse=bool(row.flags & SPARSE),
            no_content=reason,
            detail=detail,
        )

    def _too_deep(self, path: bytes) -> Problem:
        return Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._container.info.key,
            volume="p0",
            path=path,
            detail=f"lies deeper than {DEPTH_LIMIT} folders",
        )


def _kind(row: Row) -> tuple[EntryKind, str, str]:
    """Give the kind of an entry, and why it has no content that could be read."""
    if row.is_folder and not row.size_bytes:
        return EntryKind.DIRECTORY, SkipReason.DIRECTORY.value, ""
    if not row.size_bytes and row.flags & LINK:
        return EntryKind.SYMLINK, SkipReason.NOT_A_FILE.value, ""
    if not row.size_bytes:
        return EntryKind.FILE, SkipReason.EMPTY.value, ""
    if row.extent is None:
        words = "listed in the logical evidence without its content"
        return EntryKind.FILE, SkipReason.OUT_OF_SCOPE.value, words
    if row.flags & SPARSE and row.size_bytes > _MOST_FILLED_BYTES:
        return EntryKind.FILE, SkipReason.IMPLAUSIBLE_SIZE.value, "one byte over and over"
    return EntryKind.FILE, "", ""


def _named(row: Row, above: bytes) -> tuple[bytes, bytes]:
    """Give the path of an entry and the name of its stream, which stands behind a middle dot."""
    name = row.columns.get("n", "")
    if row.flags & STREAM and _STREAM_MARK in name[1:]:
        name, _, stream = name.rpartition(_STREAM_MARK)
        return above + b"/" + _bytes(name), _bytes(stream)
    return above + b"/" + _bytes(name), b""


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _time(row: Row, column: str) -> int | None:
    return whole(row.columns.get(column, "")) * _SECOND_NS or None
