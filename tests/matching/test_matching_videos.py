"""Videos against listed videos and pictures: the shares are those of a count by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from triage.export.vpdqlines import vpdq_lines
from triage.matching.library import PackLibrary
from triage.matching.loading import LoadedSets
from triage.model.hashset import Polarity
from triage.model.match import Match, MatchKind
from triage.model.video import FrameHash, VideoFacts, VideoHashes

RANDOM = np.random.default_rng(20)


def bits() -> bytes:
    """Give a PDQ of which half of the bits are set, as a PDQ has them."""
    order = RANDOM.permutation(256)
    flat = np.zeros(256, np.uint8)
    flat[order[:128]] = 1
    return np.packbits(flat).tobytes()


def moved(value: bytes, distance: int) -> bytes:
    """Flip as many bits."""
    flat = np.unpackbits(np.frombuffer(value, np.uint8))
    flat[RANDOM.permutation(256)[:distance]] ^= 1
    return np.packbits(flat).tobytes()


def video(frames: Sequence[bytes], quality: int = 100) -> VideoHashes:
    return VideoHashes(
        facts=VideoFacts(),
        frames=tuple(
            FrameHash(number=25 * number, quality=quality, bits=one, at_s=float(number))
            for number, one in enumerate(frames)
        ),
    )


def listed(path: Path, videos: Mapping[str, Sequence[bytes]], **polarity: str) -> LoadedSets:
    lines = [
        line
        for name, frames in videos.items()
        for line in (f"# video: {name}", *vpdq_lines(video(frames)))
    ]
    return taken(path, "\n".join(lines), **polarity)


def taken(path: Path, text: str, polarity: str = "known-bad") -> LoadedSets:
    source = path / "list.vpdq"
    source.write_text(text)
    library = PackLibrary(path)
    report = library.import_set(source, name="films", polarity=Polarity(polarity))
    assert not report.refused_total
    return library.load(None)


def shares(match: Match) -> tuple[int, ...]:
    """Give frames met, frames, listed frames, listed frames met as a match says them."""
    found = re.search(r"video: (\d+) of (\d+) .* of whose (\d+) frames (\d+) ", match.detail)
    assert found, match.detail
    return tuple(map(int, found.groups()))


@pytest.mark.parametrize("near", range(11))
def test_a_video_matches_where_enough_of_its_frames_do(tmp_path: Path, near: int) -> None:
    ours = [bits() for _ in range(10)]
    theirs = [moved(one, 31 if n < near else 32) for n, one in enumerate(ours)]
    sets = listed(tmp_path, {"film": [*theirs, *(bits() for _ in range(20))]})
    found = sets.match_video(video(ours))
    assert len(found) == (near >= 8)
    for match in found:
        assert shares(match) == (near, 10, 30, near)
        assert match.kind is MatchKind.VISUAL
        assert match.series == "vpdq:film"
        assert match.distance_bits == 31
        assert match.record in {one.hex() for one in theirs}
        assert "80%" in match.detail
    assert bool(sets.match_video(video(ours), 0.5)) == (near >= 5)
    sets.close()


def test_a_listed_video_inside_a_longer_one_matches_by_its_own_share(tmp_path: Path) -> None:
    inside = [bits() for _ in range(5)]
    sets = listed(tmp_path, {"inside": inside, "elsewhere": [bits() for _ in range(5)]})
    (match,) = sets.match_video(video([*(bits() for _ in range(95)), *inside]))
    assert shares(match) == (5, 100, 5, 5)
    sets.close()


def test_a_still_frame_counts_as_often_as_it_is_shown(tmp_path: Path) -> None:
    still, other = bits(), bits()
    sets = listed(tmp_path, {"slide": [still] * 40})
    (match,) = sets.match_video(video([still] * 9 + [other]))
    assert shares(match) == (9, 10, 40, 40)
    sets.close()


def test_frames_of_low_quality_are_neither_asked_nor_answered_for(tmp_path: Path) -> None:
    frames = [bits() for _ in range(4)]
    dark = "\n".join(f"{n},49,{one.hex()},{n}.000" for n, one in enumerate(frames))
    sets = taken(tmp_path, dark)
    assert sets.match_video(video(frames)) == ()
    sets.close()
    (tmp_path / "other").mkdir()
    sets = listed(tmp_path / "other", {"film": frames})
    assert sets.match_video(video(frames, quality=49)) == ()
    assert len(sets.match_video(video(frames, quality=50))) == 1
    sets.close()


def test_frames_near_listed_pictures_are_told_with_their_moment(tmp_path: Path) -> None:
    frames = [bits() for _ in range(100)]
    sets = taken(tmp_path, f"# pdq\n{moved(frames[73], 20).hex()},90\n")
    (match,) = sets.match_video(video(frames))
    assert (match.kind, match.distance_bits) == (MatchKind.VISUAL, 20)
    assert match.detail.startswith("frame at 0:01:13; 1 of 100 frames")
    sets.close()


def test_known_good_lists_are_not_asked(tmp_path: Path) -> None:
    frames = [bits() for _ in range(4)]
    sets = listed(tmp_path, {"film": frames}, polarity="known-good")
    assert sets.match_video(video(frames)) == ()
    sets.close()


def test_shares_are_those_of_a_linear_scan(tmp_path: Path) -> None:
    pool = [bits() for _ in range(30)]
    videos = {
        f"film {n}": [moved(pool[p], int(d)) for p, d in zip(some, spread, strict=True)]
        for n in range(6)
        for some, spread in [
            (RANDOM.permutation(30)[:12].tolist(), RANDOM.integers(20, 40, 12).tolist())
        ]
    }
    ours = [pool[place] for place in RANDOM.integers(0, 30, 25).tolist()]
    sets = listed(tmp_path, videos)
    found = {match.series: shares(match) for match in sets.match_video(video(ours), 0.01)}
    truth = {}
    for name, frames in videos.items():
        near = np.array([[apart(one, other) <= 31 for other in frames] for one in ours])
        if near.any():
            met = int(near.any(axis=1).sum()), 25, 12, int(near.any(axis=0).sum())
            truth[f"vpdq:{name}"] = met
    assert found == truth
    sets.close()


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def test_lines_say_what_other_tools_expect() -> None:
    frame = FrameHash(number=30, quality=87, bits=bytes(range(32)), at_s=1.001)
    line = next(vpdq_lines(VideoHashes(facts=VideoFacts(), frames=(frame,))))
    assert line == f"30,87,{bytes(range(32)).hex()},1.001"
