"""``triage database copy``: a case goes from a file to a server and back, with all its bytes."""

from __future__ import annotations

import json
from pathlib import Path

from postgresql import PASSWORD
from road import IMAGES, SAMPLES, Road, code
from triage.model.hashset import Polarity


def test_exports_of_both_are_the_same_bytes(
    road: Road, postgresql_url: str, tmp_path: Path
) -> None:
    road.confirm("uk")
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.run(IMAGES / "sample.E01")
    before = road.exports()
    there = road.call("database", "copy", road.db, postgresql_url, "--json")
    assert code(there) == 0, there.output
    told = json.loads(there.stdout)
    assert told["identical"] is True
    assert {one["name"]: one["rows"] for one in told["tables"]}["entries"] == len(road.files())
    road.url = postgresql_url
    assert road.exports() == before
    second = tmp_path / "second [red].sqlite"
    back = road.call("database", "copy", postgresql_url, second)
    assert code(back) == 0, back.output
    assert "read back from both: identical" in back.stdout
    road.url = f"sqlite:///{second}"
    assert road.exports() == before
    assert PASSWORD not in there.output + back.output
    road.run(IMAGES / "sample.E01")
    assert road.exports() == before


def test_a_target_in_use_is_a_fault_of_the_call(road: Road, tmp_path: Path) -> None:
    road.run(IMAGES / "blank.raw")
    second = tmp_path / "second.sqlite"
    assert code(road.call("database", "copy", road.db, second)) == 0
    again = road.call("database", "copy", road.db, second)
    assert code(again) == 2
    assert code(road.call("database", "copy", tmp_path / "none", tmp_path / "third")) == 6
