"""The commands of the counts, as a person calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from road import Road, code
from triage.model.history import CountKind


def counts(road: Road, *words: str | Path) -> Any:
    return road.call("counts", *words, "--db", road.db)


def listed(road: Road, *words: str) -> list[tuple[Any, ...]]:
    found = counts(road, "list", "--json", *words)
    assert code(found) == 0, found.output
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    return [(one["on"], one["kind"], one["subject"], one["value"], one["stands"]) for one in rows]


def test_a_correction_stands_and_what_was_corrected_stays_readable(road: Road) -> None:
    for value in ("4", "5"):
        done = counts(
            road, "add", "arrests", value, "--on", "2026-11-20", "--subject", "Week", "--by", "DI"
        )
        assert code(done) == 0, done.output
        assert f"2026-11-20 arrests of Week {value}: entered" in done.stderr
    again = counts(road, "add", "arrests", "5", "--on", "2026-11-20", "--subject", "Week")
    assert "stands so already" in again.stderr
    standing = ("2026-11-20", "arrests", "Week", 5, True)
    assert listed(road) == [standing]
    assert listed(road, "--all") == [("2026-11-20", "arrests", "Week", 4, False), standing]
    page = counts(road, "list", "--all").stdout
    assert "(corrected; DI, " in page


@pytest.mark.parametrize("kind", [one.value for one in CountKind])
def test_every_kind_may_be_entered(road: Road, kind: str) -> None:
    assert code(counts(road, "add", kind, "2", "--on", "2026-11-20")) == 0
    assert listed(road) == [("2026-11-20", kind, "", 2, True)]


@pytest.mark.parametrize(
    "words",
    [
        ("arrest", "4"),
        ("arrests", "4.5"),
        ("arrests", "x"),
        ("arrests", "4", "--on", "20.11.2026"),
        ("arrests", "4", "--on", "2999-01-01"),
    ],
)
def test_what_cannot_be_is_refused(road: Road, words: tuple[str, ...]) -> None:
    assert code(counts(road, "add", *words)) == 2
    assert not road.db.exists()


def test_an_import_keeps_good_rows_and_names_bad_ones(road: Road, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(
        b"on,kind,subject,value\n2026-11-20,viewed,=cmd(),1200\n2026-11-20,viewed,G,x\x1b[31m\n"
        b"2026-11-21,grading-hours,G,6.25\n"
    )
    first = counts(road, "import", path)
    assert code(first) == 3
    assert r"line 3: value 'x\x1b[31m' is no number of 0 or more" in first.stderr
    assert "2 counts added, 0 stood so already, 1 row refused" in first.stderr
    expected = [
        ("2026-11-20", "viewed", "=cmd()", 1200, True),
        ("2026-11-21", "grading-hours", "G", 6.25, True),
    ]
    assert listed(road, "--all") == expected
    second = counts(road, "import", path, "--json")
    assert code(second) == 3
    told = json.loads(second.stdout)
    assert (told["added"], told["unchanged"], len(told["refused"])) == (0, 2, 1)
    assert listed(road, "--all") == expected
    path.write_text("on,kind,value\n2026-11-22,devices,3\n")
    assert code(counts(road, "import", path)) == 0


def test_days_and_csv(road: Road, tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(
        "on;kind;subject;value\n2026-10-31;viewed;@x;1\n2026-11-01;viewed;@x;2\n"
        "2026-11-02;viewed;@x;3\n"
    )
    assert code(counts(road, "import", path)) == 0
    assert [one[3] for one in listed(road, "--from", "2026-11-01")] == [2, 3]
    assert [one[3] for one in listed(road, "--to", "2026-11-01")] == [1, 2]
    found = counts(road, "list", "--csv", "--from", "2026-11-02", "--to", "2026-11-02")
    (row,) = csv.DictReader(io.StringIO(found.stdout_bytes.decode("utf-8-sig")))
    assert (row["subject"], row["value"], row["stands"]) == ("'@x", "3", "yes")
    for words in (("--from", "yesterday"), ("--csv", "--json")):
        assert code(counts(road, "list", *words)) == 2
