"""Opens what Outlook saves as single messages: attachments, also of messages within messages.

Names of storages, streams and properties are those of [MS-OXMSG] and [MS-OXPROPS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from triage.ingest.archives.compound_file import CompoundFile, Stored
from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.source import Source, guarded
from triage.model.entry import EntryKind, Times
from triage.model.outcome import SkipReason

PROPERTIES = "__properties_version1.0"
_ATTACHED = "__attach_version1.0_"
_DATA, _OBJECT = "__substg1.0_37010102", "__substg1.0_3701000D"
_NAMES = ("3707", "3704", "3001")
"""Long name, short name, name as shown."""
_WIDE, _NARROW = "001F", "001E"
_CHANGED, _SENT, _ARRIVED = 0x30080040, 0x00390040, 0x0E060040
_TOP_HEADER, _INNER_HEADER, _PART_HEADER = 32, 24, 8
_EPOCH_TICKS = 116_444_736_000_000_000
_NESTED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    name: bytes
    stream: Stored
    modified_ns: int | None


class MsgArchive:
    """One message."""

    checked = False

    def __init__(self, source: Source, limits: ArchiveLimits, compound: CompoundFile) -> None:
        self._compound = compound
        self._too_deep = self._linked = 0
        self._found: list[_Found] = []
        self.faults: tuple[str, ...] = ()
        with guarded("message of Outlook"):
            for one in self._message(compound.root, b"", 0):
                if len(self._found) >= limits.max_members:
                    self.faults = (f"stopped after {limits.max_members} attachments: limit",)
                    break
                self._found.append(one)
        budget = Budget(limits, source.size_bytes)
        self.members = tuple(
            budget.charged(_member(one), one.stream.size_bytes) for one in self._found
        )
        told = (
            (self._linked, "attachment(s) are links to what lies elsewhere"),
            (self._too_deep, "message(s) are nested too deep: not looked into"),
        )
        self.faults += tuple(f"{count} {words}" for count, words in told if count)
        self.faults += budget.faults()

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give an attachment."""
        with guarded("attachment of a message"):
            yield from self._compound.content(self._found[ordinal].stream)

    def window(self, ordinal: int) -> Source | None:
        """Give nothing: streams lie in pieces."""
        del ordinal
        return None

    def _message(self, message: Stored, prefix: bytes, deep: int) -> Iterator[_Found]:
        header = _INNER_HEADER if deep else _TOP_HEADER
        sent = self._time(message, header, (_SENT, _ARRIVED))
        number = 0
        for part in message.children:
            if part.is_stream or not part.name.startswith(_ATTACHED):
                continue
            number += 1
            yield from self._attachment(part, prefix, number, sent, deep)

    def _attachment(
        self, part: Stored, prefix: bytes, number: int, sent: int | None, deep: int
    ) -> Iterator[_Found]:
        name = prefix + (self._name(part) or b"part-%d" % number)
        changed = self._time(part, _PART_HEADER, (_CHANGED,)) or sent
        data, inner = part.get(_DATA), part.get(_OBJECT)
        if data is not None and data.is_stream:
            yield _Found(name=name, stream=data, modified_ns=changed)
        elif inner is None:
            self._linked += 1
        elif deep >= _NESTED:
            self._too_deep += 1
        elif inner.get(PROPERTIES) is not None:
            yield from self._message(inner, name + b"/", deep + 1)
        else:
            yield from _streams(inner, name + b"/", changed)

    def _name(self, part: Stored) -> bytes:
        for prop in _NAMES:
            wide = self._compound.whole(part.get(f"__substg1.0_{prop}{_WIDE}"))
            if wide:
                text = wide[: len(wide) // 2 * 2].decode("utf-16-le", "surrogatepass")
                return text.rstrip("\0").encode("utf-8", "surrogatepass")
            narrow = self._compound.whole(part.get(f"__substg1.0_{prop}{_NARROW}"))
            if narrow:
                return narrow.rstrip(b"\0")
        return b""

    def _time(self, of: Stored, header: int, wanted: tuple[int, ...]) -> int | None:
        """Give the first of some times that its properties of fixed length hold."""
        raw = self._compound.whole(of.get(PROPERTIES))[header:]
        found = {
            tag: ticks
            for tag, ticks in struct.iter_unpack("<I4xQ", raw[: len(raw) // 16 * 16])
            if tag in wanted
        }
        ticks = next((found[tag] for tag in wanted if tag in found), 0)
        return (ticks - _EPOCH_TICKS) * 100 if 0 < ticks < 1 << 62 else None


def _streams(storage: Stored, prefix: bytes, modified_ns: int | None) -> Iterator[_Found]:
    """Give all streams of an embedded object."""
    for one in storage.children:
        name = prefix + one.name.encode("utf-8", "surrogatepass")
        if one.is_stream:
            yield _Found(name=name, stream=one, modified_ns=modified_ns)
        else:
            yield from _streams(one, name + b"/", modified_ns)


def _member(one: _Found) -> Member:
    size = one.stream.size_bytes
    return Member(
        name=one.name,
        size_bytes=size,
        kind=EntryKind.FILE,
        times=Times(modified_ns=one.modified_ns),
        no_content="" if size else SkipReason.EMPTY.value,
    )
