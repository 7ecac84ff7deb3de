"""The quick pass names just the known-bad files that a whole run names."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quickly import (
    BAD,
    BOX,
    KINDS,
    bad_device,
    found_by_quick,
    found_by_run,
    paths,
    quick,
    take_list,
    tarred,
    zipped,
)
from road import HOSTILE, IMAGES, Road
from triage.model.hashset import Polarity
from triage.pipeline.tasks import close_evidence as close_run
from triage.scheduler import Pool

UNOPENED = b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(64)


class Device:
    """Files of all kinds in a folder, and every content that a whole run comes to."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._chance = chance
        self.contents: list[bytes] = []
        for number in range(chance.randint(3, 9)):
            body = self._content(2)
            if self.contents and chance.random() < 0.2:
                body = chance.choice(self.contents)
            self.contents.append(body)
            where = folder / f"d{chance.randint(0, 2)}"
            where.mkdir(exist_ok=True, parents=True)
            (where / f"f{number}").write_bytes(body)

    def _content(self, depth: int) -> bytes:
        chance = self._chance
        kind = chance.choice(("plain", "plain", "text", "zip", "tar", "gz", "bz2", "xz", "7z", ""))
        if kind in {"plain", "7z", ""} or not depth:
            start = UNOPENED if kind == "7z" else b""
            return start + chance.randbytes(chance.choice((0, 1, 40, 700, 5000)))
        if kind == "text":
            return b"".join(b"line %d\n" % n for n in range(chance.randint(1, 900)))
        members = {f"m{n}": self._content(depth - 1) for n in range(chance.randint(1, 3))}
        self.contents += members.values()
        if kind in {"zip", "tar"}:
            return (zipped if kind == "zip" else tarred)(members)
        inner = chance.choice((tarred(members), next(iter(members.values()))))
        pack = {"gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress}
        return pack.get(kind, lzma.compress)(inner)


def take_some(road: Road, device: Device, chance: random.Random) -> None:
    """Import one to three lists of some of the contents, with and without sizes."""
    polarities = [Polarity.KNOWN_BAD, Polarity.BY_CATEGORY, Polarity.KNOWN_GOOD]
    for number, polarity in enumerate(polarities[: chance.randint(1, 3)]):
        sizes = chance.choice(("all", "all", "none", "some"))
        kinds = chance.choice((("md5",), ("sha256",), ("sha1", "md5"), KINDS, ()))
        rows = []
        for content in dict.fromkeys([*device.contents, b"never met"]):
            if chance.random() < 0.5:
                continue
            held = kinds or chance.sample(KINDS, chance.randint(1, 3))
            sized = sizes == "all" or (sizes == "some" and chance.random() < 0.5)
            size = len(content) if sized else None
            rows.append((content, held, size, chance.choice(("1", "3", "9", "77"))))
        if not any(content for content, *_ in rows):  # of empty content alone no list is taken
            rows.append((b"never met", ("md5", "sha1"), 9, "1"))
        take_list(road, f"set{number}", rows, polarity)
    if chance.random() < 0.5:
        road.confirm("uk")


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_hits_are_those_of_a_whole_run(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    road = Road(tmp_path_factory.mktemp("road"))
    evidence = road.folder / "device"
    device = Device(evidence, chance)
    take_some(road, device, chance)
    road.run(evidence)
    result = quick(road, evidence)
    assert found_by_quick(result) == found_by_run(road)
    assert result.tally.holds()
    summary = road.summary()
    beyond = {hit.entry.ref.path for hit in result.hits if hit.beyond}
    if not result.asked and not any(one.scheme for one in summary.packs):
        assert not beyond
        assert result.tally.listed == summary.tally.listed


def take_from_run(road: Road, image: Path, *, sized: bool, seed: int = 1) -> list[dict[str, Any]]:
    """Run once with a list that nothing is on, then list half of all that was digested."""
    take_list(road, "nothing", [(b"never met", KINDS, 5, "")], Polarity.KNOWN_BAD)
    road.run(image)
    rows = road.files("--state", "digested")
    chance = random.Random(seed)  # noqa: S311  (a seed, no secret)
    chosen = {row["sha256"]: row for row in rows if row["digested_bytes"] and chance.random() < 0.5}
    lines = [
        f"{row['md5']},{row['sha1']},{row['digested_bytes'] if sized else ''}"
        for row in chosen.values()
    ]
    path = road.folder / "half.csv"
    path.write_text("\n".join(["md5,sha1,size", *lines]) + "\n")
    road.take(path, "half", Polarity.KNOWN_BAD)
    road.db.unlink()
    close_run()
    return rows


@pytest.mark.parametrize(
    "image",
    [
        IMAGES / "ntfs.E01",
        IMAGES / "mbr.E01",
        IMAGES / "sample.E01",
        HOSTILE / "flip-compressed.E01",
        HOSTILE / "missing-segment.E01",
    ],
    ids=lambda path: path.name,
)
@pytest.mark.parametrize("sized", [True, False], ids=["sizes", "no sizes"])
def test_images_with_streams_deleted_files_and_damage(
    road: Road, image: Path, *, sized: bool
) -> None:
    rows = take_from_run(road, image, sized=sized)
    verdict = road.run(image)
    result = quick(road, image)
    assert found_by_run(road)
    assert found_by_quick(result) == found_by_run(road)
    assert not any(hit.beyond for hit in result.hits)
    assert result.tally.listed == road.summary().tally.listed
    assert set(result.gaps) == {gap for gap in verdict.gaps if "appearance" not in gap}
    if sized:
        listed = {
            int(line.rsplit(",", 1)[1])
            for line in (road.folder / "half.csv").read_text().splitlines()[1:]
        } | {5}
        assert result.effort.read_whole == sum(row["digested_bytes"] in listed for row in rows)


def test_workers_change_nothing(road: Road, two_workers: Pool) -> None:
    take_from_run(road, IMAGES / "sample.E01", sized=True)
    alone = quick(road, IMAGES / "sample.E01", IMAGES / "ntfs.raw")
    together = quick(road, IMAGES / "sample.E01", IMAGES / "ntfs.raw", pool=two_workers)
    for name in ("hits", "gaps", "problems", "unexamined", "tally", "evidence", "volumes"):
        assert getattr(alone, name) == getattr(together, name), name


@pytest.fixture
def device(road: Road) -> Path:
    return bad_device(road)


def test_a_wrong_size_is_found_by_a_whole_run_only(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD) + 1, "")], Polarity.KNOWN_BAD)
    road.run(device)
    assert sum(found_by_run(road).values()) == 2
    rows = [row for row in road.files("--state", "digested") if row["matches"]]
    assert all("the record states" in row["matches"][0]["detail"] for row in rows)
    assert paths(quick(road, device)) == []
    page = road.call("quick", "--workers", "1", device).stdout
    assert "NOTHING FOUND" in page
    assert "wrong size" in page


def test_a_set_without_sizes_is_said_and_everything_is_read(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, ("md5",), None, "")], Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert paths(result) == [b"/bad.bin", b"/box.zip/inner.bin"]
    assert result.effort.ruled_out == 0
    assert result.effort.read_whole == result.tally.digested == 6
    page = road.call("quick", "--workers", "1", device).stdout
    assert "1 record WITHOUT SIZES" in page
    assert "every file was read in full" in page


def test_a_size_that_is_listed_is_no_hit(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, KINDS, len(BAD), "")], Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert paths(result) == [b"/bad.bin", b"/box.zip/inner.bin"]
    assert (result.effort.read_whole, result.effort.ruled_out) == (3, 3)
    assert result.conflicts == ()


def test_digests_that_disagree_are_told_and_no_hit(road: Road, device: Path) -> None:
    path = road.folder / "odd.csv"
    md5, sha1 = (hashlib.new(kind, BAD).hexdigest() for kind in ("md5", "sha1"))
    path.write_text(f"md5,sha1,size\n{'3' * 32},{sha1},{len(BAD)}\n{md5},{'1' * 40},7\n")
    road.take(path, "odd", Polarity.KNOWN_BAD)
    result = quick(road, device)
    assert result.hits == ()
    assert [hit.entry.ref.path for hit in result.conflicts] == [b"/bad.bin", b"/box.zip/inner.bin"]


def test_what_lies_in_a_known_good_archive_is_shown_and_marked(road: Road, device: Path) -> None:
    take_list(road, "bad", [(BAD, ("sha1",), len(BAD), "")], Polarity.KNOWN_BAD)
    take_list(road, "good", [(BOX, ("md5", "sha1"), len(BOX), "")], Polarity.KNOWN_GOOD)
    road.run(device)
    result = quick(road, device)
    assert found_by_quick(result) == found_by_run(road)
    assert [hit.beyond != "" for hit in result.hits] == [False, True]
    assert [pack.name for pack in result.asked] == ["good"]
    page = road.call("quick", "--workers", "1", device).stdout
    assert "listed as known-good: 'triage run' does not report this file" in page
