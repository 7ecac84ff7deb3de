"""Opens messages and mailboxes: what is attached to them, and pictures that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.ingest.archives import mime_coding
from triage.ingest.archives.member import Archive, ArchiveLimits, Budget, Member
from triage.ingest.archives.mime_headers import ending
from triage.ingest.archives.mime_scan import Leaf, Scan
from triage.ingest.archives.source import Source, WindowSource, guarded
from triage.ingest.mailmarks import APPLE_MESSAGE, MAILBOX, MESSAGE, may_be_mail
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind, Times
from triage.model.outcome import SkipReason

_LENGTH_LINE = re.compile(rb"(\d{1,10}) *\r?\n")
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = "application/pgp-encrypted"
_SIGNED_BYTES = 1024


def is_message(head: bytes) -> bool:
    """Tell a message by its header, as far as that is seen."""
    return may_be_mail(head) == MESSAGE


def is_mbox(head: bytes) -> bool:
    """Tell an mbox by its first line and the header behind it."""
    return may_be_mail(head) == MAILBOX


def is_emlx(head: bytes) -> bool:
    """Tell a message of Apple Mail, before which its length stands."""
    return may_be_mail(head) == APPLE_MESSAGE


class MailArchive:
    """One message, or all those of an mbox, as the parts that are not their texts.

    A part that is a message itself is entered: its own parts stand beside those of the outer one.

    Args:
        start, end: the stretch to look at.
        mbox: names begin with the number of the message.
    """

    checked = False

    def __init__(
        self, source: Source, limits: ArchiveLimits, *, start: int, end: int, mbox: bool
    ) -> None:
        self._source = source
        self._mbox = mbox
        self._leaves: list[Leaf] = []
        self.faults: tuple[str, ...] = ()
        self._sealed = self._elsewhere = 0
        budget = Budget(limits, source.size_bytes)
        self.members = tuple(self._listed(Scan(source, start, end, mbox=mbox), budget, limits))
        self.faults += budget.faults()

    def content(self, ordinal: int) -> Iterator[bytes]:
        """Give a part, its encoding undone."""
        leaf = self._leaves[ordinal]
        with guarded("part of a message"):
            pieces = mime_coding.raw(self._source, leaf.start_bytes, leaf.end_bytes)
            yield from mime_coding.decoded(leaf.header.encoding, pieces)

    def window(self, ordinal: int) -> Source | None:
        """Give a part that is not encoded."""
        leaf = self._leaves[ordinal]
        if not mime_coding.is_plain(leaf.header.encoding):
            return None
        return WindowSource(self._source, leaf.start_bytes, leaf.end_bytes - leaf.start_bytes)

    def _listed(self, scan: Scan, budget: Budget, limits: ArchiveLimits) -> Iterator[Member]:
        try:
            with guarded("message"):
                for leaf in scan.leaves():
                    if not _is_listed(leaf):
                        continue
                    if len(self._leaves) >= limits.max_members:
                        self.faults += (f"stopped after {limits.max_members} parts: limit",)
                        break
                    self._leaves.append(leaf)
                    yield budget.charged(self._member(leaf), leaf.end_bytes - leaf.start_bytes)
        except ContentError as error:
            self.faults += (f"after {len(self._leaves)} parts: {error.detail}",)
        self.faults += self._words(scan)

    def _member(self, leaf: Leaf) -> Member:
        header = leaf.header
        self._sealed += header.kind in _SEALED or header.kind == _PGP
        self._elsewhere += header.elsewhere
        pieces = mime_coding.raw(self._source, leaf.start_bytes, leaf.end_bytes)
        size = mime_coding.decoded_size(header.encoding, pieces)
        return Member(
            name=self._name(leaf),
            size_bytes=size,
            kind=EntryKind.FILE,
            times=Times(modified_ns=leaf.date_ns),
            compressed=not mime_coding.is_plain(header.encoding),
            no_content="" if size else SkipReason.EMPTY.value,
        )

    def _name(self, leaf: Leaf) -> bytes:
        kind = leaf.header.kind
        name = leaf.header.name or b"part-%d%s" % (len(self._leaves), ending(kind))
        return b"%06d/%s" % (leaf.message, name) if self._mbox else name

    def _words(self, scan: Scan) -> tuple[str, ...]:
        told = (
            (self._sealed, "part(s) are encrypted or sealed (S/MIME, PGP): not looked into"),
            (self._elsewhere, "part(s) were taken out of the message and lie in other files"),
            (scan.too_deep, "part(s) are nested too deep: not looked into"),
            (any(leaf.cut for leaf in self._leaves), "part is cut off by the end of the message"),
        )
        return tuple(f"{int(count)} {words}" for count, words in told if count)


def _is_listed(leaf: Leaf) -> bool:
    """Leave out texts without a name: what a person reads as the message itself."""
    return bool(leaf.header.name) or not leaf.header.kind.startswith("text/")


def open_message(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
    """Open one message."""
    del name
    return MailArchive(source, limits, start=0, end=source.size_bytes, mbox=False)


def open_mbox(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
    """Open messages one behind the other."""
    del name
    start = source.read_at(0, _SIGNED_BYTES).find(b"\n") + 1
    return MailArchive(source, limits, start=start, end=source.size_bytes, mbox=True)


def open_emlx(source: Source, limits: ArchiveLimits, name: bytes) -> Archive:
    """Open a message of Apple Mail, behind which a property list stands."""
    del name
    found = _LENGTH_LINE.match(source.read_at(0, _SIGNED_BYTES))
    start = found.end() if found else 0
    length = int(found.group(1)) if found else source.size_bytes
    end = min(start + length, source.size_bytes)
    return MailArchive(source, limits, start=start, end=end, mbox=False)
