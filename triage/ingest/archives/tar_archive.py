"""Opens tar: ustar, GNU, pax and the old kind, sparse members with their holes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import HeaderFile, Source, WindowSource, guarded
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.display import printable
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason

BLOCK = 512
_CHECKSUM = slice(148, 156)
_SCAN_BYTES = 1024 * 1024
FAULTS = 100
_KINDS = {
    tarfile.DIRTYPE: EntryKind.DIRECTORY,
    tarfile.SYMTYPE: EntryKind.SYMLINK,
    tarfile.CHRTYPE: EntryKind.SPECIAL,
    tarfile.BLKTYPE: EntryKind.SPECIAL,
    tarfile.FIFOTYPE: EntryKind.SPECIAL,
}


def recognises(head: bytes) -> bool:
    """Tell a tar by the checksum of its first header (POSIX.1-1988, ustar and before)."""
    block = head[:BLOCK]
    if len(block) < BLOCK or not block[0]:
        return False
    try:
        stated = int(block[_CHECKSUM].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return stated == sum(block) - sum(block[_CHECKSUM]) + 8 * 0x20


class TarArchive:
    """One tar, packed as a whole or not.

    Args:
        most: as many members are listed.
        faults: what was wrong before the tar was reached.
        packed_bytes: size on the medium, where the tar is packed.
        checked: the packing had a checksum, and it agreed.
    """

    def __init__(  # noqa: PLR0913 (three of them only where the tar is packed)
        self,
        source: Source,
        limits: ArchiveLimits,
        name: bytes = b"",
        *,
        most: int = 0,
        faults: tuple[str, ...] = (),
        packed_bytes: int = 0,
        checked: bool = False,
    ) -> None:
        del name
        self._source = source
        self._found: list[tuple[tarfile.TarInfo, int]] = []
        self.checked = checked
        self.faults = faults
        self._list(most or limits.max_members)
        budget = Budget(limits, packed_bytes or source.size_bytes)
        self.members = tuple(budget.charged(member_of(info)) for info, _ in self._found)
        self.faults = (*self.faults, *budget.faults())

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give the content of a member, holes as zeros."""
        return content_of(self._source, *self._found[ordinal])

    def window(self, ordinal: int) -> Source | None:
        """Give a member without holes."""
        info, base = self._found[ordinal]
        if info.sparse is not None:
            return None
        return WindowSource(self._source, base + info.offset_data, info.size)

    def _list(self, most: int) -> None:
        """List all members, also those behind a damaged header or an end mark."""
        base = 0
        while base < self._source.size_bytes:
            stopped, fault = self._run(base, most)
            self.faults += (fault,) if fault else ()
            if len(self._found) >= most:
                return
            if len(self.faults) >= FAULTS:
                self.faults += (f"stopped at byte {stopped} after {FAULTS} faults",)
                return
            try:
                with guarded("tar"):
                    base = next_header(self._source, max(stopped, base + BLOCK))
            except ContentError as error:
                self.faults += (error.detail,)
                return

    def _run(self, base: int, most: int) -> tuple[int, str]:
        """List members from a header on; give where it stopped, and why unless at an end mark."""
        window = WindowSource(self._source, base, self._source.size_bytes - base)
        at = 0
        try:
            with guarded(f"tar, in or after member {len(self._found)}"):
                tar = tarfile.TarFile(
                    fileobj=HeaderFile(window),
                    mode="r",
                    encoding="utf-8",
                    errors="surrogateescape",
                )
                info = tar.next()
                while info is not None:
                    if info.size < 0 or tar.offset <= at:
                        return base + at, "a member of negative size"
                    at = tar.offset
                    if len(self._found) >= most:
                        return base + at, f"stopped after {most} members: limit"
                    self._found.append((info, base))
                    info = tar.next()
                at = max(at, tar.offset)
        except ContentError as error:
            return base + at, error.detail
        return base + at, self._end(base + at)

    def _end(self, at: int) -> str:
        block = self._source.read_at(at, BLOCK)
        if not block:
            return "the tar ends without an end mark: it may be cut off"
        if any(block):
            return f"the header at byte {at} is damaged: some that follow may not be listed"
        return ""


def next_header(source: Source, start: int) -> int:
    """Give the place of the next intact header, the size of the source where there is none.

    Raises:
        ContentError: the source cannot be read.
    """
    at = start + -start % BLOCK
    while at < source.size_bytes:
        data = source.read_at(at, _SCAN_BYTES)
        mark = data.find(b"ustar")
        while mark >= 0:
            place = mark - 257
            aligned = place >= 0 and not place % BLOCK
            if aligned and recognises(data[place : place + BLOCK]):
                return at + place
            mark = data.find(b"ustar", mark + 1)
        at += _SCAN_BYTES
    return source.size_bytes


def content_of(source: Source, info: tarfile.TarInfo, base: int) -> Iterator[bytes]:
    """Give the content of a member, holes as zeros.

    Args:
        base: where its tar begins in the source.

    Raises:
        ContentError: the source ends before, or the holes contradict each other.
    """
    data = base + info.offset_data
    # tarfile gives pairs here; those of no length only fill a header
    told = cast("list[tuple[int, int]] | None", info.sparse)
    stretches = [(0, info.size)] if told is None else [pair for pair in told if pair[1]]
    with guarded("member of a tar"):
        at = 0
        for start, size in (*stretches, (info.size, 0)):
            if start < at or size < 0 or start + size > info.size:
                raise ContentError(FailReason.READ_ERROR, "holes that contradict each other")
            yield from _zeros(start - at)
            yield from _stretch(source, data, size)
            data, at = data + size, start + size


def _stretch(source: Source, start: int, size: int) -> Iterator[bytes]:
    at, end = start, start + size
    while at < end:
        piece = source.read_at(at, min(CHUNK_BYTES, end - at))
        if not piece:
            detail = f"the tar ends {end - at} bytes before the member does"
            raise ContentError(FailReason.SHORT_READ, detail)
        at += len(piece)
        yield piece


def _zeros(count: int) -> Iterator[bytes]:
    for at in range(0, count, CHUNK_BYTES):
        yield bytes(min(CHUNK_BYTES, count - at))


def member_of(info: tarfile.TarInfo) -> Member:
    """Tell of a member what its header says."""
    kind = EntryKind.FILE if info.size else _KINDS.get(info.type, EntryKind.FILE)
    link = printable(info.linkname.encode("utf-8", "surrogateescape"))
    reason, detail = "", ""
    if kind is EntryKind.DIRECTORY:
        reason = SkipReason.DIRECTORY.value
    elif kind is not EntryKind.FILE:
        reason, detail = SkipReason.NOT_A_FILE.value, f"link to {link}" if link else ""
    elif not info.size and info.type == tarfile.LNKTYPE:
        reason, detail = SkipReason.NOT_A_FILE.value, f"hard link to {link}"
    elif not info.size:
        reason = SkipReason.EMPTY.value
    return Member(
        name=info.name.encode("utf-8", "surrogateescape"),
        size_bytes=info.size,
        kind=kind,
        times=Times(modified_ns=_time_ns(info)),
        sparse=info.sparse is not None,
        no_content=reason,
        detail=detail,
    )


def _time_ns(info: tarfile.TarInfo) -> int | None:
    """Give the time; pax has fractions of a second, and a recorded 0 counts as not recorded."""
    try:
        value = int(Decimal(info.pax_headers.get("mtime", str(info.mtime))) * 1_000_000_000)
    except (ArithmeticError, ValueError):
        return None
    return value if value and abs(value) < 1 << 62 else None
