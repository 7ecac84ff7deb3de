"""Opens RAR as far as free code can: all names, and the contents that are stored unpacked."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.rar_blocks import MARK_4, MARK_5, STORED, Headers, RarFile
from triage.ingest.archives.source import Source, WindowSource, guarded
from triage.ingest.archives.zip_fields import times as zip_times
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.display import printable
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason


def recognises(head: bytes) -> bool:
    """Tell RAR by its mark."""
    return head.startswith((MARK_4, MARK_5))


class RarArchive:
    """One RAR file; parts of a set are each an archive of their own."""

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._source = source
        self._files: list[RarFile] = []
        headers = Headers(source)
        self.faults: tuple[str, ...] = ()
        try:
            with guarded("headers of a RAR"):
                for one in headers.files():
                    if len(self._files) >= limits.max_members:
                        self.faults = (f"stopped after {limits.max_members} members: limit",)
                        break
                    self._files.append(one)
        except ContentError as error:
            self.faults = (error.detail,)
        if headers.fault:
            self.faults += (headers.fault,)
        budget = Budget(limits, source.size_bytes)
        self.members = tuple(budget.charged(_member(one), one.packed_bytes) for one in self._files)
        self.faults += budget.faults()
        self.checked = all(one.checksum is not None for one in self._files if one.size_bytes)

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give a content that is stored as it is; a wrong checksum is an error."""
        one = self._files[ordinal]
        _refuse(one)
        checksum, at, end = 0, one.place_bytes, one.place_bytes + one.size_bytes
        with guarded("member of a RAR"):
            while at < end:
                piece = self._source.read_at(at, min(CHUNK_BYTES, end - at))
                if not piece:
                    detail = f"the RAR ends {end - at} bytes before the member does"
                    raise ContentError(FailReason.SHORT_READ, detail)
                checksum = zlib.crc32(piece, checksum)
                at += len(piece)
                yield piece
        if one.checksum not in (None, checksum):
            detail = f"the checksum is {checksum:08x}, recorded is {one.checksum:08x}"
            raise ContentError(FailReason.READ_ERROR, detail)

    def window(self, ordinal: int) -> Source | None:
        """Give a member that is stored as it is."""
        one = self._files[ordinal]
        if _reason(one):
            return None
        return WindowSource(self._source, one.place_bytes, one.size_bytes)


def _refuse(one: RarFile) -> None:
    reason = _reason(one)
    if reason:
        raise ContentError(FailReason.READ_ERROR, reason)


def _reason(one: RarFile) -> str:
    if one.before or one.after:
        return "begins or goes on in another part of the archive"
    if one.method != STORED:
        return f"packed by RAR's method {one.method}: it needs a RAR unpacker, and none is free"
    if one.packed_bytes != one.size_bytes:
        return f"stored in {one.packed_bytes} bytes, {one.size_bytes} are recorded"
    return ""


def _member(one: RarFile) -> Member:
    kind, reason, detail = EntryKind.FILE, "", ""
    if one.folder:
        kind, reason = EntryKind.DIRECTORY, SkipReason.DIRECTORY.value
    elif one.twin:
        detail = f"same content as {printable(one.twin)} in this archive"
        reason = SkipReason.OTHER_NAME.value
    elif one.link:
        kind, reason = EntryKind.SYMLINK, SkipReason.NOT_A_FILE.value
        detail = f"link: {printable(one.link)}"
    elif not one.size_bytes:
        reason = SkipReason.EMPTY.value
    elif one.encrypted:
        reason, detail = SkipReason.ENCRYPTED.value, "encrypted in the RAR"
    return Member(
        name=one.name,
        size_bytes=0 if one.folder else one.size_bytes,
        kind=kind,
        times=_times(one),
        compressed=one.method != STORED,
        encrypted=one.encrypted,
        no_content=reason,
        detail=detail,
    )


def _times(one: RarFile) -> Times:
    if one.utc:
        return Times(modified_ns=one.modified * 1_000_000_000 if one.modified > 0 else None)
    return zip_times(b"", one.modified >> 16, one.modified & 0xFFFF)
