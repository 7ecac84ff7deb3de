"""The forecast against ledgers whose later course is known."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
from forecast_events import CUT_S, DAY_S, made_history, unit

from triage.errors import UsageFault
from triage.metrics.forecast import forecast
from triage.model.forecast import Change, ChangeKind, Forecast, Outlook, Step, Terms
from triage.model.history import History

WEEK_S = 7 * DAY_S
FEW = Terms(runs=400)


def rate(value: float) -> Change:
    return Change(kind=ChangeKind.RATE, value=value)


def more(value: float) -> Change:
    return Change(kind=ChangeKind.MORE, value=value)


def steady_unit(seed: int, weeks: int = 80) -> History:
    """20 a week come, 18 go; behind by about 160 at the end."""
    return made_history(
        *unit(np.random.default_rng(seed), weeks=weeks, arrivals=20, capacity=[18.0] * weeks)
    )


def as_of(history: History, day: int) -> tuple[int, int]:
    """Open exhibits and whole days of the oldest, counted one by one from the ledger."""
    moment = CUT_S + day * DAY_S
    pairs = zip(history.columns["received_s"], history.columns["released_s"], strict=True)
    still = [came for came, left in pairs if came < moment and not 0 <= left < moment]
    return len(still), (moment - min(still)) // DAY_S if still else 0


@pytest.fixture(scope="module")
def fourteen_months_to_twelve_weeks() -> History:
    """A year before the end a unit is 61 weeks behind; then it gets nearly twice its capacity.

    20 exhibits a week come all the time. In the year all that came between 61 weeks before it and
    12 weeks before its end gets done: 101 weeks of arrivals in 52.
    """
    before = 130
    slow = 20 * (before - 61) / before
    capacity = [slow] * before + [20 * 101 / 52] * 52
    return made_history(
        *unit(np.random.default_rng(14), weeks=before + 52, arrivals=20, capacity=capacity)
    )


def test_fourteen_months_become_twelve_weeks_as_forecast(
    fourteen_months_to_twelve_weeks: History,
) -> None:
    history = fourteen_months_to_twelve_weeks
    _, oldest_at_start = as_of(history, -364)
    open_at_end, oldest_at_end = as_of(history, 0)
    assert 390 < oldest_at_start < 460
    assert 70 < oldest_at_end < 100
    terms = dataclasses.replace(FEW, capacity=rate(20 * 101 / 52), horizon_weeks=104)
    told = forecast(history, terms, cut_s=CUT_S - 52 * WEEK_S)
    assert told.basis.oldest_days == oldest_at_start
    after_a_year = told.steps[51]
    assert after_a_year.backlog.p10 <= open_at_end <= after_a_year.backlog.p90
    assert after_a_year.oldest_days.p10 <= oldest_at_end <= after_a_year.oldest_days.p90
    assert told.clearing.outlook is Outlook.CLEARS
    left = told.clearing.weeks_at_mean - 52
    assert left == pytest.approx(12 * 20 / (20 * 101 / 52 - 20), rel=0.4)
    assert told.clearing.p50_on > told.steps[51].on


def test_at_the_old_capacity_the_same_unit_never_clears(
    fourteen_months_to_twelve_weeks: History,
) -> None:
    told = forecast(fourteen_months_to_twelve_weeks, FEW, cut_s=CUT_S - 52 * WEEK_S)
    assert told.clearing.outlook is Outlook.NEVER
    assert told.clearing.chance == 0
    assert told.clearing.p10_on == told.clearing.p90_on == ""
    assert told.clearing.growth_a_week == pytest.approx(20 - 20 * 69 / 130, abs=2.5)
    grown = told.steps[-1].backlog.p50 - told.basis.open_now
    assert grown == pytest.approx(104 * told.clearing.growth_a_week, rel=0.1)


def test_what_came_after_the_cut_is_not_looked_at(fourteen_months_to_twelve_weeks: History) -> None:
    history = fourteen_months_to_twelve_weeks
    cut_s = CUT_S - 52 * WEEK_S
    pairs = zip(history.columns["received_s"], history.columns["released_s"], strict=True)
    known = [(came, left if left < cut_s else -1) for came, left in pairs if came < cut_s]
    then = made_history([came for came, _ in known], [left for _, left in known])
    assert forecast(history, FEW, cut_s=cut_s) == forecast(then, FEW, cut_s=cut_s)


def test_eight_of_ten_outcomes_lie_between_p10_and_p90() -> None:
    """Unit after unit, forecast half way through its life and held against the other half."""
    inside, many = 0, 150
    rng = np.random.default_rng(6)
    for _ in range(many):
        history = made_history(*unit(rng, weeks=104, arrivals=8, capacity=[6.0] * 104))
        terms = Terms(runs=200, horizon_weeks=52)
        told = forecast(history, terms, cut_s=CUT_S - 52 * WEEK_S)
        spread = told.steps[-1].backlog
        inside += spread.p10 <= as_of(history, 0)[0] <= spread.p90
    assert 0.70 <= inside / many <= 0.90


def test_the_period_and_the_state_are_those_of_the_ledger() -> None:
    history = steady_unit(1)
    told = forecast(history, FEW, cut_s=CUT_S + 5_000)
    start_s = CUT_S - 52 * WEEK_S
    received = [moment for moment in history.columns["received_s"] if moment >= start_s]
    released = [moment for moment in history.columns["released_s"] if moment >= start_s]
    assert (told.basis.from_day, told.basis.to_day) == ("2023-10-06", "2024-10-03")
    assert told.basis.arrivals == len(received)
    assert told.basis.completions == len(released)
    assert (told.basis.open_now, told.basis.oldest_days) == as_of(history, 0)
    assert told.steps[0].on == "2024-10-10"
    assert len(told.steps) == 104


def test_days_and_weeks_agree() -> None:
    history = steady_unit(2)
    weekly = forecast(history, dataclasses.replace(FEW, horizon_weeks=20), cut_s=CUT_S)
    daily = forecast(
        history, dataclasses.replace(FEW, horizon_weeks=20, step=Step.DAY), cut_s=CUT_S
    )
    assert [step.on for step in daily.steps[6::7]] == [step.on for step in weekly.steps]
    for day, week in zip(daily.steps[6::7], weekly.steps, strict=True):
        assert day.backlog == week.backlog
        assert abs(day.oldest_days.p50 - week.oldest_days.p50) <= 7


def figures(told: Forecast) -> str:
    return hashlib.sha256(repr(told.steps).encode()).hexdigest()


def test_the_seed_alone_decides_the_draws() -> None:
    history = steady_unit(3)
    first = figures(forecast(history, FEW, cut_s=CUT_S))
    np.random.default_rng().random()
    assert figures(forecast(history, FEW, cut_s=CUT_S)) == first
    other = dataclasses.replace(FEW, seed=2)
    assert figures(forecast(history, other, cut_s=CUT_S)) != first


def test_order_of_the_ledger_does_not_matter() -> None:
    history = steady_unit(4)
    turned = History({name: list(column)[::-1] for name, column in history.columns.items()})
    assert forecast(history, FEW, cut_s=CUT_S) == forecast(turned, FEW, cut_s=CUT_S)


def test_more_capacity_is_never_worse_and_more_arrivals_never_better() -> None:
    history = steady_unit(5)

    def last(**changes: Change) -> int:
        told = forecast(history, dataclasses.replace(FEW, **changes), cut_s=CUT_S)  # type: ignore[arg-type]  # (names are those of Terms)
        return told.steps[-1].backlog.p50

    now = last()
    assert last(capacity=more(2)) < now < last(capacity=more(-2))
    assert last(arrivals=more(-2)) < now < last(arrivals=more(2))


def test_one_examiner_more_of_four_is_a_quarter_more() -> None:
    history = steady_unit(6)
    one = Change(kind=ChangeKind.EXAMINERS, value=1)
    quarter = Change(kind=ChangeKind.PERCENT, value=25)
    by_head = forecast(history, dataclasses.replace(FEW, capacity=one, examiners=4), cut_s=CUT_S)
    by_share = forecast(history, dataclasses.replace(FEW, capacity=quarter), cut_s=CUT_S)
    assert by_head.steps == by_share.steps
    assert "5 examiners instead of 4" in by_head.rates.notes[0]


def test_overtime_is_exhibits_by_the_hours_that_one_takes() -> None:
    history = steady_unit(7)
    plain = forecast(history, FEW, cut_s=CUT_S).rates.capacity
    given = dataclasses.replace(FEW, overtime_hours=20, hours_per_exhibit=8)
    assert forecast(history, given, cut_s=CUT_S).rates.capacity == pytest.approx(plain + 2.5)
    worked_out = dataclasses.replace(FEW, overtime_hours=37, examiners=4)
    # 37 hours are a quarter of what four do in a week.
    found = forecast(history, worked_out, cut_s=CUT_S).rates.capacity
    assert found == pytest.approx(plain * 1.25)


def test_an_exhibit_that_went_back_is_open() -> None:
    history = steady_unit(8)
    columns = dict(history.columns)
    stages = list(columns["stage"])
    back = stages.index("released")
    stages[back] = "review"
    columns["stage"] = stages
    before = forecast(history, FEW, cut_s=CUT_S).basis
    after = forecast(History(columns), FEW, cut_s=CUT_S).basis
    assert after.open_now == before.open_now + 1


def test_a_backlog_of_nothing_is_clear_now() -> None:
    # Two come and go within the hour, each day; one stays for the night but for the last one.
    days = [CUT_S - day * DAY_S for day in range(1, 100)]
    came = [day + 3600 for day in days]
    left = [day + DAY_S + 7200 for day in days[1:]]
    history = made_history(came, [CUT_S - 60, *left])
    told = forecast(history, dataclasses.replace(FEW, capacity=rate(9)), cut_s=CUT_S)
    assert told.basis.open_now == 0
    assert told.clearing.outlook is Outlook.CLEAR_NOW
    assert told.clearing.chance == 1
    assert told.steps[-1].backlog.p90 == 0


@pytest.mark.parametrize("weeks", [0, 1, 7])
def test_too_little_history_is_refused_by_what_there_is(weeks: int) -> None:
    days = weeks * 7
    history = made_history(
        [CUT_S - 400 * DAY_S] * (days + 5),
        [CUT_S - day * DAY_S - 1 for day in range(days)] + [-1] * 5,
    )
    with pytest.raises(UsageFault, match="too little history") as refused:
        forecast(history, FEW, cut_s=CUT_S)
    assert f"{days + 5} exhibits received, the first on 2023-08-31" in refused.value.message
    assert f"that makes {weeks} whole week{'' if weeks == 1 else 's'}" in refused.value.message


def test_an_empty_ledger_is_refused() -> None:
    with pytest.raises(UsageFault, match="0 exhibits received, and 0 of them released"):
        forecast(made_history([], []), FEW, cut_s=CUT_S)


def test_completions_of_a_unit_that_waits_for_work_are_not_its_capacity() -> None:
    came = [CUT_S - day * DAY_S + 3600 for day in range(1, 200)]
    history = made_history(came, [moment + 3600 for moment in came])
    with pytest.raises(UsageFault, match="not how much could be finished"):
        forecast(history, FEW, cut_s=CUT_S)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms(horizon_weeks=0), "--weeks 0"),
        (Terms(runs=1), "--runs 1"),
        (Terms(runs=1_000_000, horizon_weeks=1_040), "too much memory"),
        (Terms(capacity=Change(kind=ChangeKind.EXAMINERS, value=1)), "--capacity \\+1"),
        (Terms(overtime_hours=5), "--overtime"),
    ],
)
def test_terms_that_cannot_be_met_are_refused(terms: Terms, words: str) -> None:
    with pytest.raises(UsageFault, match=words):
        forecast(steady_unit(9), terms, cut_s=CUT_S)
