"""The quarterly paper for a police and crime panel: one page of A4 that can be made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from triage.export.charts import age_chart, flow_chart
from triage.export.drawing import Chart, Table
from triage.export.forecastwords import basis_words, clearing_words, one_sentence
from triage.export.kpiwords import longest_words, period_words
from triage.export.pagemaking import Page, Section, render
from triage.export.wording import (
    NO_FIGURE,
    change,
    day_words,
    days_words,
    full_days,
    many,
    moment_words,
    whole,
)
from triage.model.forecast import Forecast
from triage.model.kpi import Kpis, Share, Spread, Week

MOST_WEEK_ROWS = 14
_DEFINITIONS = (
    ("Exhibit", "one device or medium, a phone for instance"),
    ("Open", "received by the unit and not released"),
    ("Age, wait", "days since receipt; for one that came back, since it did"),
    ("Half, nine in ten", "so many of the open exhibits have waited that long or less"),
    ("Seizure to result", "mean days from the day of seizure to the triage result"),
    ("Negative triage", "nothing known was found, and nothing was left unread"),
    ("Forecast", "runs of the queue drawn from the unit's own weeks; no target, no promise"),
)
Getter = Callable[[Kpis], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the paper is made of.

    Attributes:
        quarter_before: the period of the same length before; ``year_before``: a year earlier.
        forecast: made at the end of the period, or why there is none.
        unit: name of the unit, ``""`` where it shall not be named.
    """

    now: Kpis
    quarter_before: Kpis
    year_before: Kpis
    forecast: Forecast | str
    unit: str = ""


def panel_page(paper: Paper, *, made: str) -> str:
    """Give the paper as one HTML file.

    Args:
        made: the moment of making, in words; the only thing that no figure decides.
    """
    now = paper.now
    page = Page(
        title="Digital forensics: exhibits waiting and finished",
        subtitle=f"{f'{paper.unit}. ' if paper.unit else ''}{period_words(now)}. Paper for the "
        f"police and crime panel.",
        lead=(_lead(paper),),
        sections=(
            Section(heading="Headline figures", tables=(_headlines(paper),)),
            Section(heading="Forecast", sentences=_forecast(paper.forecast)),
            Section(heading="The period in charts", charts=_charts(now)),
            Section(heading="What the words mean", definitions=_DEFINITIONS),
        ),
        asides=(Section(heading="Longest wait", sentences=(longest_words(now.longest),)),),
        foot=_foot(paper, made),
        body_class="paper",
        styles=("page.css", "panel.css"),
    )
    return render(page, template="panel.html")


def _lead(paper: Paper) -> str:
    now = paper.now
    half = _of(now.ages.days, "p50")
    waited = ""
    if half is not None:
        waited = f" Half of those that are open have waited {days_words(half)} or less."
    return (
        f"{many(now.open_end, 'exhibit')} {'was' if now.open_end == 1 else 'were'} open at the end "
        f"of the period, {_against(now.open_end, now.open_start)} its beginning; "
        f"{whole(now.opened)} came in and {whole(now.closed)} "
        f"{'was' if now.closed == 1 else 'were'} released.{waited}"
    )


def _against(now: int, before: int) -> str:
    if now == before:
        return "as many as at"
    return f"{whole(abs(now - before))} {'more' if now > before else 'fewer'} than at"


def _of(spread: Spread, name: str) -> float | None:
    return float(getattr(spread, name)) if spread.n else None


def _age(name: str) -> Getter:
    return lambda kpis: full_days(getattr(kpis.ages.days, name)) if kpis.ages.days.n else None


def _older(days: int) -> Getter:
    return lambda kpis: dict(kpis.ages.older).get(days, Share()).part


def _delay(name: str) -> Getter:
    return lambda kpis: next(
        (_of(delay.days, "mean") for delay in kpis.delays if delay.name == name), None
    )


_ROWS: tuple[tuple[str, Getter], ...] = (
    ("Open at the end", lambda kpis: kpis.open_end),
    ("Received", lambda kpis: kpis.opened),
    ("Released", lambda kpis: kpis.closed),
    ("Half have waited at most, days", _age("p50")),
    ("Nine in ten have waited at most, days", _age("p90")),
    ("Longest wait, days", _age("max")),
    ("Open for over 180 days", _older(180)),
    ("Open for over 365 days", _older(365)),
    ("Seizure to result, mean days", _delay("seizure to result")),
    ("Released after a negative triage", lambda kpis: kpis.outcomes.released_negative.part),
)


def _headlines(paper: Paper) -> Table:
    before, year = paper.quarter_before, paper.year_before
    return Table(
        caption=f"Beside the period before, {period_words(before)}, and a year earlier, "
        f"{period_words(year)}",
        header=("Figure", "Now", "Before", "Change", "Year before", "Change on the year"),
        rows=tuple(_headline(name, get, paper) for name, get in _ROWS),
    )


def _headline(name: str, get: Getter, paper: Paper) -> tuple[str, ...]:
    now = get(paper.now)
    cells = [name, NO_FIGURE if now is None else whole(now)]
    for kpis in (paper.quarter_before, paper.year_before):
        known = kpis.open_start + kpis.opened + kpis.closed
        then = get(kpis) if known else None
        cells.append(NO_FIGURE if then is None else whole(then))
        compared = now is not None and then is not None
        cells.append(change(round(now), round(then)) if compared else NO_FIGURE)  # type: ignore[arg-type]  # (both are there)
    return tuple(cells)


def _charts(kpis: Kpis) -> tuple[Chart, ...]:
    flow = flow_chart(kpis.weeks)
    every = -(-len(kpis.weeks) // MOST_WEEK_ROWS)
    if every > 1:
        flow = dataclasses.replace(flow, table=_joined(kpis.weeks, every))
    ages = age_chart(kpis.ages)
    return (
        dataclasses.replace(flow, title="Received and released by week", inches=(4.6, 2.9)),
        dataclasses.replace(ages, inches=(4.6, 2.9)),
    )


def _joined(weeks: Sequence[Week], every: int) -> Table:
    """Put several weeks into a row, so that a long period stays on one page."""
    parts = [weeks[start : start + every] for start in range(0, len(weeks), every)]
    return Table(
        caption=f"Exhibits by {every} weeks",
        header=("Weeks from", "Received", "Released", "Open at the end"),
        rows=tuple(
            (
                day_words(part[0].first_on),
                whole(sum(week.opened for week in part)),
                whole(sum(week.closed for week in part)),
                whole(part[-1].open_end),
            )
            for part in parts
        ),
    )


def _forecast(told: Forecast | str) -> tuple[str, ...]:
    if isinstance(told, str):
        return (f"There is no forecast: {told}.",)
    first, *_ = clearing_words(told)
    return (f"{one_sentence(told)}. {first}",)


def _foot(paper: Paper, made: str) -> tuple[str, ...]:
    drawn = () if isinstance(paper.forecast, str) else basis_words(paper.forecast)
    now = paper.now
    return (
        " ".join(drawn),
        (
            f"Open exhibits as at {moment_words(now.as_of_s)}; days begin at midnight, {now.zone}. "
            f"Made by triage, {made}; the same ledger, period and seed give the same figures."
        ),
    )
