"""Lists a tar page by page, and reads its members by where their headers stand."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from triage.ingest.archives.source import Source, WindowSource
from triage.ingest.archives.tar_archive import content_of, member_of
from triage.ingest.claimed import bounded
from triage.ingest.logicals.tar_scan import TarFacts, members_from, name_of
from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.listing import Listing
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeInfo


class TarFileSystem:
    """The members of one tar as the files of one volume; the address of an entry is its header's.

    Args:
        source: the tar; what it is packed in, if anything, is unpacked by it.
        facts: as :func:`triage.ingest.logicals.tar_scan.scan` gave them of the same tar.
        evidence: key of the evidence.
    """

    def __init__(self, source: Source, facts: TarFacts, volume: VolumeInfo, evidence: str) -> None:
        self.volume = volume
        self._source = source
        self._facts = facts
        self._evidence = evidence

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give all pages."""
        return tuple(
            DirectoryRef(volume=self.volume.key, path=b"/", address=place)
            for place, _ in self._facts.pages
        )

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give the members of one page, in the order of the tar."""
        most = dict(self._facts.pages).get(folder.address, 0)
        entries: list[FileEntry] = []
        problems: tuple[Problem, ...] = ()
        try:
            for at, info, _ in members_from(self._source, folder.address, most):
                entries.append(self._entry(at, folder.address, info))
        except ContentError as error:
            problems = (self._problem(error.detail),)
        return Listing(entries=tuple(entries), directories=(), problems=problems)

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a member, holes as zeros."""
        return content_of(self._source, self._info(entry), entry.ref.address)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content; of a member with holes, what comes before is gone through."""
        length = min(length_bytes, entry.size_bytes - offset_bytes)
        if length <= 0:
            return b""
        info = self._info(entry)
        if info.sparse is None:
            start = entry.ref.address + info.offset_data
            data = WindowSource(self._source, start, info.size).read_at(offset_bytes, length)
        else:
            data = _part(content_of(self._source, info, entry.ref.address), offset_bytes, length)
        if len(data) < length:
            detail = f"content ends at byte {offset_bytes + len(data)} of {entry.size_bytes}"
            raise ContentError(FailReason.SHORT_READ, detail)
        return data

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give nothing: a tar has no checksums of contents."""
        del entry
        return ()

    def _info(self, entry: FileEntry) -> tarfile.TarInfo:
        found = next(iter(members_from(self._source, entry.ref.address, 1)), None)
        if found is None or found[1].size != entry.size_bytes:
            raise ContentError(FailReason.NAME_VANISHED, "the tar says otherwise of this member")
        return found[1]

    def _entry(self, at: int, page: int, info: tarfile.TarInfo) -> FileEntry:
        member = member_of(info)
        reason, detail, kind = member.no_content, member.detail, member.kind
        if info.type == tarfile.LNKTYPE and not info.size:
            kind = EntryKind.FILE
            reason, detail = self._linked(at, info)
        return bounded(
            FileEntry(
                ref=EntryRef(
                    evidence=self._evidence,
                    volume=self.volume.key,
                    path=_path(name_of(info)),
                    address=at,
                ),
                kind=kind,
                allocation=Allocation.LIVE,
                size_bytes=member.size_bytes,
                times=member.times,
                first_block_offset_bytes=page + info.offset_data if not reason else None,
                sparse=member.sparse,
                no_content=reason,
                detail=detail,
            )
        )

    def _linked(self, at: int, info: tarfile.TarInfo) -> tuple[str, str]:
        target = printable(_path(info.linkname.encode("utf-8", "surrogateescape")))
        if at in self._facts.unlinked:
            words = f"hard link to {target}, which is not in the tar"
            return SkipReason.OUT_OF_SCOPE.value, words
        return SkipReason.OTHER_NAME.value, f"same file as {target}"

    def _problem(self, detail: str) -> Problem:
        return Problem(
            kind=ProblemKind.DIRECTORY_UNREADABLE,
            evidence=self._evidence,
            volume=self.volume.key,
            detail=detail,
        )


def _path(name: bytes) -> bytes:
    """Give the path of a member; only what every tar of a whole folder begins with is left out."""
    bare = b"" if name in {b".", b"./"} else name.removeprefix(b"./")
    return bare if bare.startswith(b"/") else b"/" + bare


def _part(content: Iterator[bytes], offset: int, length: int) -> bytes:
    parts, at = [], 0
    for piece in content:
        if at + len(piece) > offset:
            parts.append(piece[max(0, offset - at) : offset + length - at])
        at += len(piece)
        if at >= offset + length:
            break
    return b"".join(parts)
