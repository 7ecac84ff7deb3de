"""``triage metrics forecast``: how the backlog will go, and how sure that is."""

from __future__ import annotations

import datetime as dt
import importlib
import time
from pathlib import Path
from typing import Any

import click

from triage.config import database_url
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.forecast import UNCHANGED, Forecast, Step, Terms
from triage.model.history import History

DAY_S = 86_400
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog="\b\nExamples:\n"
    "  triage metrics forecast\n"
    "  triage metrics forecast --arrivals +17%\n"
    "  triage metrics forecast --capacity +1 --examiners 4 --overtime 20h\n"
    "  triage metrics forecast --capacity 40/week --weeks 52 --html forecast.html\n"
    "  triage metrics forecast --to 2025-12-31 --json"
)
@click.option("--arrivals", metavar="CHANGE", help="+17%, +3/week (on top) or 30/week (instead).")
@click.option(
    "--capacity",
    metavar="CHANGE",
    help="+1 (examiners), +10%, +5/week (exhibits on top) or 40/week (instead).",
)
@click.option("--examiners", type=click.IntRange(1, 10_000), help="How many there are now.")
@click.option("--overtime", metavar="HOURS", help="Hours a week of all together: 20h.")
@click.option(
    "--hours-per-exhibit",
    type=click.FloatRange(0.01, 10_000),
    help="Of a person; else worked out from --examiners and what was finished.",
)
@click.option(
    "--hours-a-week", type=click.FloatRange(1, 168), default=37.0, show_default=True, help="Of one."
)
@click.option("--weeks", default=104, show_default=True, help="How far to look.")
@click.option(
    "--history", "history_weeks", default=52, show_default=True, help="Weeks to draw from, at most."
)
@click.option("--to", "last", metavar="DAY", help="Last day known; default: yesterday.")
@click.option("--clear-at", default=0, show_default=True, help="So few open count as cleared.")
@click.option("--step", type=click.Choice([step.value for step in Step]), default="week")
@click.option("--runs", default=10_000, show_default=True, help="Futures to draw.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="A line a step.")
@click.option("--html", "page", type=FILE, help="Write a page with charts and tables.")
@click.option("--png", type=FILE, help="Write the chart of the backlog as a picture.")
@click.option("--svg", type=FILE, help="Write the chart of the backlog as SVG.")
@click.option("--db", metavar="URL", help="Case database.")
def forecast(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    last: str | None,
    as_json: bool,
    as_csv: bool,
    page: Path | None,
    png: Path | None,
    svg: Path | None,
    db: str | None,
    **asked: Any,  # noqa: ANN401  (the options that make the terms, each of its own type)
) -> None:
    """Forecast backlog, oldest age and the day on which the backlog clears.

    Weeks to come are drawn from the unit's own weeks, many times over; P10, P50 and P90 tell how
    far the outcomes lie apart. Age and wait suppose that exhibits are finished in the order in
    which they came.
    """
    if as_json and as_csv:
        raise click.UsageError("only one of --json and --csv at a time")
    terms = _terms(**asked)
    now_s = int(time.time())
    told = forecast_of(read_history(db), terms, cut_s=cut_after(last, now_s))
    if as_json or as_csv:
        table = importlib.import_module("triage.export.forecasttable")
        text = table.forecast_json(told) if as_json else table.forecast_csv(told)
        click.echo(text.encode("utf-8"), nl=False)
    else:
        importlib.import_module("triage.cli.forecastpage").print_forecast(told)
    _write_files(told, now_s, page=page, png=png, svg=svg)


def _terms(  # noqa: PLR0913  (the options by their names)
    *,
    arrivals: str | None,
    capacity: str | None,
    examiners: int | None,
    overtime: str | None,
    hours_per_exhibit: float | None,
    hours_a_week: float,
    weeks: int,
    history_weeks: int,
    clear_at: int,
    step: str,
    runs: int,
    seed: int,
) -> Terms:
    from triage.metrics import rates  # noqa: PLC0415  (help stays instant)

    return Terms(
        arrivals=rates.parse_arrivals(arrivals) if arrivals else UNCHANGED,
        capacity=rates.parse_capacity(capacity) if capacity else UNCHANGED,
        examiners=examiners or 0,
        overtime_hours=rates.parse_hours(overtime) if overtime else 0.0,
        hours_per_exhibit=hours_per_exhibit or 0.0,
        hours_a_week=hours_a_week,
        horizon_weeks=weeks,
        history_weeks=history_weeks,
        step=Step(step),
        runs=runs,
        seed=seed,
        clear_at=clear_at,
    )


def read_history(db: str | None) -> History:
    """Read all exhibits of the ledger."""
    from triage.store.database import open_store  # noqa: PLC0415  (help stays instant)
    from triage.store.history import Histories  # noqa: PLC0415  (help stays instant)

    with open_store(database_url(db)) as store:
        return Histories(store.connection).history()


def forecast_of(history: History, terms: Terms, *, cut_s: int) -> Forecast:
    """Forecast; numpy is imported only now."""
    found: Forecast = importlib.import_module("triage.metrics.forecast").forecast(
        history, terms, cut_s=cut_s
    )
    return found


def cut_after(last: str | None, now_s: int) -> int:
    """Give the midnight (UTC) after a day, or the one before now.

    Raises:
        UsageFault: it is no day, or not over yet.
    """
    if last is None:
        return now_s - now_s % DAY_S
    try:
        day = dt.date.fromisoformat(last)
    except ValueError as error:
        raise UsageFault(f"--to {last}: no day like 2026-09-30") from error
    cut_s = (day - dt.date(1970, 1, 1)).days * DAY_S + DAY_S
    if cut_s > now_s:
        raise UsageFault(f"--to {last}: that day is not over yet")
    return cut_s


def _write_files(
    told: Forecast, now_s: int, *, page: Path | None, png: Path | None, svg: Path | None
) -> None:
    if page is not None:
        pages = importlib.import_module("triage.export.forecastpage")
        made = importlib.import_module("triage.export.wording").moment_words(now_s)
        write_page(page, pages.forecast_page(told, made=made))
    if png is None and svg is None:
        return
    charts = importlib.import_module("triage.export.charts")
    drawing = importlib.import_module("triage.export.drawing")
    own = importlib.import_module("triage.export.ownfile")
    chart = charts.backlog_chart(told)
    if png is not None:
        own.write_own(png, drawing.png(chart), starts=(), mark=drawing.PNG_MARK)
        _say(png)
    if svg is not None:
        own.write_own(svg, drawing.svg(chart), starts=(drawing.SVG_START,))
        _say(svg)


def write_page(path: Path, html: str) -> None:
    """Write a page; only an earlier page of ours is replaced."""
    own = importlib.import_module("triage.export.ownfile")
    start = importlib.import_module("triage.export.pagemaking").PAGE_START
    own.write_own(path, html, starts=(start,))
    _say(path)


def _say(path: Path) -> None:
    click.echo(f"wrote {printable(str(path))}", err=True)
