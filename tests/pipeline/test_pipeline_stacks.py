"""Stacks of a case: near copies stand together, each with its places, and no grade travels."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from road import Road, code
from triage.matching.library import PackLibrary
from triage.model.hashset import Polarity


def scene(seed: int) -> Image.Image:
    """Make a picture of smooth shapes, as different from others as photographs are."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    return Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)


@pytest.fixture
def seized(road: Road, tmp_path: Path) -> Road:
    folder = tmp_path / "seized"
    (folder / "copies").mkdir(parents=True)
    first, second = scene(1), scene(2)
    first.save(folder / "a.png")
    first.save(folder / "a.jpg", quality=90)
    first.resize((200, 150)).save(folder / "copies" / "small.jpg", quality=80)
    (folder / "copies" / "again.jpg").write_bytes((folder / "a.jpg").read_bytes())
    second.save(folder / "b.png")
    second.save(folder / "b.jpg", quality=70)
    scene(3).save(folder / "c.png")
    Image.new("RGB", (320, 240), "white").save(folder / "white.png")
    Image.new("RGB", (320, 240), "white").save(folder / "white.jpg")
    road.run(folder)
    return road


def stacks(road: Road, *words: str) -> list[dict[str, Any]]:
    result = road.on_case("stacks", "--json", *words)
    assert code(result) == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def names(stack: dict[str, Any]) -> set[str]:
    return {place["path"].rpartition("/")[2] for one in stack["members"] for place in one["places"]}


def test_copies_of_one_picture_stand_together(seized: Road) -> None:
    found = stacks(seized)
    assert [names(stack) for stack in found] == [
        {"a.png", "a.jpg", "small.jpg", "again.jpg"},
        {"b.png", "b.jpg"},
    ]
    assert [(stack["pictures"], stack["places"]) for stack in found] == [(3, 4), (2, 2)]
    for stack in found:
        assert stack["members"][0]["sha256"] == stack["leader"]
        assert stack["members"][0]["distance_bits"] == 0
        assert all(one["distance_bits"] <= 31 for one in stack["members"])


def test_small_stacks_can_be_left_out_and_single_pictures_asked_for(seized: Road) -> None:
    assert len(stacks(seized, "--min", "3")) == 1
    single = stacks(seized, "--min", "1")
    assert len(single) == 3
    assert not any("white" in name for stack in single for name in names(stack))


def test_what_a_list_says_of_one_member_is_told_and_not_passed_on(
    seized: Road, tmp_path: Path
) -> None:
    digest = hashlib.sha256((tmp_path / "seized" / "a.png").read_bytes()).hexdigest()
    listed = tmp_path / "list.txt"
    listed.write_text(f"{digest}\n")
    PackLibrary(seized.home).import_set(listed, name="bad", polarity=Polarity.KNOWN_BAD)
    seized.on_case("rematch")
    first = stacks(seized)[0]
    assert first["standings"]["known-bad"] == 1
    assert first["standings"]["unknown"] == 2
    graded = {one["sha256"] for one in first["members"] if one["grade"]}
    assert graded == {digest}


def test_the_table_has_a_line_a_stack_and_says_what_was_left_out(seized: Road) -> None:
    result = seized.on_case("stacks")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["pictures", "places"]
    assert [line.split()[:2] for line in lines[1:]] == [["3", "4"], ["2", "2"]]
    assert "2 stacks of 6 distinct pictures; 2 without features" in result.stderr


def test_the_case_is_left_as_it_was(seized: Road) -> None:
    before = seized.export("jsonl", seized.folder)
    stacks(seized)
    assert seized.export("jsonl", seized.folder) == before


def test_exhibits_are_stacked_together_or_alone(seized: Road, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    scene(1).save(other / "third.jpg", quality=60)
    (other / "a.png").write_bytes((tmp_path / "seized" / "a.png").read_bytes())
    seized.run(other, exhibit="ABC/2")
    together = stacks(seized)[0]
    assert (together["pictures"], together["places"]) == (4, 6)
    alone = stacks(seized, "--exhibit", "ABC/2")
    assert [names(stack) for stack in alone] == [{"third.jpg", "a.png"}]


def test_names_are_shown_escaped(road: Road, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for number in range(2):
        try:
            path = folder / os.fsdecode(b"\x1b[31m[red]\xff%d.jpg" % number)
            scene(1).save(path, "JPEG", quality=60 + 20 * number)
        except OSError:
            pytest.skip("this file system takes no such names")
    road.run(folder)
    for words in (("--json",), ()):
        result = road.on_case("stacks", *words)
        assert "\x1b" not in result.stdout
        assert "[31m[red]" in result.stdout
