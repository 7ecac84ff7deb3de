"""Counts of people: sums, levels, the year before, and where there is no figure."""

from __future__ import annotations

import pytest
from unit_history import count

from triage.metrics.campaigns import compared, graders
from triage.model.history import CountKind
from triage.model.kpi import Figure

PERIOD, BEFORE = ("2026-11-16", "2026-11-22"), ("2025-11-16", "2025-11-22")


def test_days_are_summed_and_compared_with_the_year_before() -> None:
    found = {
        (one.kind, one.subject): one
        for one in compared(
            [
                count("2026-11-16", CountKind.ARRESTS, 4, "week of action"),
                count("2026-11-22", CountKind.ARRESTS, 2, "week of action"),
                count("2026-11-23", CountKind.ARRESTS, 99, "week of action"),
                count("2025-11-16", CountKind.ARRESTS, 4, "week of action"),
                count("2025-11-15", CountKind.ARRESTS, 99, "week of action"),
                count("2026-11-18", CountKind.WARRANTS, 3),
            ],
            PERIOD,
            BEFORE,
        )
    }
    arrests = found[CountKind.ARRESTS, "week of action"]
    assert (arrests.now, arrests.before) == (Figure(days=2, value=6), Figure(days=1, value=4))
    assert (arrests.change, arrests.change_ratio) == (2, 0.5)
    assert found[CountKind.ARRESTS, ""].now.value == 6
    warrants = found[CountKind.WARRANTS, ""]
    assert not warrants.is_compared
    assert warrants.before == Figure()
    assert warrants.change_ratio is None


def test_a_nought_is_a_figure_and_no_division() -> None:
    (one,) = compared(
        [count("2026-11-16", CountKind.ARRESTS, 4), count("2025-11-16", CountKind.ARRESTS, 0)],
        PERIOD,
        BEFORE,
    )
    assert (one.is_compared, one.change, one.change_ratio) == (True, 4, None)


def test_a_figure_for_all_holds_the_subjects_of_its_day() -> None:
    found = compared(
        [
            count("2026-11-16", CountKind.DEVICES, 10),
            count("2026-11-16", CountKind.DEVICES, 4, "a"),
            count("2026-11-17", CountKind.DEVICES, 3, "a"),
            count("2026-11-17", CountKind.DEVICES, 2, "b"),
        ],
        PERIOD,
        BEFORE,
    )
    assert {one.subject: one.now.value for one in found} == {"": 15, "a": 7, "b": 2}


def test_a_level_is_the_last_one_of_each() -> None:
    kind = CountKind.CAID_AWAITING_SECOND_VOTE
    found = compared(
        [
            count("2026-11-16", kind, 500, "a"),
            count("2026-11-19", kind, 300, "a"),
            count("2026-11-17", kind, 40, "b"),
        ],
        PERIOD,
        BEFORE,
    )
    assert {one.subject: one.now.value for one in found} == {"": 340, "a": 300, "b": 40}


def test_pictures_an_hour_are_told_of_days_with_both_figures() -> None:
    one, other = graders(
        [
            count("2026-11-16", CountKind.VIEWED, 3000, "a"),
            count("2026-11-16", CountKind.GRADING_HOURS, 2, "a"),
            count("2026-11-17", CountKind.VIEWED, 9000, "a"),
            count("2026-11-18", CountKind.GRADING_HOURS, 5, "a"),
            count("2026-11-18", CountKind.CAID_GRADED, 70, "b"),
            count("2026-11-18", CountKind.VIEWED, 70, ""),
        ],
        PERIOD,
    )
    assert (one.name, one.viewed.value, one.hours.value) == ("a", 12000, 7)
    assert one.an_hour == Figure(days=1, value=1500.0)
    assert (other.name, other.graded.value, other.viewed, other.an_hour.days) == (
        "b",
        70,
        Figure(),
        0,
    )


@pytest.mark.parametrize("hours", [0.0, -1.0])
def test_no_hours_give_no_rate(hours: float) -> None:
    (one,) = graders(
        [
            count("2026-11-16", CountKind.VIEWED, 3000, "a"),
            count("2026-11-16", CountKind.GRADING_HOURS, hours, "a"),
        ],
        PERIOD,
    )
    assert one.an_hour == Figure()
