"""The sheet of a result: everything that matters is on it, and it stays one page."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from triage.export.resultpage import FACT_MOST, ROWS_MOST, Sheet, result_sheet
from triage.model.officer import CategoryCount, NotExamined, OfficerResult
from triage.model.verdict import Colour

RESULT = OfficerResult(
    colour=Colour.RED,
    heading="Red: illegal material was recognised",
    meaning=("At least one file is listed.",),
    counts=(
        CategoryCount(label="Category A", pictures=1_200, videos=3, others=0),
        CategoryCount(label="Category C", pictures=1, videos=0, others=0),
    ),
    likenesses=4,
    graded=(("Category B", 7), ("Not agreed yet", 1)),
    extent=("Files and folders listed: 78.",),
    not_examined=(NotExamined(what="3 files", why="could not be read"),),
    outside="No examination of this kind looks everywhere.",
    next_steps=("Seize the device.", "Do not switch it on."),
)
SHEET = Sheet(
    result=RESULT,
    receipt="7KQ4-M2XD",
    facts=(("Case", "OP-X"), ("Exhibit", "ABC/1")),
    unit="Digital Forensics Unit",
    contact="the unit's desk",
    taken_by="Olu Officer",
    taken_s=1_795_348_800,
)


def test_all_that_matters_is_on_the_sheet() -> None:
    page = result_sheet(SHEET)
    for words in (
        "<h1>Red: illegal material was recognised</h1>",
        "1. Seize the device.",
        "2. Do not switch it on.",
        "1,200",
        "Pictures that look like a listed one: 4.",
        "Category B: 7; Not agreed yet: 1",
        "could not be read",
        "No examination of this kind looks everywhere.",
        "7KQ4-M2XD",
        "Taken by Olu Officer on 22 Nov 2026, 12:00 UTC",
        "no evidence and no forensic report",
        "the unit&#39;s desk",
        'class="paper sheet sheet-red"',
    ):
        assert words in page
    assert result_sheet(SHEET) == page, "the same sheet gives the same bytes"


def test_what_has_no_room_is_counted_and_never_dropped_in_silence() -> None:
    gaps = tuple(NotExamined(what=f"{number} files", why="why") for number in range(1, 31))
    page = result_sheet(replace(SHEET, result=replace(RESULT, not_examined=gaps)))
    shown = sum(f">{number} files<" in page for number in range(1, 31))
    assert shown + 2 == ROWS_MOST
    assert f"There are {30 - shown} more kinds than have room here" in page


def test_a_long_fact_is_cut_and_says_so() -> None:
    page = result_sheet(replace(SHEET, facts=(("What may be examined", "x" * 2_000),)))
    assert "x" * FACT_MOST + " …" in page
    assert "x" * (FACT_MOST + 1) not in page


@given(words=st.text(min_size=1, max_size=60))
def test_what_officers_write_stays_text(words: str) -> None:
    page = result_sheet(replace(SHEET, facts=(("Case", words),), receipt=words, taken_by=words))
    assert page.count("<script") == 0
    assert "<img" not in page
    assert "\u202e" not in page
