"""Names the earlier states of a disk that its image keeps and that nothing looks into."""

from __future__ import annotations

from dataclasses import replace

from triage.ingest.volume import Survey
from triage.model.evidence import EvidenceInfo
from triage.model.problem import Problem, ProblemKind


def with_earlier_states(found: Survey, info: EvidenceInfo) -> Survey:
    """Give the survey of a disk, with a problem where the head tells of kept states.

    They are read by no means here, so what only they hold is not examined.
    """
    count = dict(info.header).get("snapshots", "")
    if not count:
        return found
    words = "1 earlier state" if count == "1" else f"{count} earlier states"
    problem = Problem(
        kind=ProblemKind.VOLUME_UNSUPPORTED,
        evidence=info.key,
        detail=f"{words} of the disk (snapshots) kept in the image: not examined",
    )
    return replace(found, problems=(*found.problems, problem))
