"""The evidence that a worker has opened: once a place, kept open, its damage told once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from triage.ingest.evidence import Evidence, Handover, reopen_evidence
from triage.ingest.reading import VolumeError
from triage.model.entry import DirectoryRef
from triage.model.evidence import DamagedRange
from triage.model.problem import Problem, ProblemKind

_opened: dict[str, Evidence] = {}
_reported: dict[str, set[DamagedRange]] = {}
_handovers: dict[str, Handover] = {}


def evidence_at(location: str) -> Evidence:
    """Open the evidence at a place, or give it as it was opened before.

    Raises:
        EvidenceError: it does not open, or is no longer what was listed.
    """
    if location not in _opened:
        _opened[location] = reopen_evidence(Path(location), _handovers.get(location))
        _reported[location] = set()
    return _opened[location]


def take_handover(found: tuple[str, Handover]) -> None:
    """Keep what another worker found at opening the evidence at a place."""
    location, handover = found
    _handovers[location] = handover


def close_evidence() -> None:
    """Close what this process has opened: for tests and for runs without workers."""
    for evidence in _opened.values():
        evidence.close()
    _opened.clear()
    _reported.clear()
    _handovers.clear()


def roots_of(evidence: Evidence, volume: str) -> tuple[DirectoryRef, ...] | Problem:
    """Open a volume; the roots of its listing, or why there are none."""
    try:
        return evidence.filesystem(volume).roots()
    except VolumeError as error:
        return Problem(
            kind=ProblemKind.VOLUME_DAMAGED,
            evidence=evidence.info.key,
            volume=volume,
            detail=error.message.removeprefix(f"volume {volume}: "),
        )


def new_damage(location: str) -> tuple[DamagedRange, ...]:
    """Give the damaged ranges met since the last call, so that nothing is sent twice."""
    known, reported = _opened[location].damage(), _reported[location]
    if len(known) == len(reported) and reported.issuperset(known):
        return ()
    met = set(known) - reported
    reported |= met
    return tuple(sorted(met))


def damage_words(lost: Iterable[DamagedRange]) -> str:
    """Say on what kinds of damage a content lies."""
    kinds = ", ".join(sorted({str(one.kind) for one in lost}))
    return f"its content lies on damaged parts of the image ({kinds})"
