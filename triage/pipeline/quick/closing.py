"""Draws the conclusion of a quick pass: final words for each hit, and what was not examined."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import triage
from triage.errors import HashSetError
from triage.grading import gaps as gaps_of
from triage.model.digest import Digests
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo
from triage.model.grade import Standing
from triage.model.problem import Problem, ProblemKind
from triage.model.record import ExhibitSummary
from triage.model.verdict import Tally
from triage.model.volume import VolumeInfo
from triage.pipeline.items import Surveyed, Unopened
from triage.pipeline.quick.reading import Reading
from triage.pipeline.quick.result import Effort, Ending, QuickHit, QuickResult
from triage.pipeline.quick.sets import Sought
from triage.pipeline.quick.values import Place, Unread
from triage.pipeline.quick.walking import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One image as it opened, or as it did not."""

    place: Place
    info: EvidenceInfo
    volumes: tuple[VolumeInfo, ...]
    problems: tuple[Problem, ...]
    damage: tuple[DamagedRange, ...]
    unopened: Unopened | None = None

    @classmethod
    def of(cls, location: str, found: Surveyed | Unopened) -> Evidence:
        """Give the evidence; an image that did not open stands for itself, so that it is told."""
        if isinstance(found, Surveyed):
            place = Place(location=location)
            return cls(
                place=place,
                info=found.info,
                volumes=found.volumes,
                problems=found.problems,
                damage=found.damage,
            )
        name = Path(location).name
        key = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        words = found.message.replace(str(Path(location).parent), "").lstrip("/\\")
        return cls(
            place=Place(location=location),
            info=EvidenceInfo(
                key=key, name=name, kind=ContainerKind.RAW, segments=(name,), size_bytes=0
            ),
            problems=(Problem(kind=ProblemKind.EVIDENCE_UNREADABLE, evidence=key, detail=words),),
            volumes=(),
            damage=(),
            unopened=found,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A quick pass as it came to its end."""

    started_at: str
    ending: Ending
    evidence: tuple[Evidence, ...]
    catalogue: Catalogue
    reading: Reading | None
    listed_all: bool
    hits: tuple[QuickHit, ...]
    workers: int


def concluded(done: Pass, sought: Sought, seconds: Callable[[], float]) -> QuickResult:
    """Give the result, every part of it in an order that does not depend on the workers."""
    reading = done.reading
    conflicts = tuple(reading.conflicts) if reading else ()
    hits, asked, refused = _held_against_all(done, sought)
    problems = _problems(done)
    tally = _tally(done)
    summary = _summary(done, sought, problems, tally)
    return QuickResult(
        started_at=done.started_at,
        tool_version=triage.__version__,
        ending=done.ending,
        evidence=summary.evidence,
        volumes=summary.volumes,
        problems=problems,
        sought=sought.sets(),
        asked=sought.good if asked else (),
        unasked=() if asked else sought.good,
        appearance_only=sought.appearance_only,
        schemes=tuple(
            (scheme.id, scheme.version, scheme.sha256()) for scheme in sought.schemes.values()
        ),
        hits=_in_order(hits, done.evidence),
        conflicts=_in_order(conflicts, done.evidence),
        unexamined=tuple(
            sorted(
                reading.unexamined if reading else (),
                key=lambda one: (one.evidence, one.volume, one.path, one.stream, one.reason),
            )
        ),
        gaps=(*_cut_short(done), *gaps_of.find(summary), *refused),
        tally=tally,
        effort=_effort(done, sought, seconds()),
    )


def _cut_short(done: Pass) -> tuple[str, ...]:
    """Say that a pass was stopped, however little was left: archives may not have been opened."""
    if done.ending is Ending.COMPLETE:
        return ()
    words = "the pass was stopped before its end"
    left = done.reading.archives_left if done.reading else 0
    if left:
        words += f": {gaps_of.counted(left, 'archive')} met and not opened"
    return (words,)


def _held_against_all(
    done: Pass, sought: Sought
) -> tuple[tuple[QuickHit, ...], bool, tuple[str, ...]]:
    """Judge the hits by the known-good sets too; tell whether they were asked, and why not."""
    if not done.hits or done.ending is Ending.INTERRUPTED:
        return done.hits, False, ()
    known = {one.digests.sha256: one.digests for one in done.hits}
    for hit in done.hits:
        known |= {one.sha256: one for one in hit.containers if isinstance(one, Digests)}
    try:
        judged = sought.judge_by_all(list(known.values()))
    except HashSetError as error:
        words = f"hits were not held against the known-good sets: {printable(error.message)}"
        return done.hits, False, (words,)
    by_digest = {sha256: (matches, proposal) for sha256, matches, proposal in judged}
    good = {sha256 for sha256, (_, one) in by_digest.items() if one.standing is Standing.KNOWN_GOOD}
    hits = []
    for hit in done.hits:
        matches, proposal = by_digest[hit.digests.sha256]
        beyond = _beyond(hit, good)
        hits.append(replace(hit, matches=matches, proposal=proposal, beyond=beyond))
    return tuple(hits), True, ()


def _beyond(hit: QuickHit, good: set[bytes]) -> str:
    """Say why a whole run does not come to a hit, if it does not."""
    for one in hit.containers:
        if isinstance(one, Unread):
            return f"an archive that it lies in cannot be read whole: {printable(one.detail)}"
        if one.sha256 in good:
            return "an archive that it lies in is listed as known-good"
    return ""


def _in_order(hits: Iterable[QuickHit], evidence: Sequence[Evidence]) -> tuple[QuickHit, ...]:
    place = {one.info.key: number for number, one in enumerate(evidence)}
    return tuple(sorted(hits, key=lambda hit: (place[hit.evidence_key], hit.entry.ref)))


def _tally(done: Pass) -> Tally:
    catalogue, reading = done.catalogue, done.reading
    skipped, failed = catalogue.skipped, reading.failed if reading else {}
    looked = reading.looked if reading else 0
    worked = looked + sum(failed.values()) + sum(skipped.values())
    pending = 0 if done.ending is Ending.COMPLETE else catalogue.listed - worked
    return Tally(
        listed=catalogue.listed,
        digested=looked,
        skipped=tuple(sorted(skipped.items())),
        failed=tuple(sorted((str(reason), count) for reason, count in failed.items())),
        pending=pending,
        digested_bytes=reading.read_bytes if reading else 0,
    )


def _summary(
    done: Pass, sought: Sought, problems: tuple[Problem, ...], tally: Tally
) -> ExhibitSummary:
    """Give what the gaps of a whole run are found from, so that the same words are used."""
    return ExhibitSummary(
        case="",
        exhibit="",
        evidence=tuple(one.info for one in done.evidence),
        volumes=tuple((one.info.key, volume) for one in done.evidence for volume in one.volumes),
        problems=problems,
        tally=tally,
        # A quick pass compares no picture with any set, and says so once for all of them.
        packs=tuple(replace(one, pictures_left_out=0) for one in sought.manifests),
        hits=(),
        distinct_hits=0,
        conflicts=0,
        pictures_hashed=0,
        pictures_failed=(),
        pictures_pending=0,
        listing_complete=done.listed_all,
        seconds=0.0,
        workers=done.workers,
        read_bytes=0,
    )


def _effort(done: Pass, sought: Sought, seconds: float) -> Effort:
    reading = done.reading
    whole = reading.read_whole if reading else 0
    return Effort(
        seconds=seconds,
        workers=done.workers,
        content_bytes=sum(done.catalogue.sizes),
        read_bytes=reading.read_bytes if reading else 0,
        read_whole=whole,
        ruled_out=reading.looked - whole if reading else 0,
        archives=reading.archives if reading else 0,
        distinct_sizes=len(sought.table.sizes),
    )


def _problems(done: Pass) -> tuple[Problem, ...]:
    found = set(done.catalogue.problems)
    for one in done.evidence:
        damage = done.catalogue.damage.get(one.place.location, set())
        found |= {_damage_problem(one.info.key, part) for part in _joined(damage)}
    return tuple(
        sorted(
            found,
            key=lambda one: (
                one.evidence,
                str(one.kind),
                one.volume,
                one.path,
                -1 if one.offset_bytes is None else one.offset_bytes,
                one.detail,
            ),
        )
    )


def _joined(damage: Iterable[DamagedRange]) -> list[DamagedRange]:
    """Join overlapping and adjacent ranges of one kind, as the case database does."""
    joined: list[DamagedRange] = []
    for one in sorted(damage, key=lambda one: (one.kind, one.offset_bytes, one.length_bytes)):
        last = joined[-1] if joined else None
        if last and last.kind == one.kind and last.length_bytes and one.length_bytes:
            last_end = last.offset_bytes + last.length_bytes
            if one.offset_bytes <= last_end:
                end = max(last_end, one.offset_bytes + one.length_bytes)
                joined[-1] = DamagedRange(
                    offset_bytes=last.offset_bytes,
                    length_bytes=end - last.offset_bytes,
                    kind=last.kind,
                )
                continue
        joined.append(one)
    return joined


def _damage_problem(evidence_key: str, one: DamagedRange) -> Problem:
    missing = one.kind in {DamageKind.MISSING_SEGMENT, DamageKind.TRUNCATED}
    return Problem(
        kind=ProblemKind.MISSING_SEGMENT if missing else ProblemKind.DAMAGED_RANGE,
        evidence=evidence_key,
        detail=f"{one.kind}: {one.detail}" if one.detail else str(one.kind),
        offset_bytes=one.offset_bytes,
        length_bytes=one.length_bytes,
    )
