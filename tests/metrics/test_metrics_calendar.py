"""Weeks and days: what the calendar and the clocks of the United Kingdom say."""

from __future__ import annotations

import time
from datetime import UTC, date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.metrics.calendar import (
    day_of,
    default_period,
    start_s,
    weeks,
    year_before,
    zone_words,
)

LONDON = ZoneInfo("Europe/London")
HOUR_S = 3_600
DAYS = st.dates(date(1971, 1, 1), date(2100, 1, 1))


def test_the_weeks_of_clock_changes_are_an_hour_shorter_and_longer() -> None:
    spring, autumn = (
        weeks(first, first + timedelta(days=6), LONDON)[0]
        for first in (date(2026, 3, 23), date(2026, 10, 19))
    )
    assert (spring.before_s - spring.from_s) // HOUR_S == 167
    assert (autumn.before_s - autumn.from_s) // HOUR_S == 169


def test_the_year_2026_has_53_weeks() -> None:
    names = [week.name for week in weeks(date(2026, 12, 21), date(2027, 1, 10), UTC)]
    assert names == ["2026-W52", "2026-W53", "2027-W01"]


@given(DAYS, st.integers(0, 400))
def test_weeks_are_the_days_of_the_period_without_gap(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    found = weeks(first, last, LONDON)
    assert (found[0].first, found[-1].last) == (first, last)
    assert sum(week.days for week in found) == more + 1
    for one, after in pairwise(found):
        assert one.before_s == after.from_s
        assert after.first.weekday() == 0
    assert [week.name for week in found] == list(
        dict.fromkeys(
            "{}-W{:02d}".format(*(first + timedelta(days=day)).isocalendar())
            for day in range(more + 1)
        )
    )


@given(DAYS)
def test_a_day_begins_with_its_first_second(day: date) -> None:
    begin = start_s(day, LONDON)
    assert day_of(begin, LONDON) == day
    assert day_of(begin - 1, LONDON) == day - timedelta(days=1)


def test_the_zone_of_the_machine_is_what_its_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set here")
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/London")
        time.tzset()
        day = date(2026, 7, 6)
        assert start_s(day, None) == start_s(day, LONDON)
        assert day_of(start_s(day, None), None) == day
        assert zone_words(None, start_s(day, None)) == "BST (UTC+01:00)"
    time.tzset()


def test_a_zone_is_named_with_its_offset() -> None:
    assert zone_words(LONDON, start_s(date(2026, 7, 6), UTC)) == "Europe/London (UTC+01:00)"
    assert zone_words(UTC, 0) == "UTC"


def test_thirteen_weeks_end_with_the_present_one() -> None:
    first, last = default_period(date(2026, 11, 22))
    assert (first, last) == (date(2026, 8, 24), date(2026, 11, 22))
    assert len(weeks(first, last, UTC)) == 13


def test_the_year_before_a_leap_day() -> None:
    assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert year_before(date(2026, 11, 22)) == date(2025, 11, 22)
