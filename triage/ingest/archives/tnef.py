"""Opens the envelopes in which Outlook sends attachments (TNEF, winmail.dat), by [MS-OXTNEF]."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import BUFFER_BYTES, Source, WindowSource, guarded
from triage.ingest.reading import CHUNK_BYTES, ContentError
from triage.model.entry import EntryKind, Times
from triage.model.outcome import FailReason, SkipReason

_MARK = bytes.fromhex("789f3e22")
_HEAD_BYTES, _ATTRIBUTE = 6, struct.Struct("<BII")
_CHECK_BYTES, _ATTACHMENT = 2, 2
_BEGIN, _TITLE, _DATA, _MORE = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_LONG_NAME, _OBJECT = 0x3707, 0x3701
_WIDE, _NARROW, _OBJECT_TYPE = 0x1F, 0x1E, 0x0D


@dataclass(slots=True, kw_only=True)
class _Part:
    name: bytes = b""
    place_bytes: int = 0
    size_bytes: int = 0
    checksum: int = 0
    embedded: bool = False


def recognises(head: bytes) -> bool:
    """Tell an envelope by its mark."""
    return head.startswith(_MARK)


class TnefArchive:
    """One envelope; each attribute has the sum of its bytes behind it."""

    checked = True

    def __init__(self, source: Source, limits: ArchiveLimits, name: bytes = b"") -> None:
        del name
        self._source = source
        self._parts: list[_Part] = []
        self.faults: tuple[str, ...] = ()
        try:
            with guarded("envelope of Outlook"):
                self._list(limits.max_members)
        except ContentError as error:
            self.faults = (error.detail,)
        embedded = sum(part.embedded and not part.size_bytes for part in self._parts)
        if embedded:
            self.faults += (f"{embedded} embedded message(s) or object(s): not looked into",)
        budget = Budget(limits, source.size_bytes)
        self.members = tuple(
            budget.charged(_member(part, number), part.size_bytes)
            for number, part in enumerate(self._parts)
        )
        self.faults += budget.faults()

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give an attachment; a wrong sum is an error."""
        part, total = self._parts[ordinal], 0
        at, end = part.place_bytes, part.place_bytes + part.size_bytes
        with guarded("attachment in an envelope"):
            while at < end:
                piece = self._source.read_at(at, min(CHUNK_BYTES, end - at))
                if not piece:
                    detail = f"the envelope ends {end - at} bytes before the attachment does"
                    raise ContentError(FailReason.SHORT_READ, detail)
                at, total = at + len(piece), total + sum(piece)
                yield piece
        if total & 0xFFFF != part.checksum:
            detail = f"the sum is {total & 0xFFFF:04x}, recorded is {part.checksum:04x}"
            raise ContentError(FailReason.READ_ERROR, detail)

    def window(self, ordinal: int) -> Source | None:
        """Give an attachment: it lies there as it is."""
        part = self._parts[ordinal]
        return WindowSource(self._source, part.place_bytes, part.size_bytes)

    def _list(self, most: int) -> None:
        at = _HEAD_BYTES
        while at < self._source.size_bytes:
            head = self._source.read_at(at, _ATTRIBUTE.size)
            if len(head) < _ATTRIBUTE.size:
                raise ContentError(FailReason.SHORT_READ, "the envelope breaks off")
            level, tag, length = _ATTRIBUTE.unpack(head)
            place = at + _ATTRIBUTE.size
            at = place + length + _CHECK_BYTES
            if level != _ATTACHMENT:
                if level != 1:
                    detail = f"no attribute at byte {place - _ATTRIBUTE.size}: damaged"
                    raise ContentError(FailReason.READ_ERROR, detail)
                continue
            if tag == _BEGIN:
                if len(self._parts) >= most:
                    self.faults = (f"stopped after {most} attachments: limit",)
                    return
                self._parts.append(_Part())
            elif self._parts:
                self._take(self._parts[-1], tag, place, length)

    def _take(self, part: _Part, tag: int, place: int, length: int) -> None:
        if tag == _DATA:
            part.place_bytes, part.size_bytes = place, length
            part.checksum = int.from_bytes(self._source.read_at(place + length, 2), "little")
        elif tag == _TITLE and not part.name:
            part.name = self._source.read_at(place, min(length, 1024)).rstrip(b"\0")
        elif tag == _MORE:
            data = self._source.read_at(place, min(length, BUFFER_BYTES))
            part.name = _long_name(data) or part.name
            part.embedded = struct.pack("<HH", _OBJECT_TYPE, _OBJECT) in data


def _long_name(data: bytes) -> bytes:
    """Give the long name among the properties: type, number, a count of 1, length, text."""
    for kind in (_WIDE, _NARROW):
        at = data.find(struct.pack("<HHI", kind, _LONG_NAME, 1))
        if at >= 0 and at + 12 <= len(data):
            length = struct.unpack_from("<I", data, at + 8)[0]
            raw = data[at + 12 : at + 12 + min(length, 1024)]
            if kind == _NARROW:
                return raw.rstrip(b"\0")
            text = raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass")
            return text.rstrip("\0").encode("utf-8", "surrogatepass")
    return b""


def _member(part: _Part, number: int) -> Member:
    return Member(
        name=part.name or b"part-%d" % (number + 1),
        size_bytes=part.size_bytes,
        kind=EntryKind.FILE,
        times=Times(),
        no_content="" if part.size_bytes else SkipReason.EMPTY.value,
    )
