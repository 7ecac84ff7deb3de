"""Tells by its directory what a compound file is, and opens those that hold files."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.archives.compound_file import MARK, CompoundFile
from triage.ingest.archives.member import Archive, ArchiveLimits, Member
from triage.ingest.archives.msg import PROPERTIES, MsgArchive
from triage.ingest.archives.source import Source
from triage.ingest.archives.thumbs_db import ThumbsDb, is_thumbs
from triage.ingest.reading import ContentError
from triage.model.outcome import FailReason


def recognises(head: bytes) -> bool:
    """Tell a compound file by its mark."""
    return head.startswith(MARK)


class _Nothing:
    """A compound file of another kind, which is no archive."""

    members: tuple[Member, ...] = ()
    faults: tuple[str, ...] = ()
    checked = False

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give nothing: there are no members."""
        raise ContentError(FailReason.NAME_VANISHED, f"no member {ordinal}")

    def window(self, ordinal: int) -> Source | None:
        """Give nothing."""
        del ordinal
        return None


def open_compound(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
    """Open a message of Outlook, or a Thumbs.db; any other compound file has no members."""
    del name
    compound = CompoundFile(source)
    if compound.root.get(PROPERTIES) is not None:
        return MsgArchive(source, limits, compound)
    if is_thumbs(compound):
        return ThumbsDb(source, limits, compound)
    return _Nothing()
