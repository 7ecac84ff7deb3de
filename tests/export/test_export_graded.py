"""What people decided in exports: never a category that somebody disputes, and nothing unasked."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import export_records as made
import pytest

from triage.export.exporter import select
from triage.export.formats import EXPORTERS, named
from triage.export.listing import GRADED, entry_object
from triage.model.grade import Category
from triage.model.record import ExportRecord
from triage.model.vote import DISPUTED, Decision, GradeState

GOLDEN = Path(__file__).parent.parent / "golden"
ENDINGS = {"vics": "json", "csv": "csv", "jsonl": "jsonl"}


def exported(kind: str, records: list[ExportRecord], *, graded: bool) -> bytes:
    exporter, out = named(kind), io.BytesIO()
    ordered = made.by_content(records) if exporter.order == "content" else records
    exporter.write(select(ordered, exporter.include), made.head(graded=graded), out)
    return out.getvalue()


def media(records: list[ExportRecord]) -> dict[str, dict[str, Any]]:
    """Give the Media objects by SHA-256."""
    (case,) = json.loads(exported("vics", records, graded=True))["value"]
    return {one["AlternativeHashes"][0]["HashValue"].lower(): one for one in case["Media"]}


@pytest.mark.parametrize("kind", ENDINGS)
def test_graded_exports_have_the_golden_bytes(kind: str) -> None:
    wanted = (GOLDEN / f"graded.{ENDINGS[kind]}").read_bytes()
    assert exported(kind, made.graded_records(), graded=True) == wanted
    assert {one.id for one in EXPORTERS} == set(ENDINGS)


def test_the_category_that_stands_is_written_in_the_codes_of_the_file() -> None:
    found = media(made.graded_records())
    told = {content: found.get(hashlib.sha256(content).hexdigest(), {}) for content in made.GRADES}
    assert [one.get("Category") for one in told.values()] == [2, 3, None, None, None]
    # What people decided is not what a set gave, even where a set knows the content too.
    assert not any("IsPrecategorized" in one for one in told.values())
    # Non-pertinent is no hit, and the content no picture: it does not belong into the file.
    assert told[b"zone"] == {}
    assert told[b"alike"]["MediaMetadata"][-3]["PropertyValue"] == "EXTREME"
    (case,) = json.loads(exported("vics", made.graded_records(), graded=True))["value"]
    properties = [(one["PropertyName"], one["PropertyValue"]) for one in case["CaseMetadata"]]
    assert ("CategoryWithoutCode", "EXTREME: 1") in properties
    assert ("CategoryInDispute", "1") in properties


@pytest.mark.parametrize("state", sorted(DISPUTED))
def test_nothing_that_is_in_dispute_carries_a_category(state: GradeState) -> None:
    dispute = Decision(state=state, voters=2, origin="none", reason="A by Ann")
    records = [replace(one, decision=dispute) if one.outcome else one for one in made.records()]
    assert not any("Category" in one for one in media(records).values())
    rows = [json.loads(line) for line in exported("jsonl", records, graded=True).splitlines()]
    assert {row["grade_stands"] for row in rows if row["sha256"]} == {None}


def test_columns_come_at_the_end_and_only_where_people_graded() -> None:
    plain, graded = (
        list(csv.reader(io.StringIO(exported("csv", given, graded=flag).decode("utf-8-sig"))))
        for given, flag in ((made.records(), False), (made.graded_records(), True))
    )
    assert graded[0] == [*plain[0], *GRADED]
    assert [row[: len(plain[0])] for row in graded] == plain
    one = made.records()[0]
    assert set(entry_object(one, graded=True)) - set(entry_object(one)) == set(GRADED)


def test_without_a_vote_the_proposal_stands() -> None:
    told = {
        (
            row["standing"],
            row["grade"],
            row["grade_stands"],
            row["grade_state"],
            row["grade_origin"],
        )
        for one in made.records()
        for row in [entry_object(one, graded=True)]
    }
    assert ("known-bad", "A", "A", "proposed", "reference set") in told
    assert ("visual", None, None, "ungraded", None) in told
    assert (None, None, None, "ungraded", None) in told
    assert all(Category(str(stands)) for _, _, stands, _, _ in told if stands)
