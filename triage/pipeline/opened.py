"""The evidence that a worker has opened: once a place, kept open, its damage told once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from triage.errors import EvidenceGone
from triage.ingest.evidence import Evidence, Handover, reopen_evidence
from triage.ingest.reading import VolumeError
from triage.model.entry import DirectoryRef
from triage.model.evidence import DamagedRange
from triage.model.problem import Problem, ProblemKind


class OfEvidence(Protocol):
    """An item that says where its evidence lies."""

    @property
    def location(self) -> str:
        """Give the place."""


ItemT = TypeVar("ItemT", bound=OfEvidence)
ValueT = TypeVar("ValueT")

_opened: dict[str, Evidence] = {}
_reported: dict[str, set[DamagedRange]] = {}
_handovers: dict[str, Handover] = {}


def evidence_at(location: str, *, live: bool = False) -> Evidence:
    """Open the evidence at a place, or give it as it was opened before.

    Args:
        live: a folder there is in use.

    Raises:
        EvidenceError: it does not open.
        EvidenceGone: it had opened, and does not now or is no longer what was listed.
    """
    if location not in _opened:
        _opened[location] = reopen_evidence(Path(location), _handovers.get(location), live=live)
        _reported[location] = set()
    return _opened[location]


def take_handover(found: tuple[str, Handover]) -> None:
    """Keep what another worker found at opening the evidence at a place."""
    location, handover = found
    _handovers[location] = handover


def ends_with_evidence(task: Callable[[ItemT], ValueT]) -> Callable[[ItemT], ValueT]:
    """Let a task give nothing once its evidence is gone, whatever it made of that.

    A library that is told of a failing read may leave out names or give a content as unreadable,
    as if the evidence were so; that must not be settled.

    Raises:
        EvidenceGone: it is not there any more; it is opened anew when it is asked for again.
    """

    @functools.wraps(task)
    def attentive(item: ItemT) -> ValueT:
        try:
            value = task(item)
        except Exception as error:
            _check(item.location, error)
            raise
        _check(item.location, None)
        return value

    return attentive


def _check(location: str, error: Exception | None) -> None:
    evidence = _opened.get(location)
    words = evidence.gone() if evidence is not None else ""
    if evidence is not None and (words or isinstance(error, EvidenceGone)):
        evidence.close()
        del _opened[location], _reported[location]
    if words:
        raise EvidenceGone(words) from error


def close_at(location: str) -> None:
    """Close the evidence at a place; it is opened anew when it is asked for again."""
    evidence = _opened.pop(location, None)
    if evidence is not None:
        evidence.close()
        del _reported[location]


def keep_open(most: int) -> None:
    """Close what was opened first, until so many are open."""
    for location in list(_opened)[: max(len(_opened) - most, 0)]:
        close_at(location)


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
