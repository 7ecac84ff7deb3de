"""The table of hits keeps its categories and counts whole, however narrow the page is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from triage.cli.page import print_page
from triage.model.coverage import PLACES
from triage.model.record import ExhibitSummary
from triage.model.verdict import Colour, Tally, Verdict


def shown(places: tuple[str, ...], width: int) -> str:
    summary = ExhibitSummary(
        case="OP-X",
        exhibit="ABC/1",
        evidence=(),
        volumes=(),
        problems=(),
        tally=Tally(listed=0, digested=0, skipped=(), failed=()),
        packs=(),
        hits=tuple((("UNCATEGORISED", place, "moving", "exact"), 123_456) for place in places),
        distinct_hits=1,
        conflicts=0,
        pictures_hashed=0,
        pictures_failed=(),
        pictures_pending=0,
        listing_complete=True,
        seconds=1.0,
        workers=1,
        read_bytes=1,
    )
    said = io.StringIO()
    verdict = Verdict(colour=Colour.RED, reasons=(), gaps=())
    print_page(Console(file=said, width=width), summary, verdict)
    return said.getvalue()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_categories_and_counts_are_never_cut_where_every_place_has_hits(width: int) -> None:
    row = next(line for line in shown(PLACES, width).splitlines() if "UNCAT" in line)
    assert row.split() == ["UNCATEGORISED", "exact", "moving", *["123456"] * 6, "740736"]


def test_thumbnails_and_carved_have_a_column_only_where_something_was_found() -> None:
    few = shown(("live",), 100)
    assert "thumbnail" not in few
    assert "carved" not in few
    many = shown(("live", "carved"), 100)
    assert "thumbnail" not in many
    assert "carved" in many
