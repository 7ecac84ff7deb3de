"""``triage metrics panel``: the one-page paper of a quarter."""

from __future__ import annotations

import datetime as dt
import importlib
import time
from pathlib import Path

import click

from triage.cli.commands.metrics import figures
from triage.cli.commands.metrics_forecast import (
    FILE,
    cut_after,
    forecast_of,
    read_history,
    write_page,
)
from triage.errors import UsageFault
from triage.model.forecast import Forecast, Terms
from triage.model.kpi import Kpis

Period = tuple[dt.date, dt.date]
_DAY = dt.timedelta(days=1)


@click.command(
    epilog="\b\nExamples:\n"
    "  triage metrics panel --out paper.html\n"
    "  triage metrics panel --out paper.html --from 2026-07-01 --to 2026-09-30 --seed 7"
)
@click.option("--out", type=FILE, required=True, help="The page; prints on one sheet of A4.")
@click.option("--from", "first", metavar="DAY", help="First day; default: the quarter last over.")
@click.option("--to", "last", metavar="DAY", help="Last day; goes with --from.")
@click.option("--unit", default="", help="Name of the unit, for the head of the paper.")
@click.option("--weeks", default=104, show_default=True, help="How far the forecast looks.")
@click.option("--runs", default=10_000, show_default=True, help="Futures to draw.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same.")
@click.option("--db", metavar="URL", help="Case database.")
def panel(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    out: Path,
    first: str | None,
    last: str | None,
    unit: str,
    weeks: int,
    runs: int,
    seed: int,
    db: str | None,
) -> None:
    """Write the paper for a police and crime panel: a quarter on one page.

    Headline figures beside the quarter before and the year before, two charts with their tables,
    the longest wait and the forecast. It names no exhibit, no case and no person.
    """
    now_s = int(time.time())
    period = asked_period(first, last, now_s)
    terms = Terms(horizon_weeks=weeks, runs=runs, seed=seed)
    now, before, year = (
        _figures(db, part, now_s) for part in (period, period_before(period), year_before(period))
    )
    made = importlib.import_module("triage.export.wording").moment_words(now_s)
    pages = importlib.import_module("triage.export.panel")
    paper = pages.Paper(
        now=now,
        quarter_before=before,
        year_before=year,
        forecast=_forecast(db, terms, period, now_s),
        unit=unit,
    )
    write_page(out, pages.panel_page(paper, made=made))


def _figures(db: str | None, period: Period, now_s: int) -> Kpis:
    return figures(db, period, now_s, dt.UTC)


def _forecast(db: str | None, terms: Terms, period: Period, now_s: int) -> Forecast | str:
    try:
        cut_s = cut_after(period[1].isoformat(), now_s)
        return forecast_of(read_history(db), terms, cut_s=cut_s)
    except UsageFault as fault:
        return fault.message.removeprefix("too little history for a forecast: ")


def asked_period(first: str | None, last: str | None, now_s: int) -> Period:
    """Give the period asked for: by default the last calendar quarter that is over.

    Raises:
        UsageFault: only one end is said, it is no day, or the period is not over yet.
    """
    today = dt.datetime.fromtimestamp(now_s, tz=dt.UTC).date()
    if first is None and last is None:
        begun = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
        return period_before((begun, _quarter_end(begun)))
    if first is None or last is None:
        raise UsageFault("--from and --to go together: a paper is about a period")
    try:
        start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    except ValueError as error:
        raise UsageFault(f"--from {first} --to {last}: days are like 2026-09-30") from error
    if not dt.date(1972, 1, 1) <= start <= end < today:
        raise UsageFault(f"--from {first} --to {last}: a period that is over, first day first")
    return start, end


def period_before(period: Period) -> Period:
    """Give the calendar quarter before a calendar quarter, or as many days before any period."""
    start, end = period
    if start.day == 1 and start.month % 3 == 1 and end == _quarter_end(start):
        before = (start - _DAY).replace(day=1)
        return before.replace(month=before.month - 2), start - _DAY
    return start - (end - start) - _DAY, start - _DAY


def year_before(period: Period) -> Period:
    """Give the same days a year earlier; 29 February becomes the 28th."""
    start, end = (_year_earlier(day) for day in period)
    return start, end


def _year_earlier(day: dt.date) -> dt.date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _quarter_end(start: dt.date) -> dt.date:
    after = (start.replace(day=1) + dt.timedelta(days=95)).replace(day=1)
    return after - _DAY
