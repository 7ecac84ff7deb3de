"""Figures of random ledgers beside a scan of every exhibit's changes in plain Python, and laws."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import UTC, date, timedelta
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_history import DAY_S, Told, at, history

from triage.metrics.kpis import kpis
from triage.metrics.spread import spread
from triage.model.kpi import OLDER_THAN_DAYS, Kpis, SplitBy
from triage.model.ledger import Stage

BEGIN_S = at("2026-01-01")
NOW_S = at("2026-04-11T15:30")
STAGES = tuple(Stage)
FIRST, LAST = date(2026, 1, 1), date(2026, 4, 11)


@st.composite
def exhibits(draw: st.DrawFn) -> Told:
    """An exhibit whose changes were recorded as they happened, perhaps again and again."""
    arrived_s = draw(st.integers(BEGIN_S, NOW_S))
    moment = arrived_s + draw(st.sampled_from((0, 0, 1, DAY_S)))
    changes = [(draw(st.sampled_from(STAGES)), moment)]
    for _ in range(draw(st.integers(0, 6))):
        moment += draw(st.integers(1, 20 * DAY_S))
        changes.append((draw(st.sampled_from(STAGES)), moment))
    facts = {
        "case": draw(st.sampled_from(("A", "B", "C"))),
        "risk_band": draw(st.sampled_from(("", "high", "low"))),
    }
    past = [one for one in changes if one[1] <= NOW_S]
    return Told(arrived_s, past or [(changes[0][0], arrived_s)], facts)


FEW = settings(max_examples=40, deadline=None)
LEDGERS = st.lists(exhibits(), max_size=25)
PERIODS = st.tuples(st.dates(FIRST, LAST), st.integers(0, 60)).map(
    lambda one: (one[0], min(one[0] + timedelta(days=one[1]), LAST))
)


def sequence(one: Told) -> list[tuple[Stage, int]]:
    """Give stages and their beginnings: what was said again at once was a correction."""
    said = [list(same)[-1] for _, same in groupby(one.changes, key=lambda change: change[0])]
    found = [(Stage.RECEIVED, one.arrived_s), *said]
    return [next(same) for _, same in groupby(found, key=lambda change: change[0])]


def stays(one: Told, *, by_stage: bool) -> list[tuple[Stage, int, float]]:
    """Give stage, beginning and end of each stay, or of each time that it was open."""
    found = sequence(one)
    if not by_stage:
        found = [
            next(same) for _, same in groupby(found, key=lambda step: step[0] is Stage.RELEASED)
        ]
    ends: list[float] = [moment for _, moment in found[1:]]
    return [
        (stage, start, end)
        for (stage, start), end in zip(found, [*ends, float("inf")], strict=True)
        if stage is not Stage.RELEASED
    ]


def midnight(day: date) -> int:
    return at(day.isoformat())


def figures(ledger: list[Told], period: tuple[date, date]) -> Kpis:
    first, last = period
    return kpis(history(ledger), (), first.isoformat(), last.isoformat(), NOW_S, zone=UTC)


@FEW
@given(LEDGERS, PERIODS)
def test_open_opened_and_closed_agree_with_a_scan(
    ledger: list[Told], period: tuple[date, date]
) -> None:
    found = figures(ledger, period)
    spells = [spell for one in ledger for spell in stays(one, by_stage=False)]
    before = min(midnight(period[1] + timedelta(days=1)), NOW_S + 1)
    start = midnight(period[0])
    assert found.open_end == sum(begin < before <= end for _, begin, end in spells)
    assert found.open_start == sum(begin < start <= end for _, begin, end in spells)
    assert found.opened == sum(start <= begin < before for _, begin, _ in spells)
    assert found.closed == sum(start <= end < before for _, _, end in spells)
    for week in found.weeks:
        until = min(midnight(date.fromisoformat(week.last_on) + timedelta(days=1)), NOW_S + 1)
        assert week.open_end == sum(begin < until <= end for _, begin, end in spells)


@FEW
@given(LEDGERS, PERIODS)
def test_ages_agree_with_a_scan_and_with_the_definition(
    ledger: list[Told], period: tuple[date, date]
) -> None:
    found = figures(ledger, period)
    ages = sorted(
        found.as_of_s - begin
        for one in ledger
        for _, begin, end in stays(one, by_stage=False)
        if begin <= found.as_of_s < end
    )
    assert found.ages.days.n == len(ages)
    for days, share in found.ages.older:
        assert share.part == sum(age > days * DAY_S for age in ages)
    assert tuple(days for days, _ in found.ages.older) == OLDER_THAN_DAYS
    if ages:
        assert found.ages.days.max == ages[-1] / DAY_S
        assert found.ages.days.p50 == statistics.median_low(ages) / DAY_S
        assert found.ages.days.mean == pytest.approx(statistics.fmean(ages) / DAY_S)
        assert found.longest[0].age_days == ages[-1] / DAY_S


@FEW
@given(LEDGERS, PERIODS)
def test_stages_agree_with_a_scan(ledger: list[Told], period: tuple[date, date]) -> None:
    found = figures(ledger, period)
    start, before = midnight(period[0]), found.as_of_s + 1
    every = [stay for one in ledger for stay in stays(one, by_stage=True)]
    standing = Counter(stage for stage, begin, end in every if begin < before <= end)
    (split,) = (split for split in found.splits if split.by is SplitBy.STAGE)
    assert {group.name: group.ages.days.n for group in split.groups if group.ages.days.n} == {
        stage.value: n for stage, n in standing.items()
    }
    for stage in found.stages:
        left = sorted(
            end - begin
            for name, begin, end in every
            if name == stage.stage and start <= end < before
            if not (name is Stage.RECEIVED and begin == end)
        )
        assert stage.left.n == len(left)
        assert stage.left.p50 == (statistics.median_low(left) / DAY_S if left else 0)


@FEW
@given(LEDGERS, PERIODS)
def test_what_is_opened_less_what_is_closed_is_the_change(
    ledger: list[Told], period: tuple[date, date]
) -> None:
    found = figures(ledger, period)
    assert found.opened - found.closed == found.open_end - found.open_start
    assert sum(week.opened for week in found.weeks) == found.opened
    assert sum(week.closed for week in found.weeks) == found.closed
    ends = [found.open_start, *(week.open_end for week in found.weeks)]
    for (one, after), week in zip(pairwise(ends), found.weeks, strict=True):
        assert week.opened - week.closed == after - one
    for split in found.splits:
        assert sum(group.ages.days.n for group in split.groups) == found.open_end
        for group in split.groups:
            assert group.opened - group.closed == group.ages.days.n - group.open_start
            assert [week[2] for week in group.weeks][-1] == group.ages.days.n


@FEW
@given(LEDGERS, PERIODS)
def test_what_was_over_before_the_period_changes_nothing(
    ledger: list[Told], period: tuple[date, date]
) -> None:
    start = midnight(period[0])
    kept = [one for one in ledger if any(end >= start for *_, end in stays(one, by_stage=True))]
    whole, part = figures(ledger, period), figures(kept, period)
    names = ("open_start", "open_end", "opened", "closed", "weeks", "ages", "stages", "delays")
    for name in (*names, "cases", "outsourced", "came_back"):
        assert getattr(whole, name) == getattr(part, name)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from((50, 90)))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], percent: int
) -> None:
    found = spread(values)
    expected = min(
        value
        for value in values
        if 100 * sum(one <= value for one in values) >= percent * len(values)
    )
    assert {50: found.p50, 90: found.p90}[percent] == expected


@FEW
@given(LEDGERS)
def test_open_over_all_days_is_the_sum_of_all_waits(ledger: list[Told]) -> None:
    """Little's law for one path: the area below what is open is the time that all waited."""
    released = [one for one in ledger if sequence(one)[-1][0] is Stage.RELEASED]
    waits = [end - begin for one in released for _, begin, end in stays(one, by_stage=False)]
    events = sorted(
        (moment, change)
        for one in released
        for _, begin, end in stays(one, by_stage=False)
        for moment, change in ((begin, 1), (int(end), -1))
    )
    area, open_, last = 0, 0, 0
    for moment, change in events:
        area += open_ * (moment - last)
        open_, last = open_ + change, moment
    assert area == sum(waits)
    found = figures(released, (FIRST, LAST))
    (delay,) = (one for one in found.delays if one.name == "receipt to release")
    assert delay.days.total == pytest.approx(area / DAY_S)
