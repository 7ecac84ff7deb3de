"""Opens 7z: members of solid blocks are unpacked in order, each block once as long as that goes."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator

from triage.ingest.archives import seven_coders
from triage.ingest.archives.forward import Forward
from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.seven_bytes import Reader
from triage.ingest.archives.seven_crypt import derived, parted
from triage.ingest.archives.seven_directory import (
    Block,
    Listed,
    Part,
    Streams,
    read_files,
    read_streams,
)
from triage.ingest.archives.source import Source, guarded
from triage.ingest.reading import ContentError
from triage.ingest.secrets import given_secrets
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason

_MARK = b"7z\xbc\xaf\x27\x1c"
_START = struct.Struct("<6sBBIQQI")
_HEADER, _PACKED_HEADER = 1, 0x17
_HEADER_BYTES, _NESTED = 64 * 1024 * 1024, 4
_TRIED_BYTES = 64 * 1024 * 1024
_UNIX_MODE, _DIRECTORY = 0x8000, 0x10
_EPOCH_TICKS = 116_444_736_000_000_000


def recognises(head: bytes) -> bool:
    """Tell a 7z by its mark."""
    return head.startswith(_MARK)


class SevenZipArchive:
    """One 7z archive."""

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._source = source
        self._password: str | None = None
        self._at_block: int | None = None
        streams, files = self._directory()
        self._blocks = streams.blocks
        self._contents = [self._content(block) for block in streams.blocks]
        self._parts = [one.part for one in files[: limits.max_members]]
        self._open = self._unlocked(streams)
        budget = Budget(limits, source.size_bytes)
        packed = _PackedShare(streams)
        self.members = tuple(
            budget.charged(self._member(one, limits), packed.of(one.part))
            for one in files[: limits.max_members]
        )
        self.checked = all(part.checksum is not None for part in self._parts if part)
        cut = f"stopped after {limits.max_members} members: limit"
        more = (cut,) if len(files) > limits.max_members else ()
        self.faults = (*more, *budget.faults())

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a member; a wrong checksum is an error."""
        part = self._parts[ordinal]
        if part is None:
            return
        if self._at_block not in (None, part.block):  # one dictionary at a time
            self._contents[self._at_block].rest()
        self._at_block = part.block
        checksum = 0
        with guarded("member of a 7z"):
            stretch = self._contents[part.block].pieces(part.offset_bytes, part.size_bytes)
            for piece in stretch:
                checksum = zlib.crc32(piece, checksum)
                yield piece
        if part.checksum not in (None, checksum):
            detail = f"the checksum is {checksum:08x}, recorded is {part.checksum:08x}"
            raise ContentError(FailReason.READ_ERROR, detail)

    def window(self, ordinal: int) -> Source | None:
        """Give nothing: what lies unpacked in a 7z is rare."""
        del ordinal
        return None

    def _content(self, block: Block) -> Forward:
        return Forward(lambda: self._unpacked(block, self._password), block.size_bytes)

    def _unpacked(self, block: Block, password: str | None) -> Iterator[bytes]:
        def key(properties: bytes) -> bytes:
            if password is None:
                raise ContentError(FailReason.READ_ERROR, "encrypted")
            cycles, salt, _ = parted(properties)
            return derived(password, cycles, salt)

        return seven_coders.unpacked(self._source, block, key)

    def _directory(self) -> tuple[Streams, list[Listed]]:
        header = self._header()
        for _ in range(_NESTED):
            reader = Reader(header)
            kind = reader.byte() if header else 0
            if kind == _HEADER:
                return read_files(reader, _START.size)
            if kind != _PACKED_HEADER:
                break
            header = self._unpacked_header(read_streams(reader, _START.size))
        if header:
            raise ContentError(FailReason.READ_ERROR, "the directory is of no known kind")
        return Streams(), []

    def _header(self) -> bytes:
        raw = self._source.read_at(0, _START.size)
        if len(raw) < _START.size:
            raise ContentError(FailReason.SHORT_READ, "the archive ends in its first bytes")
        _, _, _, start_crc, offset, size, crc = _START.unpack(raw)
        if zlib.crc32(raw[12:]) != start_crc:
            raise ContentError(FailReason.READ_ERROR, "the first bytes do not fit their checksum")
        if size > _HEADER_BYTES:
            raise ContentError(FailReason.READ_ERROR, f"a directory of {size} bytes: limit")
        place = _START.size + offset
        header = self._source.read_at(place, size) if place <= self._source.size_bytes else b""
        if len(header) < size:
            detail = "ends before its directory: cut off, or the first of several parts"
            raise ContentError(FailReason.SHORT_READ, detail)
        if zlib.crc32(header) != crc:
            raise ContentError(FailReason.READ_ERROR, "the directory does not fit its checksum")
        return header

    def _unpacked_header(self, streams: Streams) -> bytes:
        if not streams.blocks or streams.blocks[0].size_bytes > _HEADER_BYTES:
            raise ContentError(FailReason.READ_ERROR, "a packed directory of unreasonable size")
        block = streams.blocks[0]
        part = Part(block=0, offset_bytes=0, size_bytes=block.size_bytes, checksum=block.checksum)
        if not seven_coders.encrypted(block):
            return self._tried(block, part, None)
        for password in given_secrets():
            try:
                header = self._tried(block, part, password)
            except ContentError:
                continue
            self._password = password
            return header
        detail = f"names and contents are encrypted{_tried_words()}"
        raise ContentError(FailReason.READ_ERROR, detail)

    def _tried(self, block: Block, part: Part, password: str | None) -> bytes:
        """Give the start of a block, as far as a part reaches, if that fits the checksum."""
        size = min(part.size_bytes, _TRIED_BYTES)
        with guarded("packed directory"):
            forward = Forward(lambda: self._unpacked(block, password), block.size_bytes)
            data = b"".join(forward.pieces(part.offset_bytes, size))
        if size == part.size_bytes and part.checksum not in (None, zlib.crc32(data)):
            raise ContentError(FailReason.READ_ERROR, "does not fit its checksum")
        return data

    def _unlocked(self, streams: Streams) -> bool:
        """Find the password that opens the first encrypted block; one serves a whole archive."""
        firsts = (part for part in streams.parts if part.size_bytes)
        locked = next(
            (part for part in firsts if seven_coders.encrypted(streams.blocks[part.block])), None
        )
        if locked is None or self._password is not None:
            return True
        first = next(part for part in streams.parts if part.block == locked.block)
        for password in given_secrets():
            try:
                self._tried(streams.blocks[locked.block], first, password)
            except ContentError:
                continue
            self._password = password
            return True
        return False

    def _member(self, one: Listed, limits: ArchiveLimits) -> Member:
        part = one.part
        block = self._blocks[part.block] if part else None
        locked = block is not None and seven_coders.encrypted(block)
        size = part.size_bytes if part else 0
        kind = _kind(one, size)
        reason, detail = "", ""
        if kind is EntryKind.DIRECTORY:
            reason = SkipReason.DIRECTORY.value
        elif kind is EntryKind.SYMLINK:
            reason, detail = SkipReason.NOT_A_FILE.value, "link in a 7z"
        elif not size:
            reason = SkipReason.EMPTY.value
        elif locked and not self._open:
            reason, detail = SkipReason.ENCRYPTED.value, f"encrypted in the 7z{_tried_words()}"
        elif part and part.offset_bytes + size > limits.max_inflated_bytes:
            reason = SkipReason.TOO_LARGE.value
            detail = f"lies behind {limits.max_inflated_bytes} bytes of one solid block"
        return Member(
            name=one.name,
            size_bytes=size,
            kind=kind,
            times=_times(one),
            compressed=block is not None,
            encrypted=locked,
            no_content=reason,
            detail=detail,
        )


class _PackedShare:
    """Charges the packed bytes of each block to the first file in it."""

    def __init__(self, streams: Streams) -> None:
        self._sizes = [sum(length for _, length in block.places) for block in streams.blocks]

    def of(self, part: Part | None) -> int:
        """Give what a file takes up in the archive."""
        if part is None or part.offset_bytes:
            return 0
        size, self._sizes[part.block] = self._sizes[part.block], 0
        return size


def _tried_words() -> str:
    return ", and no given password opens it" if given_secrets() else ""


def _kind(one: Listed, size_bytes: int) -> EntryKind:
    """Believe an attribute only as far as no content is hidden by it."""
    if not size_bytes and (one.folder or one.attributes & _DIRECTORY):
        return EntryKind.DIRECTORY
    mode = one.attributes >> 16 if one.attributes & _UNIX_MODE else 0
    return EntryKind.SYMLINK if stat.S_ISLNK(mode) and size_bytes <= 4096 else EntryKind.FILE


def _times(one: Listed) -> Times:
    return Times(
        modified_ns=_ns(one.modified), accessed_ns=_ns(one.accessed), created_ns=_ns(one.created)
    )


def _ns(ticks: int) -> int | None:
    return (ticks - _EPOCH_TICKS) * 100 if 0 < ticks < 1 << 62 else None
