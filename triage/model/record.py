"""What the store hands to those who tell: one line of a listing, and the head of a case."""

from __future__ import annotations

from dataclasses import dataclass, field

from triage.model.coverage import Coverage
from triage.model.digest import PictureHashes
from triage.model.entry import FileEntry
from triage.model.evidence import EvidenceInfo
from triage.model.grade import Proposal
from triage.model.hashset import PackManifest
from triage.model.match import Match
from triage.model.outcome import NoPicture, Outcome
from triage.model.problem import Problem
from triage.model.thumbnail import Original
from triage.model.verdict import Tally
from triage.model.volume import VolumeInfo
from triage.model.vote import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecord:
    """One entry with all that is known of it; the unit of listings and exports.

    Attributes:
        container_md5: MD5 of the archive that the entry lies in.
        outcome: ``None`` while the entry is still waiting to be read.
        picture: ``None`` for what is no picture or was not looked at yet.
        decision: what stands of the content by votes of people; ``None`` where nobody voted, so
            that the proposal stands.
        original: what a thumbnail was made of; ``None`` for what is none or was not linked yet.
    """

    case: str
    exhibit: str
    evidence_name: str
    entry: FileEntry
    outcome: Outcome | None
    picture: PictureHashes | NoPicture | None
    matches: tuple[Match, ...]
    proposal: Proposal | None
    container_md5: bytes | None = None
    decision: Decision | None = None
    original: Original | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCounts:
    """Distinct contents of an exhibit, by what the sets propose and by what people decided.

    Attributes:
        proposed: ``((category, contents), …)``, of all contents that a set gives a category.
        decided: ``((category, state, contents), …)``; the category is ``""`` in a dispute.
    """

    proposed: tuple[tuple[str, int], ...]
    decided: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitSummary:
    """Everything that the result page of one exhibit is made from.

    Attributes:
        hits: ``((category, place, "still"|"moving"|"other", "exact"|"visual"), occurrences)``,
            the place one of :data:`triage.model.coverage.PLACES`.
        distinct_hits: distinct contents behind the exact hits.
        listing_complete: every folder of every opened volume was listed.
        run_complete: the last run came to its end; false while one goes on or was cut short.
        pictures_pending: distinct pictures whose perceptual hashing has not happened yet.
        pictures_turned: those of the hashed ones that have the hashes of the picture turned and
            mirrored too.
        grades: how people graded, ``None`` where nobody ever voted.
        coverage: what was looked into beyond files; empty after a pass that looks at files only.
    """

    case: str
    exhibit: str
    evidence: tuple[EvidenceInfo, ...]
    volumes: tuple[tuple[str, VolumeInfo], ...]
    problems: tuple[Problem, ...]
    tally: Tally
    packs: tuple[PackManifest, ...]
    hits: tuple[tuple[tuple[str, str, str, str], int], ...]
    distinct_hits: int
    conflicts: int
    pictures_hashed: int
    pictures_failed: tuple[tuple[str, int], ...]
    pictures_pending: int
    listing_complete: bool
    seconds: float
    workers: int
    read_bytes: int
    run_complete: bool = True
    pictures_turned: int = 0
    grades: GradeCounts | None = None
    coverage: Coverage = field(default_factory=Coverage)
