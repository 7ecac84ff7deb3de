"""What a forecast says, in sentences that state its uncertainty and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from triage.export.wording import day_words, days_words, many, tenth, whole
from triage.model.forecast import Forecast, ForecastStep, Outlook

QUARTERS_HEADER = ("Day", "Open exhibits", "8 in 10 runs", "Oldest, days", "8 in 10 runs, days")
_QUARTER_WEEKS = 13
ASSUMPTIONS = (
    "Weeks to come are made of weeks that were: arrivals and releases are drawn, four weeks at "
    "a time, from those of the period. What never happened in it, a new law or a burnt-out "
    "server, is not in the forecast unless the terms say so.\n"
    "What can be finished is told by weeks in which work was waiting all the time; in others "
    "people may have waited for work.\n"
    "The period is one of many that might have been: each run draws a period of its own first, "
    "so that little history gives a wide forecast.\n"
    "A good or bad month keeps its weeks together, but not its place in the year: a yearly peak "
    "is in the spread, not in its month.\n"
    "Age and wait suppose that exhibits are finished in the order in which they came. The unit "
    "takes urgent ones first, so others wait longer than that, and an exhibit that is held back "
    "stays open however old it is."
)
"""What is taken for granted, a paragraph a line."""


def clearing_words(told: Forecast) -> tuple[str, ...]:
    """Say when the backlog clears, or that it never does."""
    clearing, shown = told.clearing, _shown(told)
    flow = f"{shown.arrivals} exhibits a week come in and {shown.capacity} can be finished"
    if clearing.outlook is Outlook.NEVER:
        return _never(told, flow)
    if clearing.outlook is Outlook.CLEAR_NOW:
        return _clear_now(told, flow)
    return (
        _when(told),
        f"It clears {_within(told)} in {chance_words(clearing.chance)}.",
        (
            f"{flow[0].upper()}{flow[1:]}: at these rates it shrinks by "
            f"{shown.difference} a week and is gone in about "
            f"{many(round(clearing.weeks_at_mean), 'week')}."
        ),
    )


def _when(told: Forecast) -> str:
    """Say by which days one run in ten, half of them and nine in ten clear."""
    clearing = told.clearing
    early, middle, late = map(day_words, (clearing.p10_on, clearing.p50_on, clearing.p90_on))
    if not early:
        return f"The backlog is forecast to shrink, and not to clear {_within(told)}."
    if not middle:
        return (
            f"The backlog is forecast to shrink; most runs do not clear it {_within(told)}, one "
            f"in ten does by {early}."
        )
    last = f"nine in ten by {late}" if late else f"fewer than nine in ten do {_within(told)}"
    return (
        f"The backlog is forecast to clear by {middle} (middle of all runs); one run in ten clears "
        f"by {early}, {last}."
    )


def _never(told: Forecast, flow: str) -> tuple[str, ...]:
    shown = _shown(told)
    grows = told.clearing.growth_a_week > 0 and shown.arrivals != shown.capacity
    course = f"it grows by {shown.difference} a week" if grows else "it does not shrink"
    first = f"The backlog never clears at this capacity: {flow}, so {course}."
    if told.clearing.chance == 0:
        return (first,)
    lucky = chance_words(told.clearing.chance)
    return (
        first,
        f"Good luck clears it for a while {_within(told)} in {lucky}.",
    )


def _clear_now(told: Forecast, flow: str) -> tuple[str, ...]:
    words = f"The backlog is clear now: {whole(told.basis.open_now)} open."
    if told.clearing.growth_a_week < 0:
        return (words,)
    return (words, f"It does not stay so at this capacity: {flow}.")


def wait_words(told: Forecast) -> str:
    """Say how long an exhibit waits that comes in now."""
    longest = f"more than {told.terms.horizon_weeks} weeks"
    low, middle, high = (
        longest if days < 0 else days_words(days)
        for days in (told.wait_days.p10, told.wait_days.p50, told.wait_days.p90)
    )
    if low == longest:
        chances = "in nine of ten runs"
    elif high == longest:
        chances = f"one chance in ten: {low} or less, one in ten: {high}"
    else:
        chances = f"eight chances in ten: {low} to {high}"
    return (
        f"An exhibit received now waits {middle} until it is released ({chances}), first come "
        "first served."
    )


def basis_words(told: Forecast) -> tuple[str, ...]:
    """Say what the forecast was drawn from, and by which seed it can be drawn again."""
    basis, terms = told.basis, told.terms
    busy = "all of them" if basis.busy_weeks == basis.weeks else f"{basis.busy_weeks} of them"
    return (
        (
            f"Drawn from the {basis.weeks} weeks from {day_words(basis.from_day)} to "
            f"{day_words(basis.to_day)}: {whole(basis.arrivals)} exhibits received "
            f"({tenth(basis.arrivals / basis.weeks)} a week), {whole(basis.completions)} released "
            f"({tenth(basis.completions / basis.weeks)} a week); work was waiting all the time in "
            f"{busy}."
        ),
        f"{whole(terms.runs)} runs over {terms.horizon_weeks} weeks, seed {terms.seed}.",
    )


def quarters(told: Forecast) -> tuple[tuple[str, ...], ...]:
    """Give the forecast every 13 weeks, and at its end, in words for :data:`QUARTERS_HEADER`."""
    apart = max(1, _QUARTER_WEEKS * len(told.steps) // told.terms.horizon_weeks)
    chosen = list(told.steps[apart - 1 :: apart])
    if chosen[-1:] != [told.steps[-1]]:
        chosen.append(told.steps[-1])
    return tuple(map(_quarter, chosen))


def _quarter(step: ForecastStep) -> tuple[str, ...]:
    backlog, oldest = step.backlog, step.oldest_days
    return (
        day_words(step.on),
        whole(backlog.p50),
        f"{whole(backlog.p10)} to {whole(backlog.p90)}",
        whole(oldest.p50),
        f"{whole(oldest.p10)} to {whole(oldest.p90)}",
    )


def one_sentence(told: Forecast) -> str:
    """Say backlog and uncertainty at the end of the horizon in one sentence."""
    last, end = told.steps[-1].backlog, told.steps[-1]
    return (
        f"If nothing changes, {whole(last.p50)} exhibits are forecast to be open on "
        f"{day_words(end.on)}, with eight chances in ten that it is between {whole(last.p10)} and "
        f"{whole(last.p90)}"
    )


def chance_words(chance: float) -> str:
    """Say a share of the runs."""
    if chance in {0.0, 1.0}:
        return "every run" if chance else "no run"
    if chance < 0.01:
        return "under 1% of the runs"
    return "over 99% of the runs" if chance > 0.99 else f"{chance:.0%} of the runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Arrivals and capacity a week as they are written, and what a reader takes from them."""

    arrivals: str
    capacity: str
    difference: str


def _shown(told: Forecast) -> _Shown:
    """Write both so finely that their difference can be seen; it is that of what is written."""
    rates = told.rates
    fine = abs(rates.arrivals - rates.capacity) < 1
    places = 2 if fine else 1
    arrivals, capacity = round(rates.arrivals, places), round(rates.capacity, places)
    texts = (f"{value:,.{places}f}" for value in (arrivals, capacity, abs(arrivals - capacity)))
    return _Shown(**dict(zip(("arrivals", "capacity", "difference"), texts, strict=True)))


def _within(told: Forecast) -> str:
    return f"within the {told.terms.horizon_weeks} weeks"
