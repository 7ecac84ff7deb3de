"""The queue of exhibits: leases, attempts, results and what happened in a night."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LeaseState(StrEnum):
    """What stands of an exhibit in the queue besides its stage."""

    FREE = "free"
    """Nobody works at it; it may be taken."""
    LEASED = "leased"
    """A worker has it and keeps its lease alive by heartbeats."""
    AWAY = "away"
    """Its image could not be found; it may be taken again when the image is back."""
    SET_ASIDE = "set-aside"
    """It failed too often: a person has to look; the reason is kept."""
    DONE = "done"


class AttemptEnd(StrEnum):
    """How an attempt at an exhibit ended."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By a deadline or a person; what was done is kept and it goes on later."""
    FAILED = "failed"
    LOST = "lost"
    """Its worker died or lost its lease; another one goes on."""
    AWAY = "away"
    """The image disappeared; no fault of the exhibit."""
    STORE = "store"
    """The database was away, locked or its disk full; no fault of the exhibit."""


class NightEvent(StrEnum):
    """What a night records besides its attempts; closed list."""

    STARTED = "started"
    ENDED = "ended"
    STOPPED = "stopped"
    DEADLINE = "deadline"
    NOT_STARTED = "not-started"
    """An exhibit was left for another night: it does not fit, with the figures why."""
    CLOCK_JUMP = "clock-jump"
    STORE_AWAY = "store-away"
    STORE_BACK = "store-back"
    DISK_FULL = "disk-full"
    DISK_FREE = "disk-free"
    IMAGE_AWAY = "image-away"
    IMAGE_BACK = "image-back"
    LEASE_LOST = "lease-lost"
    TAKEN_OVER = "taken-over"
    SET_ASIDE = "set-aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A batch process: ``name`` is unique among all that ever ran."""

    name: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work at one exhibit.

    Attributes:
        token: grows with every lease of the exhibit; what is written under an older one is refused.
        failures: attempts that failed, or died without getting anywhere, since the last success.
        goes_on: an earlier attempt began it.
    """

    ledger_id: int
    case: str
    exhibit: str
    image_path: str
    image_bytes: int
    token: int
    failures: int = 0
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """A lease as others see it: alive as long as ``beat`` keeps growing."""

    ledger_id: int
    case: str
    exhibit: str
    state: LeaseState
    token: int
    beat: int
    holder: str
    host: str
    pid: int
    taken_s: int
    beaten_s: int
    failures: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at an exhibit; time spent waiting in the queue is no part of ``seconds``."""

    ledger_id: int
    case: str
    exhibit: str
    token: int
    holder: str
    started_s: int
    ended_s: int
    end: AttemptEnd
    reason: str
    seconds: float
    read_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitResult:
    """What came out for an exhibit, as figures that metrics and summaries are made from.

    Attributes:
        colour: ``red``, ``amber`` or ``green``.
        hits: occurrences by category label, exact ones only, sorted.
        gaps: number of gaps that the result names.
        files: entries listed; ``known_good``: those whose content a known-good set holds.
        media: entries that are pictures or videos; ``pre_categorised``: those of them that a
            reference set names, known-good ones included; ``left``: those left for a person.
        seconds: work of all attempts; ``read_bytes``: bytes of contents read in them.
        done_s: when, seconds since 1970 UTC.
    """

    colour: str
    hits: tuple[tuple[str, int], ...]
    gaps: int
    files: int
    known_good: int
    media: int
    pre_categorised: int
    left: int
    seconds: float
    read_bytes: int
    done_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NightLine:
    """One event of a night; ``exhibit`` is ``case exhibit`` or empty."""

    at_s: int
    holder: str
    event: NightEvent
    exhibit: str = ""
    detail: str = ""
