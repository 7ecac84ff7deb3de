"""Lists a UFDR by its report, then what of the zip the report does not name; reads both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from triage.ingest.archives.zip_archive import member_of
from triage.ingest.archives.zip_content import content_of
from triage.ingest.claimed import bounded
from triage.ingest.logicals.ufdr_facts import Names, Stored, UfdrFacts, named_places
from triage.ingest.logicals.ufdr_report import Reported, files_of_page
from triage.ingest.logicals.zip_files import OpenedZip, ZipFileSystem, place_of
from triage.ingest.logicals.zip_scan import entry_at
from triage.ingest.reading import ContentError
from triage.model.entry import Allocation, DirectoryRef, EntryKind, EntryRef, FileEntry
from triage.model.listing import Listing
from triage.model.outcome import SkipReason
from triage.model.volume import VolumeInfo

_REPORT = 1 << 60
"""Added to the address of a page of the report, so that none is that of a page of the zip."""

_FIRST_FILE = 2
"""The generation of the first file of the report: 0 and 1 are those of members not named there."""


class UfdrFileSystem(ZipFileSystem):
    """The files of one UFDR, under the paths that they have on the device."""

    def __init__(
        self, opened: OpenedZip, facts: UfdrFacts, volume: VolumeInfo, evidence: str
    ) -> None:
        super().__init__(opened, volume, evidence)
        self._ufdr = facts
        self._finder = Names(facts.names)
        self._told = Stored(facts.stored)
        self._named = frozenset(named_places(facts).tolist())
        self._pages = {_REPORT + page[0]: page for page in facts.pages}

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the pages of the report, then those of the zip."""
        reported = tuple(
            DirectoryRef(volume=self.volume.key, path=b"/", address=address)
            for address in self._pages
        )
        return reported + super().roots()

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give the files of a page of the report, or the members of one of the zip."""
        page = self._pages.get(folder.address)
        if page is None:
            listing = super().list_directory(folder)
            kept = (one for one in listing.entries if one.ref.address not in self._named)
            return replace(listing, entries=tuple(kept))
        entries: list[FileEntry] = []
        try:
            report = entry_at(self._source, self._ufdr.report, self._facts.shift_bytes)
            if report is None:
                return self._broken("report.xml is not there any more")
            data = self._reaching.read(report, page[0], page[1] - page[0])
            for ordinal, found in enumerate(files_of_page(data), _FIRST_FILE + page[2]):
                entries.append(self._reported(found, ordinal))
        except ContentError as error:
            problems = self._broken(error.detail).problems
            return Listing(entries=tuple(entries), directories=(), problems=problems)
        return Listing(entries=tuple(entries), directories=())

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a file; what differs from the zip's checksum is an error."""
        found = self.record(entry)
        algorithm, digest = self._told.digest(entry.ref.address)
        content = content_of(self._source, found, self._password(found))
        if not digest:
            return content
        return self._stored.checked(content, algorithm, digest, place_of(found))

    def _reported(self, found: Reported, ordinal: int) -> FileEntry:
        place = self._finder.place(found.local) if found.local else -1
        path = (found.path or found.local).encode("utf-8", "surrogatepass")
        if place < 0:
            return self._absent(found, path, ordinal)
        entry = entry_at(self._source, place, self._facts.shift_bytes)
        if entry is None:
            return self._absent(found, path, ordinal)
        member = member_of(entry)
        reason, detail = self._reason(place, entry, member, None)
        return bounded(
            FileEntry(
                ref=self._ref(path, place, ordinal),
                kind=EntryKind.FILE,
                allocation=Allocation.DELETED if found.is_deleted else Allocation.LIVE,
                size_bytes=member.size_bytes,
                times=found.times,
                first_block_offset_bytes=max(entry.header_offset_bytes, 0) if not reason else None,
                compressed=member.compressed,
                encrypted=member.encrypted,
                no_content=reason,
                detail=detail,
            )
        )

    def _absent(self, found: Reported, path: bytes, ordinal: int) -> FileEntry:
        """Give a file that the report names and the zip does not hold."""
        reason = SkipReason.OUT_OF_SCOPE
        detail = "named in the report; its content is not in the extraction"
        algorithm, digest = found.digest
        if not found.size_bytes and found.size:
            reason, detail = SkipReason.EMPTY, ""
        elif algorithm == "md5" and self._told.has_md5(digest):
            reason = SkipReason.OTHER_NAME
            detail = "the report gives it the MD5 of a file that is in the extraction"
        return bounded(
            FileEntry(
                ref=self._ref(path, 0, ordinal),
                kind=EntryKind.FILE,
                allocation=Allocation.DELETED if found.is_deleted else Allocation.LIVE,
                size_bytes=found.size_bytes,
                times=found.times,
                no_content=reason.value,
                detail=detail,
            )
        )

    def _ref(self, path: bytes, address: int, ordinal: int) -> EntryRef:
        return EntryRef(
            evidence=self._evidence,
            volume=self.volume.key,
            path=path if path.startswith(b"/") else b"/" + path,
            address=address,
            sequence=ordinal,
        )
