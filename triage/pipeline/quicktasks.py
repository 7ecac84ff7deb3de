"""What runs in a worker for the quick pass: no more of a content is read than its size asks for."""

from __future__ import annotations

import hashlib
import pickle
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from triage.errors import TriageError
from triage.hashing.stream import DigestStream
from triage.ingest.archive import (
    ARCHIVE_MIMES,
    UNOPENED_ARCHIVE_MIMES,
    ArchiveLimits,
    list_members,
    read_content,
    touched_damage,
)
from triage.ingest.evidence import Evidence, open_evidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.filetype import HEAD_BYTES, detect
from triage.ingest.packedmarks import LOOK_BYTES, may_be_archive
from triage.ingest.reading import ContentError, VolumeError, overlapping
from triage.matching.layout import STRENGTH
from triage.model.digest import Digests
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange, DamageKind
from triage.model.listing import Listing
from triage.model.outcome import FailReason
from triage.model.problem import Problem, ProblemKind
from triage.pipeline.quickvalues import (
    Digested,
    EntryItem,
    FolderItem,
    Found,
    Looked,
    Place,
    Surveyed,
    Unopened,
    Unread,
    VolumeItem,
)

_KEPT_CONTAINERS = 16
_MOST = 2**63 - 1

_opened: dict[str, Evidence] = {}
_reported: dict[str, set[DamagedRange]] = {}
_digested: dict[tuple[str, FileEntry], Digested | Unread] = {}
"""Archives that a hit lay in, so that a second hit in the same one does not read it again."""


def survey(place: Place) -> Surveyed | Unopened:
    """Open evidence and find its volumes."""
    try:
        evidence = _evidence(place)
        found = evidence.survey()
    except TriageError as error:
        return Unopened(message=error.message, hint=error.hint)
    return Surveyed(
        info=evidence.info,
        volumes=found.volumes,
        problems=found.problems,
        damage=_new_damage(place, evidence),
    )


def find_roots(item: VolumeItem) -> tuple[DirectoryRef, ...] | Problem:
    """Open a volume; the roots of its listing, or why there are none."""
    evidence = _evidence(item.place)
    try:
        return evidence.filesystem(item.volume).roots()
    except VolumeError as error:
        return Problem(
            kind=ProblemKind.VOLUME_DAMAGED,
            evidence=evidence.info.key,
            volume=item.volume,
            detail=error.message.removeprefix(f"volume {item.volume}: "),
        )


def list_folder(item: FolderItem) -> Found:
    """List one folder."""
    evidence = _evidence(item.place)
    listing = evidence.filesystem(item.folder.volume).list_directory(item.folder)
    return _found(item.place, evidence, listing)


def list_archive(item: EntryItem) -> Found:
    """List the members of an archive."""
    evidence, entry = _evidence(item.place), _entry(item)
    listing = list_members(evidence.filesystem(entry.ref.volume), entry, ArchiveLimits())
    return _found(item.place, evidence, listing)


def look(item: EntryItem) -> Looked | Unread:
    """Read an entry as far as is asked for, and tell whether it is an archive."""
    evidence, entry = _evidence(item.place), _entry(item)
    try:
        filesystem = evidence.filesystem(entry.ref.volume)
        if item.bits:
            digests, head = _some_digests(filesystem, entry, item.bits)
            lost = _lost(filesystem, entry)
        else:
            digests, head = (), _start(filesystem, entry, LOOK_BYTES)
            lost = _lost_at_start(evidence, filesystem, entry)
        archive = "" if lost else _archive(filesystem, entry, head)
    except ContentError as error:
        return _unread(item.place, evidence, error.reason, error.detail)
    except VolumeError as error:
        return _unread(item.place, evidence, FailReason.READ_ERROR, error.message)
    if lost:
        return _unread(item.place, evidence, FailReason.DAMAGED, _damage_words(lost))
    return Looked(
        digests=digests,
        archive=archive,
        opens=archive in ARCHIVE_MIMES,
        damage=_new_damage(item.place, evidence),
    )


def confirm(item: EntryItem) -> Digested | Unread:
    """Read an entry whole for all three digests, and the archives that it lies in."""
    evidence, entry = _evidence(item.place), _entry(item)
    own = _all_digests(evidence, entry)
    if isinstance(own, Unread):
        return _unread(item.place, evidence, own.reason, own.detail)
    containers: list[Digests | Unread] = []
    while entry.container is not None:
        entry = entry.container
        key = item.place.location, entry
        if key not in _digested:
            while len(_digested) >= _KEPT_CONTAINERS:
                _digested.pop(next(iter(_digested)))
            _digested[key] = _all_digests(evidence, entry)
        known = _digested[key]
        containers.insert(0, known if isinstance(known, Unread) else known.digests)
    return Digested(digests=own.digests, containers=tuple(containers), damaged=own.damaged)


def close_evidence() -> None:
    """Close what this process has opened: for tests and for runs without workers."""
    for evidence in _opened.values():
        evidence.close()
    _opened.clear()
    _reported.clear()
    _digested.clear()


def _found(place: Place, evidence: Evidence, listing: Listing) -> Found:
    """Part entries with content from those without, whose reason is all that is still needed."""
    readable = [entry for entry in listing.entries if not entry.no_content]
    skipped = Counter(entry.no_content for entry in listing.entries if entry.no_content)
    offsets = (entry.first_block_offset_bytes for entry in readable)
    rows = [pickle.dumps(entry, pickle.HIGHEST_PROTOCOL) for entry in readable]
    return Found(
        listed=len(listing.entries),
        skipped=tuple(sorted(skipped.items())),
        sizes=array("Q", [min(max(entry.size_bytes, 0), _MOST) for entry in readable]).tobytes(),
        offsets=array("q", [-1 if one is None else min(one, _MOST) for one in offsets]).tobytes(),
        rows=b"".join(rows),
        ends=array("Q", accumulate(map(len, rows))).tobytes(),
        directories=listing.directories,
        problems=listing.problems,
        damage=_new_damage(place, evidence),
    )


def _some_digests(
    filesystem: FileSystem, entry: FileEntry, bits: int
) -> tuple[tuple[bytes, ...], bytes]:
    """Give the digests asked for and the first bytes."""
    streams: list[Any] = [
        hashlib.new(name, usedforsecurity=False)
        for place, name in enumerate(STRENGTH)
        if bits >> place & 1
    ]
    head = b""
    for chunk in _content(filesystem, entry):
        if len(head) < HEAD_BYTES:
            head += chunk[: HEAD_BYTES - len(head)]
        for stream in streams:
            stream.update(chunk)
    return tuple(stream.digest() for stream in streams), head


def _archive(filesystem: FileSystem, entry: FileEntry, head: bytes) -> str:
    """Give the type where the whole pass would open the entry, or name it as an archive."""
    if not may_be_archive(head[:LOOK_BYTES]):
        return ""
    if len(head) < min(HEAD_BYTES, entry.size_bytes):
        head = _start(filesystem, entry, HEAD_BYTES)
    name = entry.ref.stream or entry.ref.path.rpartition(b"/")[2]
    mime = detect(head, name, entry.size_bytes).mime
    return mime if mime in ARCHIVE_MIMES or mime in UNOPENED_ARCHIVE_MIMES else ""


def _start(filesystem: FileSystem, entry: FileEntry, length_bytes: int) -> bytes:
    """Give the first bytes, fewer where the content is shorter."""
    length = min(length_bytes, entry.size_bytes)
    if not length:
        return b""
    if entry.container is None:
        return filesystem.read_range(entry, 0, length)
    head = b""
    for chunk in read_content(filesystem, entry):
        head += chunk[: length - len(head)]
        if len(head) >= length:
            break
    return head


def _all_digests(evidence: Evidence, entry: FileEntry) -> Digested | Unread:
    """Digest a content as the whole pass does."""
    stream = DigestStream()
    try:
        filesystem = evidence.filesystem(entry.ref.volume)
        for chunk in _content(filesystem, entry):
            stream.update(chunk)
        touched = touched_damage(filesystem, entry)
    except ContentError as error:
        return Unread(reason=error.reason, detail=error.detail)
    except VolumeError as error:
        return Unread(reason=FailReason.READ_ERROR, detail=error.message)
    lost = [one for one in touched if one.kind is not DamageKind.ACQUISITION_ERROR]
    if lost:
        return Unread(reason=FailReason.DAMAGED, detail=_damage_words(lost))
    return Digested(digests=stream.finish(), damaged=bool(touched))


def _content(filesystem: FileSystem, entry: FileEntry) -> Iterator[bytes]:
    return read_content(filesystem, entry) if entry.size_bytes else iter(())


def _lost(filesystem: FileSystem, entry: FileEntry) -> list[DamagedRange]:
    """Give the damage that leaves the content unknown; what the imager recorded does not."""
    touched = touched_damage(filesystem, entry)
    return [one for one in touched if one.kind is not DamageKind.ACQUISITION_ERROR]


def _lost_at_start(
    evidence: Evidence, filesystem: FileSystem, entry: FileEntry
) -> list[DamagedRange]:
    """Give the damage under the part that was read; further on only the size was asked."""
    if not evidence.damage():
        return []
    lost = _lost(filesystem, entry)
    if not entry.extents:
        return lost
    left, runs = LOOK_BYTES, []
    for offset, length in entry.extents:
        if left <= 0:
            break
        runs.append((offset, min(length, left)))
        left -= length
    return list(overlapping(tuple(lost), tuple(runs)))


def _entry(item: EntryItem) -> FileEntry:
    entry: FileEntry = pickle.loads(item.row)  # noqa: S301  (our own worker wrote it)
    return entry


def _unread(place: Place, evidence: Evidence, reason: FailReason, detail: str) -> Unread:
    return Unread(reason=reason, detail=detail, damage=_new_damage(place, evidence))


def _damage_words(lost: list[DamagedRange]) -> str:
    kinds = ", ".join(sorted({str(one.kind) for one in lost}))
    return f"its content lies on damaged parts of the image ({kinds})"


def _evidence(place: Place) -> Evidence:
    if place.location not in _opened:
        _opened[place.location] = open_evidence(Path(place.location))
        _reported[place.location] = set()
    return _opened[place.location]


def _new_damage(place: Place, evidence: Evidence) -> tuple[DamagedRange, ...]:
    """Give the damaged ranges met since the last call, so that nothing is sent twice."""
    damage = evidence.damage()
    reported = _reported[place.location]
    if len(damage) == len(reported):
        return ()
    met = set(damage) - reported
    reported |= met
    return tuple(sorted(met))
