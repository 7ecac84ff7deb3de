"""What runs in a worker that looks for files without a name."""

from __future__ import annotations

from dataclasses import dataclass

from triage.hashing.soundness import soundness
from triage.ingest.carved import medium_of
from triage.ingest.carving import Find, Search
from triage.ingest.evidence import Evidence
from triage.ingest.reading import VolumeError, overlapping
from triage.ingest.spaces import space_of
from triage.ingest.stretches import Stretches
from triage.model.carving import FreeStretches, Space
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Origin
from triage.pipeline.carveitems import Found, GivenSpace, PartItem, SearchedPart, SpaceItem
from triage.pipeline.items import brief
from triage.pipeline.opened import ends_with_evidence, evidence_at, new_damage
from triage.pipeline.tasks import digested_bytes

VISIT_BYTES = 32 << 20
"""What is larger is read by itself, as any other entry is."""

_given: dict[tuple[str, str, Space], GivenSpace] = {}


@dataclass(slots=True)
class _Held:
    """The space that was looked through last, so that what was read of it is at hand."""

    evidence: Evidence | None = None
    given: GivenSpace | None = None
    stretches: Stretches | None = None


_held = _Held()


@ends_with_evidence
def find_space(item: SpaceItem) -> FreeStretches | None:
    """Give what no file of a volume holds; nothing where that cannot be looked through."""
    try:
        return space_of(evidence_at(item.location), item.volume)
    except VolumeError:
        return None


def take_space(given: GivenSpace) -> None:
    """Remember stretches for the parts that follow; those of before are over."""
    _given.clear()
    _given[given.location, given.volume, given.space] = given


@ends_with_evidence
def search_part(item: PartItem) -> SearchedPart:
    """Find the files that begin in a part, and digest them while they are at hand."""
    evidence = evidence_at(item.location)
    given = _given[item.location, item.volume, item.space]
    stretches = _stretches(evidence, given)
    search = Search(
        stretches,
        lambda data, _: soundness(data, item.limits),
        bridged=given.placed and given.space is not Space.SLACK,
    )
    found: list[Found] = []
    rejected: list[int] = []
    for one in search.part(item.first, item.last):
        if isinstance(one, Find):
            found.append(_found(evidence, given, stretches, one))
        else:
            rejected.append(one)
    return SearchedPart(tuple(found), tuple(rejected), new_damage(item.location))


def _stretches(evidence: Evidence, given: GivenSpace) -> Stretches:
    if _held.stretches is None or _held.evidence is not evidence or _held.given is not given:
        read = medium_of(evidence, given.volume).read_content
        _held.evidence, _held.given = evidence, given
        _held.stretches = Stretches(read, given.stretches)
    return _held.stretches


def _found(evidence: Evidence, given: GivenSpace, stretches: Stretches, one: Find) -> Found:
    places = stretches.extents(one.at, one.size_bytes)
    place = places[0][0]
    entry = FileEntry(
        ref=EntryRef(
            evidence=evidence.info.key,
            volume=given.volume,
            path=f"/$Carved/{place:016d}.{one.extension}".encode(),
            address=place,
        ),
        kind=EntryKind.FILE,
        allocation=Allocation.DELETED,
        size_bytes=one.size_bytes,
        first_block_offset_bytes=place if given.placed else None,
        extents=places if given.placed else (),
        origin=Origin.CARVED,
        partial=one.partial,
    )
    outcome = None
    if one.size_bytes <= VISIT_BYTES:
        medium = medium_of(evidence, given.volume)
        outcome = brief(
            digested_bytes(
                lambda: iter((stretches.read(one.at, one.size_bytes),)),
                lambda: overlapping(medium.damage(), places),
                entry.ref.path,
            )
        )
    return Found(one.at, one.end, entry, outcome)
