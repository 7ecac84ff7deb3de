"""Opens cabinets: stored and MSZIP folders; those in LZX or Quantum are listed and named.

The layout is that of Microsoft's MS-CAB, the packing MSZIP that of MS-MCI: deflate in blocks, each
of which may look back into the one before.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from triage.ingest.archives.forward import Forward
from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import Source, guarded
from triage.ingest.archives.zip_fields import times as zip_times
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind
from triage.model.outcome import FailReason, SkipReason

_MARK = b"MSCF"
_HEADER = struct.Struct("<4sIIIIIBBHHHHH")
_FOLDER, _FILE, _DATA = struct.Struct("<IHH"), struct.Struct("<IIHHHH"), struct.Struct("<IHH")
_PREVIOUS, _NEXT, _RESERVED = 1, 2, 4
_NAME_BYTES, _BLOCK_BYTES = 256, 32768
_KINDS = {2: "Quantum", 3: "LZX"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    place_bytes: int
    blocks: int
    packing: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: bytes
    size_bytes: int
    offset_bytes: int
    folder: int
    date: int
    time: int


def recognises(head: bytes) -> bool:
    """Tell a cabinet by its mark and the zeros behind it."""
    return head.startswith(_MARK + bytes(4))


class CabArchive:
    """One cabinet; it has no checksum of a whole content, and those of its blocks are optional."""

    checked = False

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._source = source
        with guarded("header of a cabinet"):
            self._reserved, folders, count, at = self._header()
        self.faults: tuple[str, ...] = ()
        self._files = self._listed(at, count, limits.max_members)
        ends = [0] * len(folders)
        for one in self._files:
            if one.folder < len(ends):
                ends[one.folder] = max(ends[one.folder], one.offset_bytes + one.size_bytes)
        self._contents = [
            Forward(partial(self._unpacked, folder), end)
            for folder, end in zip(folders, ends, strict=True)
        ]
        self._folders = folders
        budget = Budget(limits, source.size_bytes)
        self.members = tuple(budget.charged(self._member(one)) for one in self._files)
        self.faults += budget.faults()

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a file."""
        one = self._files[ordinal]
        if one.folder >= len(self._folders):
            detail = "begins or goes on in another cabinet of its set"
            raise ContentError(FailReason.READ_ERROR, detail)
        with guarded("file of a cabinet"):
            yield from self._contents[one.folder].pieces(one.offset_bytes, one.size_bytes)

    def window(self, ordinal: int) -> Source | None:
        """Give nothing: contents lie in blocks."""
        del ordinal
        return None

    def _header(self) -> tuple[int, list[_Folder], int, int]:
        """Give bytes reserved in each block, folders, number of files and where they are listed."""
        raw = self._source.read_at(0, _HEADER.size)
        fields = _HEADER.unpack(raw)
        files_at, folder_count, file_count, flags = fields[4], fields[8], fields[9], fields[10]
        at, in_folder, in_block = _HEADER.size, 0, 0
        if flags & _RESERVED:
            in_header, in_folder, in_block = struct.unpack("<HBB", self._source.read_at(at, 4))
            at += 4 + in_header
        for _ in range(2 * (bool(flags & _PREVIOUS) + bool(flags & _NEXT))):
            at += len(self._text(at)) + 1
        folders = []
        for _ in range(folder_count):
            place, blocks, packing = _FOLDER.unpack(self._source.read_at(at, _FOLDER.size))
            size = blocks * _BLOCK_BYTES
            folders.append(
                _Folder(place_bytes=place, blocks=blocks, packing=packing, size_bytes=size)
            )
            at += _FOLDER.size + in_folder
        return in_block, folders, file_count, files_at

    def _listed(self, at: int, count: int, most: int) -> list[_File]:
        found: list[_File] = []
        try:
            with guarded(f"files of a cabinet, of {count}"):
                for _ in range(min(count, most)):
                    raw = self._source.read_at(at, _FILE.size)
                    size, offset, folder, date, time, _ = _FILE.unpack(raw)
                    name = self._text(at + _FILE.size)
                    at += _FILE.size + len(name) + 1
                    name = name.replace(b"\\", b"/")
                    found.append(
                        _File(
                            name=name,
                            size_bytes=size,
                            offset_bytes=offset,
                            folder=folder,
                            date=date,
                            time=time,
                        )
                    )
        except ContentError as error:
            self.faults += (f"after {len(found)} files: {error.detail}",)
        if count > most:
            self.faults += (f"stopped after {most} members: limit",)
        return found

    def _text(self, at: int) -> bytes:
        raw = self._source.read_at(at, _NAME_BYTES + 1)
        end = raw.find(b"\0")
        if end < 0:
            raise ValueError("a name without end")
        return raw[:end]

    def _member(self, one: _File) -> Member:
        reason, detail = "", ""
        known = self._folders[one.folder] if one.folder < len(self._folders) else None
        if not one.size_bytes:
            reason = SkipReason.EMPTY.value
        elif known and one.offset_bytes + one.size_bytes > known.size_bytes:
            reason = SkipReason.IMPLAUSIBLE_SIZE.value
            detail = f"its folder holds {known.size_bytes} bytes at most"
        return Member(
            name=one.name,
            size_bytes=one.size_bytes,
            kind=EntryKind.FILE,
            times=zip_times(b"", one.date, one.time),
            compressed=bool(known and known.packing & 15),
            no_content=reason,
            detail=detail,
        )

    def _unpacked(self, folder: _Folder) -> Iterator[bytes]:
        kind = folder.packing & 15
        if kind > 1:
            name = _KINDS.get(kind, "an unknown method")
            detail = f"packed by {name}, which is not unpacked"
            raise ContentError(FailReason.READ_ERROR, detail)
        at, before = folder.place_bytes, b""
        for _ in range(folder.blocks):
            checksum, packed, size = _DATA.unpack(self._source.read_at(at, _DATA.size))
            start = at + _DATA.size
            data = self._source.read_at(start + self._reserved, packed)
            at = start + self._reserved + packed
            if len(data) < packed:
                raise ContentError(FailReason.SHORT_READ, "the cabinet ends in a block")
            # makers differ in whether reserved bytes count
            if checksum and not self._reserved and checksum != _checksum(data, packed, size):
                raise ContentError(FailReason.READ_ERROR, "a block does not fit its checksum")
            before = _inflated(data, size, before) if kind else data
            if len(before) != size:
                detail = f"a block of {size} bytes holds {len(before)}"
                raise ContentError(FailReason.READ_ERROR, detail)
            yield before


def _checksum(data: bytes, packed: int, size: int) -> int:
    """Give the exclusive or of all words of a block, as MS-CAB computes it."""
    whole = len(data) // 4 * 4
    value = packed | size << 16
    for word in struct.unpack(f"<{whole // 4}I", data[:whole]):
        value ^= word
    return value ^ int.from_bytes(data[whole:], "big")


def _inflated(data: bytes, size: int, before: bytes) -> bytes:
    if data[:2] != b"CK":
        raise ContentError(FailReason.READ_ERROR, "a block without its mark")
    inflater = zlib.decompressobj(-15, zdict=before) if before else zlib.decompressobj(-15)
    return inflater.decompress(data[2:], size + 1)
