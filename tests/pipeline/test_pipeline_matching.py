"""Reference sets on the joined road: what outranks what, what is told, and what stops a run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from road import IMAGES, SAMPLES, Road, code, truth
from triage.errors import HashSetError
from triage.matching.library import PackLibrary
from triage.model.event import HitFound, Progress, Stage
from triage.model.hashset import Polarity

Row = dict[str, Any]
IMAGE = IMAGES / "ntfs.E01"
CODES = {"1": "A", "2": "B", "3": "C"}
"""Codes of the UK template, as hashsets/README.md tells them."""


def contents(image: str = "ntfs") -> dict[str, str]:
    """Give the MD5 of every live file of the recipe by its path."""
    return {
        row["path"]: row["md5"]
        for row in truth(image)
        if row["kind"] == "file" and row["size_bytes"] and row["allocation"] == "live"
    }


def md5_list(road: Road, name: str, *digests: str) -> Path:
    path = road.folder / f"{name}.txt"
    path.write_text("".join(f"{digest}\n" for digest in digests))
    return path


def graded(road: Road) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Give standing and grade of every digested entry."""
    return {
        (row["volume"] + row["path"], row["stream"]): (row["standing"], row["grade"])
        for row in road.files("--state", "digested")
    }


def test_known_bad_outranks_known_good_and_the_conflict_is_shown(road: Road) -> None:
    digest = contents()["/Pictures/harbour.jpg"]
    road.take(md5_list(road, "bad", digest), "bad", Polarity.KNOWN_BAD)
    road.take(md5_list(road, "good", digest), "good", Polarity.KNOWN_GOOD)
    verdict = road.run(IMAGE)
    assert verdict.colour == "red"
    rows = [row for row in road.files() if row["md5"] == digest]
    assert len(rows) >= 3
    for row in rows:
        assert row["standing"] == "known-bad"
        assert "bad" in row["conflict"]
        assert "good" in row["conflict"]
    shown = road.on_case("hits --conflicts --json").stdout.splitlines()
    assert [json.loads(line) for line in shown] == rows
    assert json.loads(road.on_case("report --json").stdout)["conflicts"] == 1


def test_likeness_is_never_merged_with_identity(road: Road) -> None:
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    verdict = road.run(IMAGES / "sample.E01")
    assert verdict.colour == "amber"
    alike = {row["path"] for row in truth("sample") if row.get("motif") == "orchard"}
    visual = road.files("--state", "digested")
    assert {row["path"] for row in visual if row["standing"] == "visual"} == alike
    assert {row["grade"] for row in visual if row["standing"] == "visual"} == {None}
    summary = road.summary()
    assert {kind for (_, _, _, kind), _ in summary.hits} == {"visual"}
    assert summary.distinct_hits == 0
    assert road.on_case("hits --class exact --json").stdout == ""
    assert len(road.on_case("hits --class visual --json").stdout.splitlines()) == len(alike)


def test_the_first_hit_is_told_while_the_reading_goes_on(road: Road) -> None:
    digests = contents()
    bad = [digests["/Pictures/harbour.jpg"], digests["/Documents/holiday.txt"]]
    road.take(md5_list(road, "bad", *bad), "bad", Polarity.KNOWN_BAD)
    road.run(IMAGE)
    hits = [place for place, told in enumerate(road.events) if isinstance(told, HitFound)]
    pictures = [
        place
        for place, told in enumerate(road.events)
        if isinstance(told, Progress) and told.stage is Stage.PICTURES
    ]
    assert len(hits) == 1, "told once, whatever else is found"
    assert hits[0] < min(pictures)


def test_nobody_has_confirmed_the_scheme(road: Road) -> None:
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    records = json.loads((SAMPLES / "sample-vics-2.0.json").read_text())["value"]
    codes = {one["MD5"].lower(): str(one["Category"]) for one in records if one.get("Category")}
    verdict = road.run(IMAGES / "sample.E01")
    assert verdict.colour == "amber"
    hit = [row for row in road.files() if row["standing"] not in {None, "unknown"}]
    assert {row["standing"] for row in hit} == {"unmapped"}
    assert {row["grade"] for row in hit} == {"UNMAPPED"}
    road.confirm("uk")
    again = road.on_case("rematch")
    assert code(again) == 3
    assert json.loads(road.on_case("report --json").stdout)["colour"] == "red"
    for row in road.files("--state", "digested"):
        number = codes.get(row["md5"])
        if number in CODES:
            assert (row["standing"], row["grade"]) == ("known-bad", CODES[number]), row
    assert {row["grade"] for row in hit} < {row["grade"] for row in road.files()}


def sets_of(road: Road) -> None:
    """Import one set of each kind, with a picture among what is known-good."""
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    digests = contents("sample")
    good = [digests[path] for path in sorted(digests) if "orchard" in path or "half" in path]
    assert len(good) >= 2
    road.take(md5_list(road, "good", *good), "good", Polarity.KNOWN_GOOD)
    road.confirm("uk")


def test_rematching_gives_the_bytes_of_a_fresh_run(road: Road, tmp_path: Path) -> None:
    road.run(IMAGES / "sample.E01")
    sets_of(road)
    assert code(road.on_case("rematch")) == 3
    fresh = Road(tmp_path / "fresh")
    fresh.folder.mkdir()
    sets_of(fresh)
    fresh.run(IMAGES / "sample.E01")
    assert road.exports() == fresh.exports()
    one, other = road.summary(), fresh.summary()
    assert one.hits == other.hits
    assert one.pictures_failed == other.pictures_failed
    assert (one.pictures_hashed, one.pictures_pending) == (other.pictures_hashed, 0)


def test_a_set_taken_away_again_leaves_no_trace(road: Road) -> None:
    road.run(IMAGES / "sample.E01")
    road.confirm("uk")
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.on_case("rematch")
    before = road.exports()
    sets_of(road)
    assert code(road.on_case("rematch")) == 3
    assert road.exports() != before
    assert code(road.on_case("rematch", "--only", "--set", "caid")) == 3
    assert road.exports() == before


def test_asking_for_one_set_does_not_drop_another(road: Road) -> None:
    digests = contents()
    for name, path in (("one", "/Pictures/harbour.jpg"), ("two", "/Documents/holiday.txt")):
        road.take(md5_list(road, name, digests[path]), name, Polarity.KNOWN_BAD)
    road.run(IMAGE, sets=("one",))
    assert [pack.name for pack in road.summary().packs] == ["one"]
    assert code(road.on_case("rematch", "--set", "two")) == 3
    assert [pack.name for pack in road.summary().packs] == ["one", "two"]
    road.run(IMAGE, sets=("two",))
    assert [pack.name for pack in road.summary().packs] == ["one", "two"]
    bad = {row["md5"] for row in road.files() if row["standing"] == "known-bad"}
    assert bad == {digests["/Pictures/harbour.jpg"], digests["/Documents/holiday.txt"]}


def test_the_newest_version_of_a_name_takes_the_place_of_the_older(road: Road) -> None:
    digests = contents()
    first, second = digests["/Pictures/harbour.jpg"], digests["/Documents/holiday.txt"]
    road.take(md5_list(road, "v1", first), "set", Polarity.KNOWN_BAD, version="1")
    road.run(IMAGE)
    road.take(md5_list(road, "v2", second), "set", Polarity.KNOWN_BAD, version="2")
    road.run(IMAGE)
    assert [(pack.name, pack.version) for pack in road.summary().packs] == [("set", "2")]
    assert {row["md5"] for row in road.files() if row["standing"] == "known-bad"} == {second}


@pytest.mark.parametrize("command", ["run", "rematch"])
def test_a_set_that_is_gone_is_not_dropped_silently(road: Road, command: str) -> None:
    digests = contents()
    for name, path in (("one", "/Pictures/harbour.jpg"), ("two", "/Documents/holiday.txt")):
        road.take(md5_list(road, name, digests[path]), name, Polarity.KNOWN_BAD)
    road.run(IMAGE)
    before = road.files()
    PackLibrary(road.home).remove("one")
    words = (str(IMAGE), "--exhibit", "ABC/1") if command == "run" else ()
    result = road.on_case(command, *words)
    assert code(result) == 5
    assert isinstance(result.exception, HashSetError)
    assert "one@" in result.exception.message
    assert "--only" in result.exception.hint
    assert road.files() == before
    assert code(road.on_case("rematch", "--only")) == 3
    assert [pack.name for pack in road.summary().packs] == ["two"]


def test_a_damaged_set_stops_the_run_before_it_starts(road: Road) -> None:
    digest = contents()["/Pictures/harbour.jpg"]
    road.take(md5_list(road, "bad", digest), "bad", Polarity.KNOWN_BAD)
    (pack,) = PackLibrary(road.home).folders()
    files = sorted(path for path in pack.rglob("*") if path.is_file())
    assert len(files) > 1
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        result = road.on_case("run", IMAGE, "--exhibit", "ABC/1", "--workers", "1")
        assert code(result) == 5, path.name
        assert isinstance(result.exception, HashSetError)
        assert "bad" in result.exception.message
        assert code(road.on_case("report")) == 2, "the case was not even made"
        path.write_bytes(whole)
    shutil.rmtree(pack)
    assert code(road.on_case("run", IMAGE, "--exhibit", "E", "--set", "bad")) == 5


def test_a_set_that_does_not_exist(road: Road) -> None:
    result = road.on_case("run", IMAGE, "--exhibit", "ABC/1", "--set", "caid", "--workers", "1")
    assert code(result) == 5
    assert isinstance(result.exception, HashSetError)
    assert re.search(r"'caid'", result.exception.message)
    assert code(road.on_case("report")) == 2
