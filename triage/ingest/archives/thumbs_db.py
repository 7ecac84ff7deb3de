"""Thumbs.db: the small copies that Windows kept in each folder of pictures, with their names."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from triage.ingest.archives.compound_file import CompoundFile, Stored
from triage.ingest.archives.member import ArchiveLimits, Budget, Member
from triage.ingest.archives.small_copies import ending
from triage.ingest.archives.source import Source
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind, Origin, Times
from triage.model.outcome import FailReason

_CATALOG = "Catalog"
_MOST_CATALOG_BYTES = 16 * 1024 * 1024
_NAMED_BY_SIZE = re.compile(r"\d{2,4}_[0-9a-fA-F]{8,16}")
_NUMBERED = re.compile(r"\d{1,7}")
_LOOK_BYTES = 96
_EPOCH_TICKS = 116_444_736_000_000_000


def is_thumbs(compound: CompoundFile) -> bool:
    """Tell by its streams: a catalog beside numbers, or names of a size and a number."""
    names = [one.name for one in compound.root.children if one.is_stream]
    if _CATALOG in names:
        return any(_NUMBERED.fullmatch(name) for name in names)
    return any(_NAMED_BY_SIZE.fullmatch(name) for name in names)


class ThumbsDb:
    """The copies of one Thumbs.db.

    A member is called as the original was, where the catalog tells that, so that it lies where
    the original lay but for the Thumbs.db in its path; else by the name of its stream.
    """

    checked = False

    def __init__(self, source: Source, limits: ArchiveLimits, compound: CompoundFile) -> None:
        budget = Budget(limits, source.size_bytes)
        self._compound = compound
        told = _catalog(compound)
        streams = [
            one
            for one in compound.root.children
            if one.is_stream and one.name != _CATALOG and _is_copy(one.name)
        ]
        self._streams: list[tuple[Stored, int]] = []
        members: list[Member] = []
        for stream in streams[: limits.max_members]:
            skip, kind = _beginning(compound, stream)
            name, ticks = told.get(stream.name, ("", 0))
            plain = stream.name.encode("utf-8", "replace") + (kind or b".bin")
            member = Member(
                name=name.encode("utf-8", "surrogatepass") if name else plain,
                size_bytes=max(0, stream.size_bytes - skip),
                kind=EntryKind.FILE,
                times=Times(modified_ns=(ticks - _EPOCH_TICKS) * 100 if ticks else None),
                origin=Origin.THUMBNAIL,
                detail="" if kind else "a small copy of a kind that is not decoded",
            )
            members.append(budget.charged(member, member.size_bytes))
            self._streams.append((stream, skip))
        self.members = tuple(members)
        left = len(streams) - len(members)
        more = (f"{left} more small copies are not listed",) if left else ()
        self.faults = (*more, *budget.faults())

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give a copy, without the head that Windows puts before it.

        Raises:
            ContentError: its stream ends before it does.
        """
        if not 0 <= ordinal < len(self._streams):
            raise ContentError(FailReason.NAME_VANISHED, f"no member {ordinal}")
        stream, skip = self._streams[ordinal]
        for piece in self._compound.content(stream):
            part = piece[skip:]
            skip = max(0, skip - len(piece))
            if part:
                yield part

    def window(self, ordinal: int) -> Source | None:
        """Give nothing: the sectors of a stream lie apart."""
        del ordinal
        return None


def _is_copy(name: str) -> bool:
    return bool(_NUMBERED.fullmatch(name) or _NAMED_BY_SIZE.fullmatch(name))


def _beginning(compound: CompoundFile, stream: Stored) -> tuple[int, bytes]:
    """Give how long the head of a stream is, and the ending of what follows.

    The first number is the length of the head: 12, 16 or 24 bytes by the version of Windows.
    """
    try:
        start = b"".join(islice(compound.content(stream), 1))[:_LOOK_BYTES]
    except ContentError:
        return 0, b""
    told = int.from_bytes(start[:4], "little")
    for skip in (told, 12, 16, 24, 28):
        if 4 <= skip < _LOOK_BYTES and ending(start[skip : skip + 8]):
            return skip, ending(start[skip : skip + 8])
    return 0, b""


def _catalog(compound: CompoundFile) -> dict[str, tuple[str, int]]:
    """Give name and time of the originals, by the names of the streams of their copies.

    After a head whose first two bytes are its length, each record is its length, the number of
    the copy, a time in ticks of 100 ns since 1601, and the name in UTF-16 with zeros behind it.
    A stream is called as the number, its digits the other way round.
    """
    try:
        data = compound.whole(compound.root.get(_CATALOG), _MOST_CATALOG_BYTES)
    except ContentError:
        return {}
    found: dict[str, tuple[str, int]] = {}
    at = int.from_bytes(data[:2], "little")
    while at + 16 <= len(data):
        length, number, ticks = struct.unpack_from("<IIQ", data, at)
        if length < 18:
            break
        raw = data[at + 16 : at + length]
        name = raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass").split("\0")[0]
        if name:
            plausible = _EPOCH_TICKS < ticks < 1 << 62
            found[str(number)[::-1]] = (name, ticks if plausible else 0)
        at += length
    return found
