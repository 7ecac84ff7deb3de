"""Sentences of forecasts and charts: each is true of its figures, also at the edges."""

from __future__ import annotations

import dataclasses
import re

import page_samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.export.charts import age_chart, flow_chart
from triage.export.forecastwords import clearing_words, wait_words
from triage.export.wording import change, days_words, many
from triage.model.forecast import Clearing, Forecast, Outlook, Rates, Tenths
from triage.model.kpi import Week


def told(arrivals: float, capacity: float) -> Forecast:
    growth = arrivals - capacity
    outlook = Outlook.NEVER if growth >= 0 else Outlook.CLEARS
    clearing = Clearing(
        outlook=outlook,
        chance=0.5,
        p10_on="2027-12-04",
        p50_on="2028-07-22",
        p90_on="",
        growth_a_week=growth,
        weeks_at_mean=-1 if growth >= 0 else 88.0,
    )
    rates = Rates(arrivals=arrivals, capacity=capacity, hours_per_exhibit=-1, notes=())
    sample = page_samples.unit_forecast(runs=50)
    return dataclasses.replace(sample, clearing=clearing, rates=rates)


@given(arrivals=st.floats(0, 500), capacity=st.floats(0, 500))
def test_what_comes_in_less_what_is_finished_is_the_growth_that_is_said(
    arrivals: float, capacity: float
) -> None:
    words = " ".join(clearing_words(told(arrivals, capacity)))
    figures = re.search(r"([\d.]+) exhibits a week come in and ([\d.]+) can be finished", words)
    course = re.search(r"(grows|shrinks) by ([\d.]+) a week", words)
    assert figures
    came, finished = map(float, figures.groups())
    if course:
        sign = 1 if course[1] == "grows" else -1
        assert sign * float(course[2]) == pytest.approx(came - finished, abs=1e-9)
    else:
        assert "it does not shrink" in words
        assert came == finished


def test_what_fewer_than_nine_in_ten_reach_is_not_said_of_nine_in_ten() -> None:
    first = clearing_words(told(18.6, 21.6))[0]
    assert first.endswith(
        "clear by 22 Jul 2028 (middle of all runs); one run in ten clears by 4 Dec 2027, fewer "
        "than nine in ten do within the 104 weeks."
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((-1, -1, -1), "waits more than 104 weeks until it is released (in nine of ten runs)"),
        ((70, 84, -1), "one chance in ten: 10 weeks or less, one in ten: more than 104 weeks"),
        ((70, 84, 98), "waits 12 weeks until it is released (eight chances in ten: 10 weeks to"),
    ],
)
def test_waits_beyond_the_horizon_are_no_range(days: tuple[int, int, int], words: str) -> None:
    waits = Tenths(p10=days[0], p50=days[1], p90=days[2])
    assert words in wait_words(dataclasses.replace(told(1, 2), wait_days=waits))


@given(
    start=st.integers(100, 200),
    flow=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9),
)
def test_received_less_released_is_how_the_number_open_changed(
    start: int, flow: list[tuple[int, int]]
) -> None:
    weeks, open_end = [], start
    for opened, closed in flow:
        open_end += opened - closed
        weeks.append(
            Week(
                name="2026-W01",
                first_on="2025-12-29",
                last_on="2026-01-04",
                is_whole=True,
                opened=opened,
                closed=closed,
                open_end=open_end,
            )
        )
    words = flow_chart(weeks).description
    assert f"{sum(closed for _, closed in flow)} released" in words
    course = f"stayed at {start}" if open_end == start else f"from {start} to {open_end}"
    assert course in words


def test_one_is_one() -> None:
    assert (many(0, "exhibit"), many(1, "exhibit"), many(2_000, "exhibit")) == (
        "0 exhibits", "1 exhibit", "2,000 exhibits",
    )  # fmt: skip
    ages = page_samples.unit_kpis().ages
    one = dataclasses.replace(ages, days=dataclasses.replace(ages.days, n=1))
    assert age_chart(one).description.startswith("1 exhibit is open;")


def test_days_are_those_that_are_over_and_a_small_change_is_not_nought() -> None:
    assert (days_words(1.99), days_words(2.0), days_words(13.9)) == ("1 day", "2 days", "13 days")
    assert (change(221, 220), change(231, 197)) == ("+1 (+0.5%)", "+34 (+17%)")
