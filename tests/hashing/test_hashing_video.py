"""Frames of videos, beside those that ffmpeg gives of the same file; hostile bytes; limits."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.hashing.limits import VideoLimits
from triage.hashing.pdq import pdq_of_pixels
from triage.hashing.sampling import Sampling
from triage.hashing.video import scan_video
from triage.model.video import NoVideo, VideoHashes, VideoOutcome, VideoReason
from videosmade import footage, remade

WIDE, HIGH = 480, 270


def scan(data: bytes, **limits: float) -> VideoOutcome:
    return scan_video(io.BytesIO(data), VideoLimits(**limits))  # type: ignore[arg-type]


def hashed(data: bytes, **limits: float) -> VideoHashes:
    outcome = scan(data, **limits)
    assert isinstance(outcome, VideoHashes), outcome
    return outcome


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def by_ffmpeg(data: bytes, folder: Path, *, wide: int = WIDE, high: int = HIGH) -> list[bytes]:
    """Give the PDQ of every frame as ffmpeg shows it, in colour."""
    source = folder / "source.bin"
    source.write_bytes(data)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(source), "-fps_mode", "passthrough"]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        check=True,
        capture_output=True,
        timeout=120,
    ).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, high, wide, 3)
    return [pdq_of_pixels(frame)[0] for frame in frames]


@pytest.mark.parametrize("gop", [10, 25, 250])
def test_each_second_has_the_frame_that_ffmpeg_shows_there(tmp_path: Path, gop: int) -> None:
    data = footage(gop=gop)
    found = hashed(data)
    theirs = by_ffmpeg(data, tmp_path)
    assert found.complete
    seconds = [int(one.at_s + 0.5) for one in found.frames]
    assert seconds[:6] == list(range(6))
    assert seconds[6:] in ([], [6])  # a key frame in the last half second serves the next one
    for one in found.frames:
        assert one.number == round(one.at_s * 25)
        assert apart(one.bits, theirs[one.number]) <= 4


def test_facts_are_those_that_ffprobe_tells(tmp_path: Path) -> None:
    data = footage()
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    facts, stream = hashed(data).facts, told["streams"][0]
    assert (facts.width, facts.height) == (stream["width"], stream["height"])
    assert facts.video_codec == stream["codec_name"]
    assert facts.duration_s == pytest.approx(float(told["format"]["duration"]), abs=0.01)
    assert facts.frame_rate == 25.0
    assert (facts.variable, facts.audio_codec, facts.rotation_degrees) == (False, "", 0)


def test_a_turned_video_is_hashed_as_it_is_shown(tmp_path: Path) -> None:
    turned = remade(footage(), "-c", "copy", "-metadata:s:v:0", "rotate=90")
    found = hashed(turned)
    theirs = by_ffmpeg(turned, tmp_path, wide=HIGH, high=WIDE)
    assert found.facts.rotation_degrees in {90, 270}
    assert all(apart(one.bits, theirs[one.number]) <= 4 for one in found.frames)


def test_uneven_frames_are_told_and_each_second_that_has_one_is_served() -> None:
    uneven = remade(
        footage(),
        *("-vf", "select='not(mod(n,3))+lt(n,50)',setpts=PTS", "-fps_mode", "vfr"),
        suffix="mkv",
    )
    found = hashed(uneven)
    assert found.facts.variable
    assert [round(one.at_s) for one in found.frames] == list(range(6))


def test_two_streams_of_pictures_are_both_hashed() -> None:
    both = remade(
        footage(seconds=3),
        *("-filter_complex", "[0:v]split[a][b];[b]negate[c]", "-map", "[a]", "-map", "[c]"),
        suffix="mkv",
    )
    found = hashed(both)
    assert len(found.frames) == 6
    assert "2 streams" in found.detail


def test_a_video_that_breaks_off_keeps_what_there_is() -> None:
    whole = remade(footage(gop=25), "-c", "copy", suffix="mkv")
    cut = hashed(whole[: len(whole) // 2])
    assert not cut.complete
    assert cut.detail
    assert 0 < len(cut.frames) < 6
    assert set(cut.frames) <= set(hashed(whole).frames)


def test_without_its_index_an_avi_is_hashed_all_the_same() -> None:
    whole = remade(footage(gop=25), "-c", "copy", suffix="avi")
    found = hashed(whole)
    index = whole.rindex(b"idx1")
    assert hashed(whole[:index]).frames == found.frames
    zeroed = whole[:index] + bytes(len(whole) - index)
    assert hashed(zeroed).frames == found.frames


def test_an_mp4_without_its_table_is_said_to_be_undecodable() -> None:
    data = footage()
    outcome = scan(data[: len(data) // 2])
    assert isinstance(outcome, NoVideo)
    assert outcome.reason is VideoReason.UNDECODABLE


def test_sound_alone_has_no_pictures() -> None:
    sound = remade(
        footage(seconds=3), "-f", "lavfi", "-i", "sine", "-t", "1", "-map", "1:a", suffix="mkv"
    )
    outcome = scan(sound)
    assert isinstance(outcome, NoVideo)
    assert outcome.reason is VideoReason.NO_PICTURES
    assert outcome.facts.audio_codec


@settings(max_examples=8, deadline=None)
@given(flips=st.lists(st.integers(0, 2**31), min_size=1, max_size=40), suffix=st.booleans())
def test_flipped_bits_give_frames_or_a_reason(flips: list[int], *, suffix: bool) -> None:
    whole = bytearray(remade(footage(seconds=3), "-c", "copy", suffix="mkv" if suffix else "ts"))
    for flip in flips:
        whole[flip % len(whole)] ^= 1 << flip % 8
    first, second = scan(bytes(whole)), scan(bytes(whole))
    assert first == second


@settings(max_examples=15, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_give_a_reason(data: bytes) -> None:
    for head in (
        b"",
        b"\0\0\0\x18ftypmp42",
        b"RIFF\xff\0\0\0AVI LIST",
        b"\x1a\x45\xdf\xa3",
        b"FLV\x01",
    ):
        assert isinstance(scan(head + data), NoVideo | VideoHashes)


def lists_of(target: Path) -> Iterator[bytes]:
    name = str(target).encode()
    yield b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + name + b"\n#EXT-X-ENDLIST\n"
    yield b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n"
    yield b"ffconcat version 1.0\nfile '" + name + b"'\n"
    yield b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
    yield b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period/></MPD>"
    yield b"<smil><body><ref src='" + name + b"'/></body></smil>"


def test_lists_of_other_files_open_none_of_them(tmp_path: Path) -> None:
    target = tmp_path / "target.mp4"
    target.write_bytes(footage())
    for data in lists_of(target):
        outcome = scan(data)
        assert isinstance(outcome, NoVideo), data
        assert outcome.reason is VideoReason.UNDECODABLE


def test_limits_leave_a_reason_or_a_part() -> None:
    data = footage()
    small = scan(data, max_pixels=1000)
    assert isinstance(small, NoVideo)
    assert small.reason is VideoReason.TOO_MANY_PIXELS
    few = hashed(data, max_frames=2)
    assert (len(few.frames), few.complete) == (2, False)
    late = scan(data, time_s=0)
    assert isinstance(late, NoVideo) or not late.complete


def test_key_frames_alone_are_hashed_once_the_budget_is_spent() -> None:
    data = footage(gop=50)
    found = hashed(data, between_pixels=0)
    assert [one.at_s for one in found.frames] == [0.0, 2.0, 4.0]
    assert "key frames alone" in found.detail
    every = {one.number: one for one in hashed(data).frames}
    assert all(every[one.number] == one for one in found.frames)


class Watched(io.BytesIO):
    """A file that counts what is asked of it at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.most = max(self.most, size)
        return super().read(size)


def test_a_video_is_never_asked_for_whole() -> None:
    file = Watched(footage(seconds=6, gop=10))
    assert isinstance(scan_video(file, VideoLimits()), VideoHashes)
    assert file.most <= 64 * 1024


@given(
    steps=st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans()), min_size=1, max_size=60),
)
def test_no_second_that_has_a_frame_is_left_out(steps: list[tuple[float, bool]]) -> None:
    """The law of sampling, by going through all frames of a video with all of them decoded."""
    sampling, at_s, taken = Sampling(), 0.0, []
    for step, is_key in [(0.0, True), *steps]:
        at_s += step
        wanted = sampling.wants(at_s) or (is_key and sampling.wants_key(at_s))
        assert not (sampling.wants(at_s) and not wanted)
        if wanted:
            sampling.take(at_s)
            taken.append(at_s)
        assert not sampling.wants(at_s)
    gaps = [later - earlier for earlier, later in pairwise(taken)]
    longest = max(step for step, _ in steps)
    assert all(gap <= 1.5 + longest for gap in gaps)
    assert len(taken) <= at_s + 2
