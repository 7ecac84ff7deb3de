"""Joins matching and grading: what the reference sets say of contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from triage.grading.policy import propose
from triage.grading.table import Scheme
from triage.matching.loading import LoadedSets
from triage.model.digest import Digests, PictureHashes
from triage.model.grade import Proposal, Standing
from triage.model.hashset import Polarity
from triage.model.match import Match
from triage.model.video import QUERY_SHARE, VideoHashes

KNOWN = frozenset({Standing.KNOWN_GOOD, Standing.KNOWN_BAD})
"""What exact digests say once and for all: its appearance could add nothing."""

Judged = tuple[bytes, tuple[Match, ...], Proposal]
"""SHA-256 of a content, its matches, and what they propose."""


class Pictures(Protocol):
    """Picture hashes by the place of their content; a list of them is one."""

    def __getitem__(self, place: int, /) -> PictureHashes | None:
        """Give those of one content, ``None`` where it has none."""
        ...


class Videos(Protocol):
    """Frames of videos by the place of their content; a list of them is one."""

    def __getitem__(self, place: int, /) -> VideoHashes | None:
        """Give those of one content, ``None`` where it has none."""
        ...


class _NoVideos:
    def __getitem__(self, place: int, /) -> None:
        """Give nothing."""


class Judge:
    """Compares contents with the loaded sets and proposes categories.

    Args:
        share: of the frames of a video that make a match with a listed one.
    """

    def __init__(
        self, sets: LoadedSets, schemes: Mapping[str, Scheme], *, share: float = QUERY_SHARE
    ) -> None:
        self._sets = sets
        self._share = share
        self._schemes = schemes
        self._unmatched = propose((), schemes)
        # what a known-good record looks like says nothing, and is not asked
        self._looks = any(pack.polarity is not Polarity.KNOWN_GOOD for pack in sets.manifests)

    def judge(
        self, contents: Sequence[Digests], pictures: Pictures, videos: Videos | None = None
    ) -> list[Judged]:
        """Judge contents, each with the hashes of its pictures where it has any; order is kept.

        What is known by its digests, good or bad, is not compared by appearance, whether or not
        it was decoded: the result is then the same whichever came first, the decoding or the set.
        Picture hashes are asked for only where they are compared.
        """
        exact = self._sets.match_exact(contents)
        proposals = [
            propose(matches, self._schemes) if matches else self._unmatched for matches in exact
        ]
        judged = [
            (content.sha256, matches, proposal)
            for content, matches, proposal in zip(contents, exact, proposals, strict=True)
        ]
        for place, alike in self._alike(proposals, pictures, videos or _NoVideos()):
            sha256, matches, _ = judged[place]
            found = (*matches, *alike)
            judged[place] = sha256, found, propose(found, self._schemes)
        return judged

    def _alike(
        self, proposals: Sequence[Proposal], pictures: Pictures, videos: Videos
    ) -> list[tuple[int, tuple[Match, ...]]]:
        """Give the look-alikes of what is not known by its digests, by place; those that have."""
        if not self._looks:
            return []
        seen: dict[int, PictureHashes] = {}
        moving: list[tuple[int, tuple[Match, ...]]] = []
        for place, proposal in enumerate(proposals):
            if proposal is self._unmatched or proposal.standing not in KNOWN:
                picture, video = pictures[place], videos[place]
                if picture is not None:
                    seen[place] = picture
                elif video is not None:
                    moving.append((place, self._sets.match_video(video, self._share)))
        alike = self._sets.match_pictures(list(seen.values()))
        found = [*zip(seen, alike, strict=True), *moving]
        return [(place, matches) for place, matches in found if matches]


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
