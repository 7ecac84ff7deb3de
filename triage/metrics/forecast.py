"""The forecast: many futures of the queue, drawn from the unit's own past, and what they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from triage.errors import UsageFault
from triage.metrics.arrivals import DAY_S, WEEK_DAYS, Flow, basis, day_name, read_flow
from triage.metrics.draws import Draws
from triage.metrics.rates import rates
from triage.metrics.service import (
    NOT_WITHIN,
    PARTS,
    Numbers,
    Walk,
    first_step_at,
    oldest_ages_s,
    wait_s,
    walk,
)
from triage.model.forecast import (
    Basis,
    Clearing,
    Forecast,
    ForecastStep,
    Outlook,
    Rates,
    Step,
    Tenths,
    Terms,
)
from triage.model.history import History

MOST_CELLS = 20_000_000
"""Runs times steps: a gigabyte or so while it is worked out."""
_TENTHS = (1, 5, 9)


def forecast(history: History, terms: Terms, *, cut_s: int) -> Forecast:
    """Forecast backlog, oldest age and clearing from how things stood at a moment.

    Args:
        history: all exhibits of the ledger; what happened after the cut is not looked at.
        cut_s: seconds since 1970 UTC; the midnight before it is taken.

    Raises:
        UsageFault: too little history, or terms that need a figure which nobody gave.
    """
    _check(terms)
    cut_s -= cut_s % DAY_S
    flow = read_flow(history, cut_s=cut_s, most_weeks=terms.history_weeks)
    drawn_from = basis(flow)
    a_week = rates(drawn_from, terms)
    walked = _walked(flow, a_week, terms)
    step_s = _step_s(terms)
    ages = oldest_ages_s(walked, cut_s - flow.open_received_s, step_s)
    return Forecast(
        basis=drawn_from,
        terms=terms,
        rates=a_week,
        steps=_steps(_Moments(cut_s=cut_s, step_s=step_s), walked, ages),
        clearing=_clearing(drawn_from, a_week, terms, walked, cut_s),
        wait_days=_spread(_in_days(wait_s(walked, step_s))),
    )


def _check(terms: Terms) -> None:
    for name, value, least, most in (
        ("--weeks", terms.horizon_weeks, 1, 1_040),
        ("--runs", terms.runs, 10, 1_000_000),
        ("--history", terms.history_weeks, 1, 1_040),
        ("--seed", terms.seed, 0, 2**63),
        ("--clear-at", terms.clear_at, 0, 10**9),
    ):
        if not least <= value <= most:
            raise UsageFault(f"{name} {value}: from {least} to {most}")
    cells = terms.runs * terms.horizon_weeks * (WEEK_DAYS if terms.step is Step.DAY else 1)
    if cells > MOST_CELLS:
        raise UsageFault(
            f"{terms.runs} runs of so many steps need too much memory",
            hint="Take fewer runs or weeks, or steps of a week.",
        )


def _step_s(terms: Terms) -> int:
    return DAY_S if terms.step is Step.DAY else WEEK_DAYS * DAY_S


def _walked(flow: Flow, a_week: Rates, terms: Terms) -> Walk:
    draws = Draws(terms.seed)
    arrivals = _drawn(_at_rate(flow.arrivals, a_week.arrivals), draws, terms)
    capacity = _drawn(_at_rate(flow.completions[flow.busy], a_week.capacity), draws, terms)
    return walk(len(flow.open_received_s) * PARTS, arrivals, capacity)


def _at_rate(weeks: Numbers, rate: float) -> Numbers:
    """Scale weeks of history, shape ``(weeks, 7)``, to a mean of ``rate`` a week, in parts.

    Where history says nothing of the spread, each week is the same.
    """
    total = int(weeks.sum())
    if total == 0:
        return np.full((1, WEEK_DAYS), round(rate * PARTS / WEEK_DAYS), dtype=np.int64)
    factor = rate * len(weeks) * PARTS / total
    return np.asarray(np.rint(weeks * factor), dtype=np.int64)


def _drawn(weeks: Numbers, draws: Draws, terms: Terms) -> Numbers:
    which = draws.weeks(len(weeks), runs=terms.runs, ahead=terms.horizon_weeks)
    if terms.step is Step.WEEK:
        return np.asarray(weeks.sum(axis=1)[which], dtype=np.int64)
    return np.asarray(weeks[which].reshape(terms.runs, -1), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    cut_s: int
    step_s: int

    def last_day(self, step: int) -> str:
        """Give the day at whose end a step ends."""
        return day_name(self.cut_s + (step + 1) * self.step_s - DAY_S)


def _steps(moments: _Moments, walked: Walk, ages_s: Numbers) -> tuple[ForecastStep, ...]:
    backlog = _tenths(-(-walked.backlog // PARTS))
    oldest = _tenths(ages_s // DAY_S)
    return tuple(
        ForecastStep(
            on=moments.last_day(step),
            backlog=_of(backlog[:, step]),
            oldest_days=_of(oldest[:, step]),
        )
        for step in range(backlog.shape[1])
    )


def _tenths(values: Numbers) -> Numbers:
    """Give P10, P50 and P90 over runs, each a figure that some run came to; nothing between two."""
    ranks = [-(-len(values) * tenth // 10) - 1 for tenth in _TENTHS]
    return np.asarray(np.partition(values, ranks, axis=0)[ranks], dtype=np.int64)


def _of(three: Numbers) -> Tenths:
    p10, p50, p90 = (-1 if value == NOT_WITHIN else int(value) for value in three)
    return Tenths(p10=p10, p50=p50, p90=p90)


def _spread(values: Numbers) -> Tenths:
    return _of(_tenths(values))


def _in_days(seconds: Numbers) -> Numbers:
    return np.where(seconds == NOT_WITHIN, NOT_WITHIN, seconds // DAY_S)


def _outlook(above: int, growth: float) -> Outlook:
    if above <= 0:
        return Outlook.CLEAR_NOW
    return Outlook.NEVER if growth >= 0 else Outlook.CLEARS


def _clearing(drawn_from: Basis, a_week: Rates, terms: Terms, walked: Walk, cut_s: int) -> Clearing:
    growth = a_week.arrivals - a_week.capacity
    first = first_step_at(walked.backlog, terms.clear_at * PARTS)
    above = drawn_from.open_now - terms.clear_at
    moments = _Moments(cut_s=cut_s, step_s=_step_s(terms))
    days = ["" if step == NOT_WITHIN else moments.last_day(int(step)) for step in _tenths(first)]
    return Clearing(
        outlook=_outlook(above, growth),
        chance=1.0 if above <= 0 else int((first != NOT_WITHIN).sum()) / terms.runs,
        p10_on=days[0],
        p50_on=days[1],
        p90_on=days[2],
        growth_a_week=growth,
        weeks_at_mean=-1.0 if growth >= 0 or above <= 0 else above / -growth,
    )
