"""Charts: the same bytes for the same figures, text as text, and a table that says the same."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET  # (of drawings made here)
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import page_samples
import pytest
from PIL import Image

from triage.export import charts
from triage.export.drawing import PNG_MARK, SVG_START, Chart, png, svg, svg_inside
from triage.model.kpi import OLDER_THAN_DAYS, Ages, Share, Split, SplitBy, Spread

HOSTILE = page_samples.HOSTILE
NOTHING = Ages(days=Spread(), older=tuple((days, Share()) for days in OLDER_THAN_DAYS))


def bands(*, hostile: bool = False) -> Split:
    return next(
        one for one in page_samples.unit_kpis(hostile=hostile).splits if one.by is SplitBy.RISK_BAND
    )


MAKERS: dict[str, Callable[[], Chart]] = {
    "ages": lambda: charts.age_chart(page_samples.unit_kpis().ages),
    "flow": lambda: charts.flow_chart(page_samples.unit_kpis().weeks),
    "bands": lambda: charts.band_chart(bands()),
    "hostile bands": lambda: charts.band_chart(bands(hostile=True)),
    "backlog": lambda: charts.backlog_chart(page_samples.unit_forecast(runs=50)),
    "oldest": lambda: charts.oldest_chart(page_samples.unit_forecast(runs=50)),
    "no ages": lambda: charts.age_chart(NOTHING),
    "no weeks": lambda: charts.flow_chart(()),
    "no bands": lambda: charts.band_chart(Split(by=SplitBy.RISK_BAND, groups=())),
}


@cache
def file_of(name: str) -> bytes:
    return svg(MAKERS[name]())


@cache
def part_of(name: str) -> str:
    return svg_inside(MAKERS[name]())


@pytest.mark.parametrize("name", ["hostile bands", "backlog"])
def test_a_drawing_has_the_same_bytes_each_time_and_says_nothing_of_when(name: str) -> None:
    first, second = file_of(name), svg(MAKERS[name]())
    assert first == second
    assert b"Matplotlib" not in first
    assert not re.search(rb"20\d\d-\d\d-\d\dT", first)
    assert first.startswith(SVG_START.encode())


@pytest.mark.parametrize("name", MAKERS)
def test_text_stays_text_and_the_title_is_in_the_file_alone(name: str) -> None:
    chart = MAKERS[name]()
    words = "".join(ET.fromstring(file_of(name)).itertext())  # noqa: S314  (drawn here)
    assert chart.title in words
    inside = "".join(ET.fromstring(part_of(name)).itertext())  # noqa: S314  (drawn here)
    assert chart.title not in inside


def test_a_picture_has_the_same_bytes_each_time_and_is_ours_by_its_head() -> None:
    chart = MAKERS["backlog"]()
    drawn = png(chart)
    assert png(chart) == drawn
    assert PNG_MARK in drawn[:64]
    assert Image.open(io.BytesIO(drawn)).size[0] == 1184


@pytest.mark.parametrize("name", MAKERS)
def test_identifiers_inside_a_page_are_its_own_and_lead_somewhere(name: str) -> None:
    chart = MAKERS[name]()
    drawn = part_of(name)
    known = re.findall(r'\sid="([^"]*)"', drawn)
    assert len(known) == len(set(known))
    assert all(one.startswith(chart.name + "-") for one in known)
    used = re.findall(r'(?:href="#|url\(#)([\w-]+)', drawn)
    assert set(used) == set(known)
    assert f'aria-labelledby="{chart.name}-title {chart.name}-description"' in drawn


def test_names_cannot_become_parts_of_a_drawing() -> None:
    root = ET.fromstring(file_of("hostile bands"))  # noqa: S314  (drawn here)
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds <= {
        "svg",
        "defs",
        "style",
        "g",
        "path",
        "use",
        "text",
        "tspan",
        "clipPath",
        "rect",
    }
    assert "<script>alert(1)</script>" in "".join(root.itertext())


@pytest.mark.parametrize("name", MAKERS)
def test_each_row_of_a_table_has_a_cell_a_column(name: str) -> None:
    table = MAKERS[name]().table
    assert all(len(row) == len(table.header) for row in table.rows)
    assert table.caption


def test_age_classes_are_those_counted_one_by_one() -> None:
    history = page_samples.unit_history()
    pairs = zip(history.columns["received_s"], history.columns["stage"], strict=True)
    now_s = page_samples.unit_kpis().as_of_s
    ages = [(now_s - came) / 86_400 for came, stage in pairs if stage != "released"]
    edges = (-1, *OLDER_THAN_DAYS, 10**6)
    expected = [sum(low < age <= high for age in ages) for low, high in pairwise(edges)]
    rows = MAKERS["ages"]().table.rows
    assert [int(row[1].replace(",", "")) for row in rows] == expected


def test_the_fan_begins_at_what_is_open_and_its_table_is_the_forecast() -> None:
    told = page_samples.unit_forecast(runs=50)
    chart = charts.backlog_chart(told)
    assert [row[2] for row in chart.table.rows] == [f"{at.backlog.p50:,}" for at in told.steps]
    assert f"From {told.basis.open_now} open now" in chart.description


@pytest.mark.parametrize("name", ["no ages", "no weeks", "no bands"])
def test_where_there_is_nothing_a_sentence_says_so(name: str) -> None:
    chart = MAKERS[name]()
    assert chart.description in "".join(ET.fromstring(file_of(name)).itertext())  # noqa: S314  (ours)
