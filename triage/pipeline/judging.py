"""Joins matching and grading: what the reference sets say of contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from triage.grading.policy import propose
from triage.grading.table import Scheme
from triage.matching.loading import LoadedSets
from triage.model.digest import Digests, PictureHashes
from triage.model.grade import Proposal, Standing
from triage.model.match import Match

Judged = tuple[bytes, tuple[Match, ...], Proposal]
"""SHA-256 of a content, its matches, and what they propose."""


class Judge:
    """Compares contents with the loaded sets and proposes categories."""

    def __init__(self, sets: LoadedSets, schemes: Mapping[str, Scheme]) -> None:
        self._sets = sets
        self._schemes = schemes

    def judge(
        self, contents: Sequence[Digests], pictures: Sequence[PictureHashes | None]
    ) -> list[Judged]:
        """Judge contents, each with its picture hashes where it has any; order is kept."""
        exact = self._sets.match_exact(contents)
        hashed = [picture for picture in pictures if picture is not None]
        visual = iter(self._sets.match_pictures(hashed))
        judged = []
        for content, matches, picture in zip(contents, exact, pictures, strict=True):
            found = matches + (next(visual) if picture is not None else ())
            judged.append((content.sha256, found, propose(found, self._schemes)))
        return judged


def picture_state(family: str, standing: Standing, before: str = "none") -> str:
    """Tell what is to become of a content as a picture.

    Known-good pictures are not decoded; one that no longer is known-good waits for it again.

    Args:
        before: the state so far; what has been decoded stays so.
    """
    if family != "picture" or before in {"done", "failed"}:
        return before
    return "known-good" if standing is Standing.KNOWN_GOOD else "pending"
