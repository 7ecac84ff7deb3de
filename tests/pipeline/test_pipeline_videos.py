"""Videos on the joined road: looked into once, matched by frames, named where they are not."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from road import EXHIBIT, Road, code
from triage.hashing.limits import VideoLimits
from triage.hashing.video import scan_video
from triage.model.event import Progress, Stage
from triage.model.hashset import Polarity
from triage.model.video import VideoHashes
from triage.scheduler import ProcessPool
from videosmade import footage, remade

GONE = bytes(range(256)) * 40
"""No video by any mark."""


@pytest.fixture
def seized(road: Road) -> Path:
    folder = road.folder / "seized"
    (folder / "copies").mkdir(parents=True)
    (folder / "set.mp4").write_bytes(footage(gop=25))
    (folder / "copies/again.mp4").write_bytes(footage(gop=25))
    (folder / "smaller.mkv").write_bytes(
        remade(footage(gop=25), "-vf", "scale=320:180", "-r", "12", suffix="mkv")
    )
    (folder / "other.mp4").write_bytes(footage("other", gop=25))
    (folder / "camera.dav").write_bytes(GONE)
    (folder / "broken.mp4").write_bytes(footage(gop=25)[:20_000])
    with zipfile.ZipFile(folder / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.mp4", footage("other", seconds=4, gop=25))
    return folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def listed(road: Road, data: bytes, name: str = "films") -> None:
    """Take the frames of a video as a set, by way of a file that the command writes."""
    exhibit = road.folder / f"listed-{name}"
    exhibit.mkdir()
    (exhibit / "a.mp4").write_bytes(data)
    source = Road(road.folder / f"source-{name}")
    source.folder.mkdir()
    source.run(exhibit)
    out = road.folder / f"{name}.vpdq"
    result = source.on_case("video frames", sha256(data), "--name", name, "--out", out)
    assert code(result) == 0, result.output
    road.take(out, name, Polarity.KNOWN_BAD)


def told(road: Road) -> dict[str, dict[str, Any]]:
    """Give what 'video list' says, by SHA-256."""
    result = road.on_case("video list", "--json")
    assert code(result) == 0, result.output
    return {one["sha256"]: one for one in map(json.loads, result.stdout.splitlines())}


def matches(road: Road) -> dict[str, list[str]]:
    return {
        row["path"]: [match["detail"] for match in row["matches"]]
        for row in road.files()
        if row.get("matches")
    }


def judged(road: Road) -> list[tuple[object, ...]]:
    """Give what is said of each entry; times of access differ from run to run."""
    names = ("path", "sha256", "standing", "grade", "grade_reason", "matches")
    return [tuple(row[name] for name in names) for row in road.files()]


def test_each_video_is_looked_into_once_and_told(road: Road, seized: Path) -> None:
    verdict = road.run(seized)
    looked = [one for one in road.events if isinstance(one, Progress) and one.stage is Stage.VIDEOS]
    assert looked[-1].done == looked[-1].total == 6
    found = told(road)
    assert len(found) == 6
    assert found[sha256(footage(gop=25))]["frames"] == 6
    assert found[sha256(footage("other", seconds=4, gop=25))]["state"] == "hashed"
    assert found[sha256(GONE)]["reason"] == "needs-player"
    assert "Dahua" in found[sha256(GONE)]["detail"]
    assert found[sha256(footage(gop=25)[:20_000])]["reason"] == "undecodable"
    words = " ".join(verdict.gaps)
    assert "needs its player" in words
    assert "cannot be decoded" in words
    road.run(seized)
    assert not [
        one
        for one in road.events
        if isinstance(one, Progress) and one.done and one.stage is Stage.VIDEOS
    ]


def test_copies_match_by_their_frames_and_other_footage_does_not(road: Road, seized: Path) -> None:
    listed(road, footage(gop=25))
    road.run(seized)
    found = matches(road)
    assert set(found) == {"/set.mp4", "/copies/again.mp4", "/smaller.mkv"}
    assert all("listed video films" in detail for details in found.values() for detail in details)
    rows = {row["path"]: row for row in road.files()}
    assert {rows[path]["standing"] for path in found} == {"visual"}
    assert {rows[path]["grade"] for path in found} == {None}
    summary = road.summary()
    assert any(key[2:] == ("moving", "visual") for key, _ in summary.hits)


def test_a_set_that_comes_later_finds_what_it_would_have_found(road: Road, seized: Path) -> None:
    road.run(seized)
    assert matches(road) == {}
    listed(road, footage(gop=25))
    assert code(road.on_case("rematch")) == 3
    late = judged(road)
    again = Road(road.folder / "again")
    again.folder.mkdir()
    shutil.copytree(road.home, again.home)
    again.run(seized)
    assert judged(again) == late


def test_a_listed_picture_is_found_in_a_video(road: Road, seized: Path) -> None:
    still = road.folder / "still.png"
    (road.folder / "film.mp4").write_bytes(footage(gop=25))
    command = ["ffmpeg", "-v", "error", "-ss", "3", "-i", str(road.folder / "film.mp4")]
    subprocess.run([*command, "-frames:v", "1", str(still)], check=True, timeout=60)
    album = road.folder / "album"
    album.mkdir()
    still.rename(album / "still.png")
    source = Road(road.folder / "source")
    source.folder.mkdir()
    source.run(album)
    (row,) = (row for row in source.files() if row["pdq"])
    listing = road.folder / "stills.csv"
    listing.write_text(f"pdq,category\n{row['pdq']},1\n")
    road.take(listing, "stills", Polarity.KNOWN_BAD)
    road.run(seized)
    found = matches(road)
    assert (
        {"/set.mp4", "/copies/again.mp4"}
        <= set(found)
        <= {"/set.mp4", "/copies/again.mp4", "/smaller.mkv"}
    )
    assert found["/set.mp4"][0].startswith("frame at 0:00:03; ")


def test_what_its_digest_names_is_not_looked_into(road: Road, seized: Path) -> None:
    listing = road.folder / "bad.txt"
    listing.write_text(sha256(footage(gop=25)) + "\n")
    road.take(listing, "bad", Polarity.KNOWN_BAD)
    road.run(seized)
    assert sha256(footage(gop=25)) not in told(road)


def test_videos_that_were_left_out_are_a_gap_until_they_are_looked_into(
    road: Road, seized: Path
) -> None:
    words = ("--exhibit", EXHIBIT, "--workers", "1")
    first = road.on_case("run", seized, *words, "--no-videos", "--json")
    assert code(first) == 3, first.output
    assert told(road) == {}
    assert "not yet looked into frame by frame" in first.stdout
    second = road.on_case("run", seized, *words, "--json")
    assert "not yet looked into" not in second.stdout
    assert len(told(road)) == 6


def test_workers_and_this_process_store_the_same(
    road: Road, seized: Path, two_workers: ProcessPool
) -> None:
    listed(road, footage(gop=25))
    road.run(seized)
    here = judged(road), told(road)
    other = Road(road.folder / "other")
    other.folder.mkdir()
    shutil.copytree(road.home, other.home)
    other.run(seized, pool=two_workers, workers=2)
    assert (judged(other), told(other)) == here


def test_a_working_copy_has_a_digest_of_its_own_and_the_same_frames(
    road: Road, seized: Path, tmp_path: Path
) -> None:
    road.run(seized)
    before = {path: path.read_bytes() for path in seized.rglob("*") if path.is_file()}
    source = seized / "smaller.mkv"
    folder = tmp_path / "copies"
    folder.mkdir()
    words = (sha256(source.read_bytes()), "--out", folder, "--by", "A Person", "--json")
    result = road.on_case("video copy", *words)
    assert code(result) == 0, result.output
    made = json.loads(result.stdout)
    copy = folder / made["name"]
    assert made["copy_sha256"] == sha256(copy.read_bytes()) != made["sha256"]
    assert json.loads((folder / f"{made['name']}.json").read_text()) == made
    assert made["made_by"] == "A Person"
    with source.open("rb") as one, copy.open("rb") as two:
        first, second = scan_video(one, VideoLimits()), scan_video(two, VideoLimits())
    assert isinstance(first, VideoHashes)
    assert isinstance(second, VideoHashes)
    assert [one.bits for one in first.frames] == [one.bits for one in second.frames]
    assert {path: path.read_bytes() for path in seized.rglob("*") if path.is_file()} == before
    assert code(road.on_case("video copy", *words)) == 7
    broken = (sha256(footage(gop=25)[:20_000]), "--out", folder)
    assert code(road.on_case("video copy", *broken)) == 7
    assert not list(folder.glob(".*"))


def test_joined_lists_are_one_set_of_several_videos(road: Road, seized: Path) -> None:
    road.run(seized)
    lists = road.folder / "lists"
    lists.mkdir()
    for name in ("set.mp4", "other.mp4"):
        digest = sha256((seized / name).read_bytes())
        out = lists / f"{name}.vpdq"
        assert code(road.on_case("video frames", digest, "--name", name, "--out", out)) == 0
    bare = lists / "bare.vpdq"
    bare.write_text("".join((lists / "set.mp4.vpdq").read_text().splitlines(keepends=True)[1:]))
    joined = road.folder / "all.vpdq"
    assert code(road.call("video", "join", lists, "--out", joined)) == 0
    report = road.take(joined, "all", Polarity.KNOWN_BAD)
    assert (report.manifest.format, report.refused_total) == ("vpdq", 0)
    assert code(road.on_case("rematch")) == 3
    names = {
        word
        for details in matches(road).values()
        for detail in details
        for word in detail.split()
        if word.rstrip(",") in {"set.mp4,", "other.mp4,", "bare,", "set.mp4", "other.mp4", "bare"}
    }
    assert {name.rstrip(",") for name in names} == {"set.mp4", "other.mp4", "bare"}
