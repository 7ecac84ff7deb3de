"""Damaged, cut, missing and unopenable images on the whole road."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import triage.scheduler
from road import HOSTILE, IMAGES, TRUTH, Road, code, truth
from triage.errors import EvidenceError, UsageFault
from triage.scheduler import InlinePool

Row = dict[str, Any]
DAMAGE: dict[str, Row] = {
    one["first"]: one for one in json.loads((TRUTH / "damage.json").read_text(encoding="utf-8"))
}


@pytest.fixture
def run(road: Road, monkeypatch: pytest.MonkeyPatch) -> Road:
    """Give a road whose ``triage run`` works in this process."""
    monkeypatch.setattr(triage.scheduler, "ProcessPool", lambda **_: InlinePool())
    return road


def start(road: Road, *images: Path) -> tuple[int, Row]:
    result = road.on_case("run", *images, "--exhibit", "ABC/1", "--json")
    return code(result), json.loads(result.stdout) if result.stdout else {}


@pytest.mark.parametrize("first", sorted(set(DAMAGE) - {"header-only.E01"}))
def test_what_is_hurt_fails_and_the_rest_is_right(run: Road, first: str) -> None:
    told = DAMAGE[first]
    exit_code, page = start(run, HOSTILE / first)
    hurt = {row["path"] for row in told["affected"]}
    assert (exit_code, page["tally"]["holds"], page["tally"]["pending"]) == (3, True, 0)
    rows = {row["path"]: row for row in run.files() if row["kind"] == "file"}
    problems = page["problems"]
    unlisted = {one["path"] for one in problems if one["kind"] == "directory-unreadable"}
    assert not unlisted or "chunk" not in told, "one chunk hurts no folder here"
    for row in truth("album"):
        if row["kind"] != "file":
            continue
        if row["path"] not in rows:
            assert row["path"].rpartition("/")[0] in unlisted, "no name goes missing silently"
            continue
        got = rows[row["path"]]
        if row["path"] in hurt:
            assert (got["state"], got["reason"]) == ("failed", "damaged"), got
            assert got["sha256"] is None
        elif got["state"] == "failed":
            assert told["possible"], got
            assert got["reason"] == "damaged"
        else:
            assert got["sha256"] == row["sha256"]
    if not told["possible"] and not unlisted:
        assert page["tally"]["failed"] == ({"damaged": len(hurt)} if hurt else {})
    if hurt:
        assert page["colour"] == "amber"


@pytest.mark.parametrize("first", sorted(set(DAMAGE) - {"header-only.E01"}))
def test_the_ranges_named_are_those_that_are_hurt(run: Road, first: str) -> None:
    told = DAMAGE[first]
    _, page = start(run, HOSTILE / first)
    named = [
        (one["offset_bytes"], one["offset_bytes"] + one["length_bytes"], one["kind"])
        for one in page["problems"]
        if one["kind"] in {"damaged-range", "missing-segment"} and one["length_bytes"]
    ]
    for offset, length in told["certain"]:
        touched = [one for one in named if one[0] < offset + length and one[1] > offset]
        covered = sum(min(b, offset + length) - max(a, offset) for a, b, _ in touched)
        assert covered >= length, (told["certain"], named)
    allowed = [*told["certain"], *told["possible"]]
    for begin, end, _ in named:
        assert any(a <= begin and end <= a + size for a, size in allowed), (allowed, named)
    if "missing" in told["act"]:
        assert {kind for _, _, kind in named} == {"missing-segment"}


@pytest.mark.parametrize("name", ["empty.raw", "nowhere.E01"])
def test_what_cannot_be_opened(run: Road, name: str) -> None:
    result = run.on_case("run", HOSTILE / name, "--exhibit", "ABC/1")
    assert code(result) == 4
    assert isinstance(result.exception, EvidenceError)
    assert name in result.exception.message
    assert code(run.on_case("report")) == 2, "nothing is left of an exhibit that never opened"


def test_an_image_of_which_only_the_head_is_left(run: Road) -> None:
    exit_code, page = start(run, HOSTILE / "header-only.E01")
    assert (exit_code, page["colour"]) == (3, "amber")
    assert [one["state"] for one in page["volumes"]] == ["damaged"]
    assert page["tally"]["listed"] == 0
    size = DAMAGE["header-only.E01"]["media_size_bytes"]
    lost = [one for one in page["problems"] if one["kind"] == "missing-segment"]
    assert [(one["offset_bytes"], one["length_bytes"]) for one in lost] == [(0, size)]


def test_one_image_of_two_does_not_open(run: Road, tmp_path: Path) -> None:
    late = tmp_path / "late.E01"
    exit_code, page = start(run, IMAGES / "iso9660.raw", late)
    assert (exit_code, page["colour"]) == (3, "amber")
    assert [one["kind"] for one in page["problems"]] == ["evidence-unreadable"]
    assert "late.E01" in page["problems"][0]["detail"]
    assert str(tmp_path) not in json.dumps(page)
    assert page["tally"]["digested"] >= 20
    assert any("late.E01" in gap for gap in page["not_examined"])
    shutil.copy(IMAGES / "fat16.E01", late)
    _, again = start(run, IMAGES / "iso9660.raw", late)
    assert "evidence-unreadable" not in {one["kind"] for one in again["problems"]}
    assert sorted(one["name"] for one in again["evidence"]) == ["iso9660.raw", "late.E01"]
    assert again["tally"]["listed"] > page["tally"]["listed"]


def test_the_same_image_named_twice_is_worked_once(run: Road, tmp_path: Path) -> None:
    image = IMAGES / "iso9660.raw"
    start(run, image)
    once = run.files()
    start(run, image, image)
    assert run.files() == once
    copy = Path(shutil.copy(image, tmp_path / image.name))
    result = run.on_case("run", image, copy, "--exhibit", "ABC/2")
    assert isinstance(result.exception, UsageFault)


def test_an_image_that_moved_is_the_same_evidence(run: Road, tmp_path: Path) -> None:
    start(run, Path(shutil.copy(IMAGES / "iso9660.raw", tmp_path)))
    before = run.files()
    (tmp_path / "elsewhere").mkdir()
    moved = (tmp_path / "iso9660.raw").rename(tmp_path / "elsewhere" / "iso9660.raw")
    start(run, moved)
    assert run.files() == before
