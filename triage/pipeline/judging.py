"""Joins matching and grading: what the reference sets say of contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from triage.grading.policy import propose
from triage.grading.table import Scheme
from triage.matching.loading import LoadedSets
from triage.model.digest import Digests, PictureHashes
from triage.model.grade import Proposal, Standing
from triage.model.match import Match

KNOWN = frozenset({Standing.KNOWN_GOOD, Standing.KNOWN_BAD})
"""What exact digests say once and for all: its appearance could add nothing."""

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
        """Judge contents, each with its picture hashes where it has any; order is kept.

        What is known by its digests, good or bad, is not compared by appearance, whether or not
        it was decoded: the result is then the same whichever came first, the decoding or the set.
        """
        exact = self._sets.match_exact(contents)
        proposals = [propose(matches, self._schemes) for matches in exact]
        seen = {
            place: picture
            for place, picture in enumerate(pictures)
            if picture is not None and proposals[place].standing not in KNOWN
        }
        alike = self._sets.match_pictures(list(seen.values()))
        visual = dict(zip(seen, alike, strict=True))
        judged = []
        for place, content in enumerate(contents):
            found, proposal = exact[place], proposals[place]
            if visual.get(place):
                found = (*found, *visual[place])
                proposal = propose(found, self._schemes)
            judged.append((content.sha256, found, proposal))
        return judged


def picture_state(family: str, standing: Standing, decoded: str = "") -> str:
    """Tell what is to become of a content as a picture.

    Pictures known by their digests are not decoded, or not any more told of; one that no longer is
    known is as it was decoded, or waits for it.

    Args:
        decoded: what decoding it gave, ``done`` or ``failed``; ``""`` where that was never done.
    """
    if family != "picture":
        return "none"
    if standing in KNOWN:
        return str(standing)
    return decoded or "pending"
