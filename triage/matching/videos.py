"""Videos by their frames: those near listed pictures, and those that share frames with listed ones.

A record belongs to a listed video where its series says so; such records are met together or not
at all. All others are pictures by themselves, and a frame near one is told with its moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.describing import Describer
from triage.matching.index import Numbers, rows_of
from triage.matching.pack import OpenPack
from triage.matching.visual import Found, VisualMatcher
from triage.model.digest import Algorithm
from triage.model.match import Match, MatchKind
from triage.model.video import (
    FRAME_MIN_QUALITY,
    FRAME_RADIUS_BITS,
    QUERY_SHARE,
    FrameHash,
    VideoHashes,
)

SERIES_MARK = "vpdq:"
"""At the head of the series of a record that is a frame of a listed video; its name follows."""

MOST_VIDEOS = 20
"""Listed videos that one video is told to match, in one pack: those with the largest shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What frames of a video met of listed videos: of each the nearest record, one number each.

    Attributes:
        series: number of the string that names the listed video.
        nearest: the record, ``digests`` the row of its digest.
        records: all that were met by any frame, each once.
    """

    frames: Numbers
    series: Numbers
    nearest: Numbers
    distances: Numbers
    digests: Numbers
    records: Numbers

    def joined(self, found: Found, series: Numbers) -> _Met:
        """Add pairs; what is kept of any number of them is one for each frame and listed video."""
        frames = np.append(self.frames, found.queries)
        of = np.append(self.series, series)
        nearest = np.append(self.nearest, found.records)
        distances = np.append(self.distances, found.distances)
        digests = np.append(self.digests, found.digests)
        order = np.lexsort((nearest, digests, distances, of, frames))
        fresh = np.ones(len(order), bool)
        fresh[1:] = (np.diff(frames[order]) != 0) | (np.diff(of[order]) != 0)
        kept = order[fresh]
        return _Met(
            frames=frames[kept],
            series=of[kept],
            nearest=nearest[kept],
            distances=distances[kept],
            digests=digests[kept],
            records=np.unique(np.append(self.records, found.records)),
        )

    def only(self, chosen: NDArray[np.bool_]) -> _Met:
        """Give the frames of some pairs."""
        return _Met(
            frames=self.frames[chosen],
            series=self.series[chosen],
            nearest=self.nearest[chosen],
            distances=self.distances[chosen],
            digests=self.digests[chosen],
            records=self.records,
        )


_EMPTY = np.empty(0, np.int64)
_NOTHING = _Met(
    frames=_EMPTY,
    series=_EMPTY,
    nearest=_EMPTY,
    distances=_EMPTY,
    digests=_EMPTY,
    records=_EMPTY,
)


class VideoMatcher:
    """Compares videos with one pack."""

    def __init__(self, pack: OpenPack, visual: VisualMatcher) -> None:
        self._pack = pack
        self._visual = visual
        self._describer = Describer(pack)
        self._named: dict[int, bool] = {}
        self._sizes: dict[int, int] = {}

    def match(self, video: VideoHashes, share: float = QUERY_SHARE) -> Iterator[Match]:
        """Give the listed videos that it matches, then the listed pictures near frames of it.

        Args:
            share: of its frames, or of those of the listed video, that has to be met for a match.
        """
        frames = [one for one in video.frames if one.quality >= FRAME_MIN_QUALITY]
        if not frames:
            return
        distinct: dict[bytes, list[int]] = {}
        for number, frame in enumerate(frames):
            distinct.setdefault(frame.bits, []).append(number)
        first = np.array([numbers[0] for numbers in distinct.values()], np.int64)
        weights = np.array([len(numbers) for numbers in distinct.values()], np.int64)
        stills: Found | None = None
        met = _NOTHING
        for found in self._visual.near_frames(rows_of(list(distinct), 32)):
            series = self._pack.values(layout.SERIES, found.records)
            of_video = self._of_video(series)
            stills = self._visual.leading(stills, found.only(~of_video))
            met = met.joined(found.only(of_video), series[of_video])
        yield from self._videos(met, weights, len(frames), share)
        if stills is not None:
            yield from self._stills(stills, first, weights, frames)

    def _of_video(self, series: Numbers) -> NDArray[np.bool_]:
        """Tell which series name a listed video."""
        numbers, places = np.unique(series, return_inverse=True)
        for number in numbers.tolist():
            if number not in self._named:
                self._named[number] = self._pack.string(number).startswith(SERIES_MARK)
        told = np.array([self._named[number] for number in numbers.tolist()], bool)
        return np.asarray(told[places], bool)

    def _videos(self, met: _Met, weights: Numbers, frames: int, share: float) -> Iterator[Match]:
        found: list[tuple[float, float, str, Match]] = []
        owners = self._pack.values(layout.SERIES, met.records)
        for series in np.unique(met.series).tolist():
            here = met.only(met.series == series)
            counts = (
                int(weights[here.frames].sum()),
                frames,
                int((owners == series).sum()),
                self._size(series),
            )
            shares = counts[0] / frames, counts[2] / max(counts[3], 1)
            if max(shares) >= share:
                match = self._video(here, series, counts, share)
                found.append((-max(shares), -shares[0], match.series, match))
        for *_, match in sorted(found)[:MOST_VIDEOS]:
            yield match

    def _video(
        self, met: _Met, series: int, counts: tuple[int, int, int, int], share: float
    ) -> Match:
        nearest = int(np.lexsort((met.frames, met.digests, met.distances))[0])
        (facts,) = self._describer.facts(met.nearest[nearest : nearest + 1])
        frames_met, frames, listed_met, listed = counts
        name = self._pack.string(series).removeprefix(SERIES_MARK)
        detail = (
            f"video: {frames_met} of {frames} frames ({_percent(frames_met, frames)}) within "
            f"{FRAME_RADIUS_BITS} bits of the listed video {name}, of whose {listed} frames "
            f"{listed_met} ({_percent(listed_met, listed)}) are met; a share of "
            f"{share:.0%} counts"
        )
        return self._describer.match(
            facts,
            MatchKind.VISUAL,
            Algorithm.PDQ,
            self._visual.digest(int(met.digests[nearest])),
            distance_bits=int(np.sort(met.distances)[(len(met.distances) - 1) // 2]),
            detail=detail,
        )

    def _size(self, series: int) -> int:
        """Count the frames of a listed video that may be compared."""
        if series not in self._sizes:
            numbers = self._pack.whole(layout.SERIES)
            if numbers is None:
                return 0
            flags = self._pack.values(layout.FLAGS, np.flatnonzero(numbers == series))
            quality = flags >> layout.QUALITY_SHIFT & layout.QUALITY_MASK
            self._sizes[series] = int((quality >= FRAME_MIN_QUALITY).sum())
        return self._sizes[series]

    def _stills(
        self, found: Found, first: Numbers, weights: Numbers, frames: Sequence[FrameHash]
    ) -> Iterator[Match]:
        near = int(weights[np.unique(found.queries)].sum())
        for query, digest, distance, facts in self._visual.nearest(found):
            at_s = frames[int(first[query])].at_s
            words = f"frame at {clock(at_s)}"
            if len(frames) > 1:
                words += f"; {near} of {len(frames)} frames look like records of the set"
            yield self._describer.match(
                facts,
                MatchKind.VISUAL,
                Algorithm.PDQ,
                self._visual.digest(digest),
                distance_bits=distance,
                detail=words,
            )


def clock(at_s: float) -> str:
    """Give a moment of a video as hours, minutes and seconds."""
    whole, part = divmod(round(at_s * 1000), 1000)
    clock = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{clock}.{part:03}" if part else clock


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // max(whole, 1)} %"
