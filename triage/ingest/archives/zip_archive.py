"""Opens zip and all that is zip inside: Office documents, apk, jar, epub, comic books, maps."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Callable, Iterator

from triage.ingest.archives import inflate
from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import BUFFER_BYTES, Source, WindowSource, guarded
from triage.ingest.archives.zip_directory import LOCAL, LOCAL_MARK, ZipEntry, read_directory
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.entry import EntryKind
from triage.model.outcome import FailReason, SkipReason

_STORED, _DEFLATED, _BZIP2, _LZMA, _AES = 0, 8, 12, 14, 99
_ENCRYPTED, _MASKED = 1, 1 << 13
_UNIX, _DARWIN = 3, 19
_LINK_BYTES = 4096
_METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd"}
_PLAIN: dict[int, Callable[[], inflate.Inflater]] = {
    _DEFLATED: inflate.naked_deflate,
    _BZIP2: inflate.bzip2,
}


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
        self.members = tuple(
            budget.charged(_member(entry), entry.packed_bytes) for entry in directory.entries
        )
        contradictions = sum(_contradicts(entry) for entry in directory.entries)
        words = (f"{contradictions} member(s) are recorded as empty and are not",)
        told = words if contradictions else ()
        self.faults = (*directory.faults, *budget.faults(), *told)

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a member; too much, too little or a wrong checksum is an error."""
        entry = self._entries[ordinal]
        total, checksum = 0, 0
        with guarded("member of a zip"):
            for piece in self._unpacked(entry):
                total += len(piece)
                if total > entry.size_bytes:
                    detail = f"holds more than the {entry.size_bytes} bytes that are recorded"
                    raise ContentError(FailReason.READ_ERROR, detail)
                checksum = zlib.crc32(piece, checksum)
                yield piece
        if total < entry.size_bytes:
            detail = f"content ends at byte {total} of {entry.size_bytes}"
            raise ContentError(FailReason.SHORT_READ, detail)
        if checksum != entry.checksum:
            detail = f"the checksum is {checksum:08x}, recorded is {entry.checksum:08x}"
            raise ContentError(FailReason.READ_ERROR, detail)

    def window(self, ordinal: int) -> Source | None:
        """Give a member that is stored as it is."""
        entry = self._entries[ordinal]
        if entry.method != _STORED or entry.flags & _ENCRYPTED:
            return None
        if entry.packed_bytes != entry.size_bytes:
            return None
        return WindowSource(self._source, self._start(entry), entry.size_bytes)

    def _unpacked(self, entry: ZipEntry) -> Iterator[bytes]:
        if entry.flags & _ENCRYPTED or entry.method == _AES:
            raise ContentError(FailReason.READ_ERROR, "encrypted")
        start = self._start(entry)
        if entry.method == _STORED:
            return self._packed(start, entry.packed_bytes)
        if entry.method in _PLAIN:
            packed = self._packed(start, entry.packed_bytes)
            return inflate.inflated(_PLAIN[entry.method], packed)
        if entry.method == _LZMA:
            head = self._source.read_at(start, 9)
            packed = self._packed(start + 9, entry.packed_bytes - 9)
            return inflate.inflated(lambda: inflate.zip_lzma(head), packed)
        name = _METHODS.get(entry.method, "unknown")
        detail = f"packed by method {entry.method} ({name}), which is not unpacked"
        raise ContentError(FailReason.READ_ERROR, detail)

    def _start(self, entry: ZipEntry) -> int:
        """Give where the content starts, behind the header that stands before it."""
        place = entry.header_offset_bytes
        head = self._source.read_at(place, LOCAL.size) if place >= 0 else b""
        if len(head) < LOCAL.size or not head.startswith(LOCAL_MARK):
            detail = f"no header of a member at byte {place} of the zip"
            raise ContentError(FailReason.READ_ERROR, detail)
        fields = LOCAL.unpack(head)
        return place + LOCAL.size + int(fields[9]) + int(fields[10])

    def _packed(self, start: int, size_bytes: int) -> Iterator[bytes]:
        at, end = start, start + size_bytes
        step = BUFFER_BYTES if size_bytes > BUFFER_BYTES else CHUNK_BYTES
        while at < end:
            piece = self._source.read_at(at, min(step, end - at))
            if not piece:
                detail = f"the zip ends {end - at} bytes before the member does"
                raise ContentError(FailReason.SHORT_READ, detail)
            at += len(piece)
            yield piece


def _member(entry: ZipEntry) -> Member:
    encrypted = bool(entry.flags & (_ENCRYPTED | _MASKED)) or entry.method == _AES
    kind = _kind(entry)
    reason, detail = "", ""
    if kind is EntryKind.DIRECTORY:
        reason = SkipReason.DIRECTORY.value
    elif kind is EntryKind.SYMLINK:
        reason, detail = SkipReason.NOT_A_FILE.value, "link in a zip"
    elif _contradicts(entry):
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
        compressed=entry.method != _STORED,
        encrypted=encrypted,
        no_content=reason,
        detail=detail,
    )


def _contradicts(entry: ZipEntry) -> bool:
    """Tell an entry of no size with the checksum of content: other programs would unpack it."""
    return not entry.size_bytes and bool(entry.checksum) and bool(entry.packed_bytes)


def _kind(entry: ZipEntry) -> EntryKind:
    """Believe a name or a mode only as far as no content is hidden by it."""
    if entry.name.endswith(b"/") and not entry.size_bytes and not _contradicts(entry):
        return EntryKind.DIRECTORY
    link = entry.made_by in (_UNIX, _DARWIN) and stat.S_ISLNK(entry.attributes >> 16)
    return EntryKind.SYMLINK if link and 0 < entry.size_bytes <= _LINK_BYTES else EntryKind.FILE
