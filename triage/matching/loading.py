"""Reference sets in use: every question goes to every loaded pack."""

from __future__ import annotations

from collections.abc import Sequence

from triage.matching.matcher import Asked, ExactMatcher
from triage.matching.pack import OpenPack
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealed.ring import KeyRing
from triage.matching.videos import VideoMatcher
from triage.matching.visual import VisualMatcher
from triage.model.digest import Digests, PictureHashes
from triage.model.hashset import PackManifest, Polarity
from triage.model.match import Match
from triage.model.video import QUERY_SHARE, VideoHashes


class LoadedSets:
    """Open packs, in the order of name and version.

    Known-good packs are asked for equal digests only: a picture that merely looks like a
    harmless one is not thereby harmless.

    Args:
        packs: sealed ones among them were checked against the keys.
        ring: the keys of sealed packs.
        pictures: whether pictures will be compared; if not, none of a sealed pack is decrypted.
    """

    def __init__(
        self, packs: Sequence[OpenPack], ring: KeyRing | None = None, *, pictures: bool = True
    ) -> None:
        ring = ring or KeyRing()
        self._packs = tuple(packs)
        self.manifests: tuple[PackManifest, ...] = tuple(pack.manifest for pack in packs)
        self._exact = tuple((ExactMatcher(pack), ring.keyed_of(pack.manifest)) for pack in packs)
        for pack in packs:
            pack.unlock(ring.key_of(pack.manifest))
        visual = [
            (pack, VisualMatcher(pack))
            for pack in packs
            if pictures and pack.manifest.polarity != Polarity.KNOWN_GOOD
        ]
        self._visual = tuple(matcher for _, matcher in visual)
        self._videos = tuple(VideoMatcher(pack, matcher) for pack, matcher in visual)

    def match_exact(self, contents: Sequence[Digests]) -> list[tuple[Match, ...]]:
        """Give the matches of each content, in the order asked; by pack, then by strength."""
        found: list[list[Match]] = [[] for _ in contents]
        asked: dict[KeyedDigests | None, Asked] = {}
        for matcher, keyed in self._exact:
            if keyed not in asked:
                asked[keyed] = Asked(contents, keyed)
            for number, match in matcher.match(asked[keyed]):
                found[number].append(match)
        return [tuple(matches) for matches in found]

    def match_pictures(self, pictures: Sequence[PictureHashes]) -> list[tuple[Match, ...]]:
        """Give the look-alikes of each picture, in the order asked; by pack, then by distance."""
        found: list[list[Match]] = [[] for _ in pictures]
        for matcher in self._visual:
            for number, match in matcher.match(pictures):
                found[number].append(match)
        return [tuple(matches) for matches in found]

    def match_video(self, video: VideoHashes, share: float = QUERY_SHARE) -> tuple[Match, ...]:
        """Give the listed videos that a video matches, and the listed pictures near its frames.

        Args:
            share: of frames that make a match with a listed video.
        """
        return tuple(match for matcher in self._videos for match in matcher.match(video, share))

    def close(self) -> None:
        """Let go of every file, so that a pack can be removed."""
        self._exact = ()
        self._visual = ()
        self._videos = ()
        for pack in self._packs:
            pack.close()
        self._packs = ()
