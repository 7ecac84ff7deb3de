"""Takes the grades of a case that was graded elsewhere, merged by hash, with their provenance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from triage.grading.merging import Merged, merge
from triage.grading.scheme import Scheme
from triage.grading.voting import decide
from triage.matching.gradedcase import read_graded
from triage.model.display import printable
from triage.model.gradedcase import GradedFile
from triage.model.vote import DISPUTED, Decision, VoteSource
from triage.store.database import Store
from triage.store.votes import Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file of grades.

    Attributes:
        added: votes that were recorded; ``unchanged``: how many stood so already.
        disputed: contents of the file that are in dispute by now, by SHA-256.
    """

    file: GradedFile
    merged: Merged
    added: int
    unchanged: int
    disputed: tuple[tuple[bytes, Decision], ...]


def read_file(path: Path, *, name: str = "") -> GradedFile:
    """Read a file of grades.

    Args:
        path: where it lies.
        name: as its sender calls it, where that is not how it lies here.

    Raises:
        HashSetError: it cannot be read, or is no VICS case.
    """
    found = read_graded(path)
    return replace(found, name=name) if name else found


def import_grades(  # noqa: PLR0913  (a file, its meaning, who took it and when)
    store: Store, case: str, file: GradedFile, scheme: Scheme, *, by: str, now_s: int
) -> Imported:
    """Merge a file of grades into a case by hash; the caller commits.

    Args:
        store: open, of the case.
        case: its reference.
        file: as it was read.
        scheme: gives the meaning of the file's codes.
        by: who imports it.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: there is no such case, nobody has confirmed the scheme, or it is one of another
            region than the file.
    """
    votes = Votes(store.connection)
    merged = merge(file, votes.digests(case), scheme)
    source = VoteSource(
        name=printable(file.name),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        said_by=file.said_by,
        application=file.application,
        by=by,
        at_s=now_s,
    )
    added, unchanged = votes.cast(case, merged.ballots, now_s=now_s, source=source)
    found = votes.decisions(case, sorted({one.sha256 for one in merged.ballots}), decide)
    return Imported(
        file=file,
        merged=merged,
        added=added,
        unchanged=unchanged,
        disputed=tuple((key, one) for key, one in sorted(found.items()) if one.state in DISPUTED),
    )
