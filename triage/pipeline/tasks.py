"""What runs in a worker: the only code that parses evidence.

Each worker opens the evidence for itself and keeps it open. Functions take one item and give one
value; both are plain values, so that a worker can be replaced at any time.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from triage.errors import EvidenceGone, TriageError
from triage.hashing.limits import PictureLimits
from triage.hashing.stream import DigestStream
from triage.ingest.archive import (
    ARCHIVE_MIMES,
    THUMBNAIL_MIMES,
    UNOPENED_ARCHIVE_MIMES,
    ArchiveLimits,
    list_members,
    read_content,
    touched_damage,
)
from triage.ingest.carved import reader_of
from triage.ingest.evidence import Evidence
from triage.ingest.filetype import HEAD_BYTES, detect, packed_silence, take_silence
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.secrets import take_secrets
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange, DamageKind
from triage.model.extents import unpacked
from triage.model.listing import Listing, joined
from triage.model.outcome import Done, Failed, FailReason, NoPicture, Outcome, PictureReason
from triage.model.problem import Problem
from triage.pipeline import opened
from triage.pipeline.items import (
    Decoded,
    Digested,
    FoldersItem,
    Listed,
    ListedFolders,
    PictureItem,
    PlacedDone,
    PlacedItem,
    ReadItem,
    RootsItem,
    RowItem,
    Surveyed,
    SurveyItem,
    TypesItem,
    Unopened,
    Visited,
    brief,
)
from triage.pipeline.opened import (
    close_evidence,
    damage_words,
    ends_with_evidence,
    evidence_at,
    new_damage,
    roots_of,
)
from triage.pipeline.visit import Visit
from triage.scheduler import turn

__all__ = ["close_evidence", "take_secrets", "take_silence"]

ANSWER_ENTRIES, ANSWER_S = 20_000, 1.0
"""Folders are listed for one answer until it holds so many entries, or has taken so long."""


@ends_with_evidence
def survey(item: SurveyItem) -> Surveyed | Unopened:
    """Open evidence and find its volumes."""
    try:
        evidence = evidence_at(item.location, live=item.live)
        found = evidence.survey()
    except EvidenceGone:
        raise
    except TriageError as error:
        return Unopened(message=error.message, hint=error.hint)
    return Surveyed(
        info=evidence.info,
        volumes=found.volumes,
        problems=found.problems,
        damage=new_damage(item.location),
        opened_archives=ARCHIVE_MIMES | THUMBNAIL_MIMES,
        unopened_archives=UNOPENED_ARCHIVE_MIMES,
        handover=pickle.dumps(evidence.handover()),
    )


def take_handover(found: tuple[str, bytes]) -> None:
    """Remember what another worker found in an image, for when it is opened here."""
    location, handover = found
    opened.take_handover((location, pickle.loads(handover)))  # noqa: S301  (our own worker)


def learn_types(_item: TypesItem) -> bytes:
    """Read what telling types needs, packed for other workers."""
    return packed_silence()


@ends_with_evidence
def find_roots(item: RootsItem) -> tuple[DirectoryRef, ...] | Problem:
    """Open a volume; the roots of its listing, or why there are none."""
    return roots_of(evidence_at(item.location), item.volume)


@ends_with_evidence
def list_folders(item: FoldersItem) -> ListedFolders:
    """List folders until there is enough for one answer, the first of them at least."""
    evidence = evidence_at(item.location)
    listings: list[Listing] = []
    entries, ends = 0, time.monotonic() + ANSWER_S
    for folder in item.folders:
        listing = evidence.filesystem(folder.volume).list_directory(folder)
        listings.append(listing)
        entries += len(listing.entries)
        if entries > ANSWER_ENTRIES or time.monotonic() > ends:
            break
    return ListedFolders(len(listings), joined(listings), new_damage(item.location))


@ends_with_evidence
def list_archive(item: ReadItem) -> Listed:
    """List the members of an archive."""
    evidence = evidence_at(item.location)
    filesystem = reader_of(evidence, item.entry)
    listing = list_members(filesystem, item.entry, ArchiveLimits())
    return Listed(listing=listing, damage=new_damage(item.location))


@ends_with_evidence
def visit_archive(item: ReadItem) -> Visited:
    """List the members of an archive, and digest them while it is open, as far as a visit goes."""
    evidence = evidence_at(item.location)
    filesystem = reader_of(evidence, item.entry)
    listing = list_members(filesystem, item.entry, ArchiveLimits())
    outcomes: list[PlacedDone | Outcome | None] = []
    visit = Visit()
    for member in listing.entries:
        if member.no_content:
            outcomes.append(None)
        elif visit.covers(member.size_bytes):
            outcomes.append(brief(_digested(evidence, member)))
        else:
            break
    damage = new_damage(item.location)
    return Visited(listing=listing, outcomes=tuple(outcomes), damage=damage)


@ends_with_evidence
def digest_entry(item: RowItem) -> PlacedDone | Digested:
    """Read an entry once: digests and type."""
    return _told(item.location, _digested(evidence_at(item.location), item.entry))


@ends_with_evidence
def digest_placed(item: PlacedItem) -> PlacedDone | Digested:
    """Read a content once by its place: digests and type."""
    evidence = evidence_at(item.location)
    extents = unpacked(item.extents, item.first_bytes, item.size_bytes)
    outcome = digested_bytes(
        lambda: evidence.placed(extents),
        lambda: evidence.hurt(extents),
        item.stream or _last(item.path),
    )
    return _told(item.location, outcome)


@ends_with_evidence
def decode_picture(item: PictureItem) -> Decoded:
    """Read a content again, hash it as a picture, and see what it says of itself."""
    from triage.hashing.exif import facts_of  # noqa: PLC0415  (not every run decodes)
    from triage.hashing.picture import hash_picture  # noqa: PLC0415  (not every run decodes)

    data = read_again(item)
    if isinstance(data, NoPicture):
        return Decoded(data)
    outcome = hash_picture(data, item.mime, item.limits, turned=item.turned)
    facts = facts_of(data)
    return Decoded(outcome, facts if facts.says_anything else None)


class Wanted(Protocol):
    """An item that names a content to be read again, and where."""

    @property
    def sha256(self) -> bytes:
        """Give its SHA-256."""

    @property
    def location(self) -> str:
        """Give the place of the evidence."""

    @property
    def entry(self) -> FileEntry:
        """Give the entry to read it from."""

    @property
    def limits(self) -> PictureLimits:
        """Give what is not even read."""


def read_again(item: Wanted) -> bytes | NoPicture:
    """Read a content whole; why not, where it is too large, unreadable or not what it was."""
    if item.entry.size_bytes > item.limits.max_bytes:
        detail = f"{item.entry.size_bytes} bytes, the limit is {item.limits.max_bytes}"
        return NoPicture(reason=PictureReason.TOO_MANY_BYTES, detail=detail)
    try:
        with turn():
            data = b"".join(_content(evidence_at(item.location), item.entry))
    except (ContentError, VolumeError) as error:
        return NoPicture(reason=PictureReason.UNREADABLE, detail=str(error))
    if hashlib.sha256(data).digest() != item.sha256:
        return NoPicture(
            reason=PictureReason.UNREADABLE, detail="it reads differently from when it was digested"
        )
    return data


def _told(location: str, outcome: Outcome) -> PlacedDone | Digested:
    """Give an outcome with the damage that was met on the way, where there was any."""
    damage = new_damage(location)
    short = brief(outcome)
    if damage or not isinstance(short, PlacedDone):
        return Digested(outcome=outcome, damage=damage)
    return short


def _digested(evidence: Evidence, entry: FileEntry) -> Outcome:
    return digested_bytes(
        lambda: _content(evidence, entry),
        lambda: touched_damage(reader_of(evidence, entry), entry),
        entry.ref.stream or _last(entry.ref.path),
    )


def digested_bytes(
    content: Callable[[], Iterator[bytes]],
    touching: Callable[[], tuple[DamagedRange, ...]],
    name: bytes,
) -> Outcome:
    """Digest a content.

    Args:
        content: gives its bytes in order.
        touching: asked after reading: the damaged ranges that the content lies on.
        name: that of the stream, or of the file for the default one.
    """
    stream, head = DigestStream(), b""
    try:
        for chunk in content():
            stream.update(chunk)
            if len(head) < HEAD_BYTES:
                head += chunk[: HEAD_BYTES - len(head)]
        touched = touching()
    except ContentError as error:
        return Failed(reason=error.reason, detail=error.detail)
    except VolumeError as error:
        return Failed(reason=FailReason.READ_ERROR, detail=error.message)
    lost = [one for one in touched if one.kind is not DamageKind.ACQUISITION_ERROR]
    if lost:
        return Failed(reason=FailReason.DAMAGED, detail=damage_words(lost))
    digests = stream.finish()
    kind = detect(head, name, digests.size_bytes)
    return Done(digests=digests, type=kind, damaged=bool(touched))


def _last(path: bytes) -> bytes:
    return path.rpartition(b"/")[2]


def _content(evidence: Evidence, entry: FileEntry) -> Iterator[bytes]:
    if entry.size_bytes == 0:
        return iter(())
    return read_content(reader_of(evidence, entry), entry)
