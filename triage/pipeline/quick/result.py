"""What a quick pass found, what it looked for, and what it did not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.model.digest import Digests
from triage.model.entry import FileEntry
from triage.model.evidence import EvidenceInfo
from triage.model.grade import Proposal, Standing
from triage.model.hashset import PackManifest
from triage.model.match import Match
from triage.model.outcome import FailReason
from triage.model.problem import Problem
from triage.model.verdict import Tally
from triage.model.volume import VolumeInfo
from triage.pipeline.quick.values import Unread


class Ending(StrEnum):
    """How a quick pass came to its end."""

    COMPLETE = "complete"
    FIRST_HIT = "stopped-at-first-hit"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoughtSet:
    """A set whose records were looked for.

    Attributes:
        records: those with an exact digest; ``unsized``: those of them that state no size.
    """

    manifest: PackManifest
    records: int
    unsized: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickHit:
    """A content in one place that agrees with a record in every digest that the record has.

    Attributes:
        containers: digests of the archives that it lies in, outermost first.
        beyond: why a whole run does not report it, in words; ``""`` where it does.
        damaged: digested over a range that the imager recorded as unreadable.
    """

    evidence_key: str
    entry: FileEntry
    digests: Digests
    containers: tuple[Digests | Unread, ...]
    matches: tuple[Match, ...]
    proposal: Proposal
    beyond: str = ""
    damaged: bool = False

    @property
    def bad(self) -> bool:
        """Whether it is known-bad; else it is listed, and a person must look."""
        return self.proposal.standing is Standing.KNOWN_BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexamined:
    """An entry that could not be examined."""

    evidence: str
    volume: str
    path: bytes
    stream: bytes
    reason: FailReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much was done.

    Attributes:
        content_bytes: of all entries with content; ``read_bytes``: read of them, twice where a
            content had to be confirmed.
        read_whole: entries of a size that is looked for; ``ruled_out``: of another size, of which
            the start was read to see whether they are archives.
        archives: opened.
        distinct_sizes: that the sets state.
    """

    seconds: float
    workers: int
    content_bytes: int
    read_bytes: int
    read_whole: int
    ruled_out: int
    archives: int
    distinct_sizes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickResult:
    """Everything that the page of a quick pass is made from.

    Attributes:
        started_at: ISO 8601 UTC.
        asked: known-good sets that hits were held against; ``unasked``: those that were not.
        gaps: what was not examined, each in words.
        conflicts: contents that agree with a record in one digest and differ in another.
        tally: ``digested`` counts what was examined, by its size or by its digests.
    """

    started_at: str
    tool_version: str
    ending: Ending
    evidence: tuple[EvidenceInfo, ...]
    volumes: tuple[tuple[str, VolumeInfo], ...]
    problems: tuple[Problem, ...]
    sought: tuple[SoughtSet, ...]
    asked: tuple[PackManifest, ...]
    unasked: tuple[PackManifest, ...]
    appearance_only: tuple[PackManifest, ...]
    schemes: tuple[tuple[str, str, str], ...]
    hits: tuple[QuickHit, ...]
    conflicts: tuple[QuickHit, ...]
    unexamined: tuple[Unexamined, ...]
    gaps: tuple[str, ...]
    tally: Tally
    effort: Effort
