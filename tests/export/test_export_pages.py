"""Pages: well formed, whole in one file, headed and labelled, and nothing in them from data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import page_samples
import pytest

from triage.export.forecastpage import forecast_page
from triage.export.forecastwords import clearing_words
from triage.export.metricspage import metrics_page
from triage.export.nightpage import night_page
from triage.export.pagemaking import PAGE_START
from triage.export.panel import Paper, panel_page
from triage.model.forecast import Forecast

MADE = "1 Oct 2026, 00:00 UTC"
VOID = {"meta", "br", "hr", "img", "link", "input"}
HEADS = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav"}
WORDS = {"h1", "h2", "h3", "p", "a", "ul", "li", "span", "dl", "dt", "dd", "div", "section"}
TABLES = {"table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary"}
DRAWN = {"figure", "figcaption", "svg", "g", "path", "use", "text", "tspan", "defs"}
OUR_TAGS = HEADS | WORDS | TABLES | DRAWN | {"clippath", "rect"}


class Reading(HTMLParser):
    """Follows a page and keeps what a checker asks for."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in tags]


def read(page: str) -> Reading:
    reading = Reading()
    reading.feed(page)
    reading.close()
    assert reading.open == []
    return reading


def paper(*, hostile: bool = False, told: Forecast | str | None = None) -> str:
    return panel_page(
        Paper(
            now=page_samples.unit_kpis(hostile=hostile),
            quarter_before=page_samples.unit_kpis("2026-04-01", "2026-06-30"),
            year_before=page_samples.unit_kpis("2025-07-01", "2025-09-30"),
            forecast=told or page_samples.unit_forecast(runs=50, capacity=0),
            unit=page_samples.HOSTILE[0] if hostile else "Unit",
        ),
        made=MADE,
    )


MAKERS: dict[str, Callable[[], str]] = {
    "metrics": lambda: metrics_page(page_samples.unit_kpis()),
    "hostile metrics": lambda: metrics_page(page_samples.unit_kpis(hostile=True)),
    "night": lambda: night_page(page_samples.night()),
    "hostile night": lambda: night_page(page_samples.night(hostile=True)),
    "forecast": lambda: forecast_page(page_samples.unit_forecast(runs=50), made=MADE),
    "panel": paper,
    "hostile panel": lambda: paper(hostile=True),
}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {name: make() for name, make in MAKERS.items()}


@pytest.mark.parametrize("name", MAKERS)
def test_every_tag_is_ours_and_closed(pages: dict[str, str], name: str) -> None:
    reading = read(pages[name])
    assert {tag for tag, _ in reading.tags} <= OUR_TAGS
    for _, attributes in reading.tags:
        assert not any(key.startswith("on") for key in attributes)


@pytest.mark.parametrize("name", MAKERS)
def test_a_page_needs_nothing_but_itself(pages: dict[str, str], name: str) -> None:
    reading = read(pages[name])
    for _, attributes in reading.tags:
        assert "src" not in attributes
        for key in ("href", "xlink:href"):
            assert (attributes.get(key) or "#").startswith("#")
    assert "@import" not in pages[name]
    assert "url(http" not in pages[name]


@pytest.mark.parametrize("name", MAKERS)
def test_a_page_has_language_one_h1_and_no_heading_skipped(
    pages: dict[str, str], name: str
) -> None:
    reading = read(pages[name])
    assert pages[name].startswith(PAGE_START)
    assert reading.named("html")[0]["lang"] == "en-GB"
    levels = [int(tag[1]) for tag, _ in reading.tags if tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", MAKERS)
def test_tables_have_captions_and_scopes_and_drawings_have_names(
    pages: dict[str, str], name: str
) -> None:
    reading = read(pages[name])
    assert len(reading.named("table")) == len(reading.named("caption")) > 0
    assert all(one.get("scope") in {"col", "row"} for one in reading.named("th"))
    known = [one["id"] for _, one in reading.tags if one.get("id")]
    assert len(known) == len(set(known))
    for drawing in reading.named("svg"):
        assert drawing["role"] == "img"
        assert set((drawing["aria-labelledby"] or "").split()) <= set(known)
    for section in reading.named("section"):
        assert section["aria-labelledby"] in known
    places = {f"#{one}" for one in known}
    assert {one["href"] for one in reading.named("a")} <= places


@pytest.mark.parametrize("name", ["night", "panel"])
def test_the_same_values_give_the_same_bytes(pages: dict[str, str], name: str) -> None:
    assert MAKERS[name]() == pages[name]


@pytest.mark.parametrize("name", ["hostile metrics", "hostile night"])
def test_hostile_names_can_be_read_and_do_nothing(pages: dict[str, str], name: str) -> None:
    words = "".join(read(pages[name]).words)
    assert "<script>alert(1)</script>" in words
    assert "A\\x0aB\\x1b[31m\\u202egpj.exe" in words
    for raw in ("\x1b", "\u202e"):
        assert raw not in pages[name]


def test_a_paper_names_no_exhibit_and_no_case(pages: dict[str, str]) -> None:
    assert "ABC/" not in pages["panel"]
    assert "OP-" not in pages["panel"]


def test_a_paper_says_change_seed_and_period(pages: dict[str, str]) -> None:
    words = "".join(read(pages["panel"]).words)
    now, before = (
        page_samples.unit_kpis(),
        page_samples.unit_kpis("2026-04-01", "2026-06-30"),
    )
    assert f"{now.open_end} exhibits were open at the end" in words
    fell = before.open_end - now.open_end
    assert f"\u2212{fell} (\u2212{fell / before.open_end:.0%})" in words
    assert "seed 1" in words
    assert "1 Jul 2026 to 30 Sep 2026" in words
    assert MADE in words


def test_a_paper_without_a_forecast_says_why() -> None:
    words = "".join(read(paper(told="too little history")).words)
    assert "There is no forecast: too little history." in words


def test_a_quiet_night_is_said_as_one() -> None:
    quiet = dataclasses.replace(
        page_samples.night(),
        done=(),
        set_aside=(),
        failed=(),
        not_started=(),
        stopped=(),
        away=(),
    )
    words = "".join(read(night_page(quiet)).words)
    assert "No exhibit was finished." in words
    assert "Not finished" not in words


def test_never_and_by_when_are_said_plainly() -> None:
    never = " ".join(clearing_words(page_samples.unit_forecast(runs=50, capacity=-3)))
    assert never.startswith("The backlog never clears at this capacity")
    assert "grows by" in never
    clears = " ".join(clearing_words(page_samples.unit_forecast(runs=50, capacity=12)))
    assert "is forecast to clear by" in clears
    assert "in every run" in clears
