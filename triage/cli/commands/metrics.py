"""``triage metrics``: every figure of a unit over a period, in one command."""

from __future__ import annotations

import dataclasses
import importlib
import json
import time
from collections.abc import Callable
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from triage.config import database_url
from triage.errors import UsageFault
from triage.metrics.calendar import day_of, default_period, start_s, year_before
from triage.model.display import printable
from triage.model.kpi import Kpis

Command = TypeVar("Command", bound=Callable[..., Any])

_BELOW = (
    (
        "forecast",
        "triage.cli.commands.metrics_forecast:forecast",
        "Say how the backlog will go, and how sure that is.",
    ),
    (
        "panel",
        "triage.cli.commands.metrics_panel:panel",
        "Write the one-page paper of a quarter.",
    ),
)
"""Name, where it lives, one line of help: what draws or computes long is imported when called."""
_WEEK = 7
"""Days that the figures for the monitoring are told of."""
_FIRST_DAY = date(1970, 1, 2)


class MetricsGroup(click.Group):
    """The figures themselves, and below them what is made of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order of the road."""
        return [*super().list_commands(ctx), *(name for name, _, _ in _BELOW)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command asked for."""
        for name, where, _ in _BELOW:
            if name == cmd_name:
                module, _, attribute = where.partition(":")
                command = getattr(importlib.import_module(module), attribute)
                return command if isinstance(command, click.Command) else None
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click)
        """List the commands from the table, without importing them."""
        own = [(name, self.commands[name].get_short_help_str()) for name in self.commands]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *((name, line) for name, _, line in _BELOW)])


def _zone(_ctx: click.Context, _option: click.Parameter, name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise click.BadParameter(f"{name!r} is no time zone that is known here") from error


def _day(_ctx: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no day like 2026-11-22") from error


def _asked(command: Command) -> Command:
    """Add what every command here asks for."""
    for option in (
        click.option("--db", metavar="URL", help="Case database."),
        click.option(
            "--tz",
            "zone",
            metavar="ZONE",
            callback=_zone,
            help="Where days and weeks begin, Europe/London for instance; default: as here.",
        ),
    ):
        command = option(command)
    return command


@click.group(
    cls=MetricsGroup,
    invoke_without_command=True,
    epilog="\b\nExamples:\n"
    "  triage metrics --from 2026-07-01 --to 2026-09-30\n"
    "  triage metrics --json > figures.json\n"
    "  triage metrics --html figures.html\n"
    "  triage metrics prometheus --out /var/lib/node_exporter/triage.prom",
)
@click.option(
    "--from",
    "first",
    metavar="DAY",
    callback=_day,
    help="First day; default: 13 weeks, to now.",
)
@click.option("--to", "last", metavar="DAY", callback=_day, help="Last day; default: today.")
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object.")
@click.option("--csv", "as_csv", is_flag=True, help="One figure a line, for a spreadsheet.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with charts, each with its table.",
)
@_asked
@click.pass_context
def metrics(  # noqa: PLR0913  (the options)
    ctx: click.Context,
    *,
    first: date | None,
    last: date | None,
    as_json: bool,
    as_csv: bool,
    page: Path | None,
    db: str | None,
    zone: tzinfo | None,
) -> None:
    """Backlog, ages, throughput: the figures that a unit is asked for, over a period.

    Without a command below: what is open, opened and closed by week, ages, stages, waits, results
    and counts, as a page for a terminal. Weeks are ISO weeks, percentiles by nearest rank.
    """
    given = [value for value in (first, last, page) if value is not None]
    if ctx.invoked_subcommand is not None:
        if given or as_json or as_csv:
            raise click.UsageError(f"give the options of {ctx.invoked_subcommand} after its name")
        return
    if as_json + as_csv + (page is not None) > 1:
        raise click.UsageError("only one of --json, --csv and --html at a time")
    now_s = int(time.time())
    found = figures(db, _period(first, last, now_s, zone), now_s, zone)
    if page is not None:
        html = importlib.import_module("triage.export.metricspage").metrics_page(found)
        _write(page, html, importlib.import_module("triage.export.pagemaking").PAGE_START)
        click.echo(f"wrote {printable(str(page))}", err=True)
    else:
        _tell(found, as_json=as_json, as_csv=as_csv)


def _tell(found: Kpis, *, as_json: bool, as_csv: bool) -> None:
    if as_json or as_csv:
        table = importlib.import_module("triage.export.kpitable")
        if as_json:
            click.echo(json.dumps(table.kpis_object(found)))
        else:
            click.echo(table.kpis_csv(found).encode("utf-8"), nl=False)
        return
    importlib.import_module("triage.cli.kpipage").print_kpis(found)


@metrics.command(
    short_help="Give the figures of now to a unit's monitoring.",
    epilog="\b\nExamples:\n"
    "  triage metrics prometheus\n"
    "  triage metrics prometheus --out /var/lib/node_exporter/triage.prom",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that node_exporter's textfile collector reads; written whole or not at all.",
)
@_asked
def prometheus(*, out: Path | None, db: str | None, zone: tzinfo | None) -> None:
    """Give the figures of now and of the last seven days to a unit's monitoring.

    Text exposition format of Prometheus: base units, ages in seconds, shares of 1.
    """
    now_s = int(time.time())
    today = day_of(now_s, zone)
    found = figures(db, (today - timedelta(days=_WEEK - 1), today), now_s, zone)
    text = importlib.import_module("triage.export.prometheus").prometheus_text(found)
    if out is None:
        click.echo(text, nl=False)
    else:
        _write(out, text, "# HELP triage_")


def _write(path: Path, text: str, *starts: str) -> None:
    """Write a file of ours whole; see :func:`triage.export.ownfile.write_own`."""
    from triage.export.ownfile import write_own  # noqa: PLC0415  (help stays instant)

    write_own(path, text, starts=starts)


def figures(db: str | None, period: tuple[date, date], now_s: int, zone: tzinfo | None) -> Kpis:
    """Read what a period needs and work out its figures, with what people said of long waits."""
    from triage.metrics.kpis import kpis  # noqa: PLC0415  (help stays instant)
    from triage.store.counts import Counts  # noqa: PLC0415  (help stays instant)
    from triage.store.database import open_store  # noqa: PLC0415  (help stays instant)
    from triage.store.history import Histories  # noqa: PLC0415  (help stays instant)

    first, last = period
    with open_store(database_url(db)) as store:
        histories = Histories(store.connection)
        counted = Counts(store.connection).standing(
            year_before(first).isoformat(), last.isoformat()
        )
        history = histories.history(since_s=start_s(first, zone))
        found = kpis(history, counted, first.isoformat(), last.isoformat(), now_s, zone=zone)
        longest = tuple(
            dataclasses.replace(one, words=(*histories.remarks(one.case, one.exhibit), *one.words))
            for one in found.longest
        )
    return dataclasses.replace(found, longest=longest)


def _period(
    first: date | None, last: date | None, now_s: int, zone: tzinfo | None
) -> tuple[date, date]:
    """Give the period asked for: by default this ISO week as far as it has come, and twelve more.

    Raises:
        UsageFault: it ends before it begins, or in the future, or is too long to be meant.
    """
    today = day_of(now_s, zone)
    end = last or today
    start = first or default_period(end)[0]
    if not _FIRST_DAY <= start <= end <= today:
        raise UsageFault(
            f"the period from {start} to {end}: it must begin before it ends, and end by today",
            hint=f"Today is {today}; the first day that can be asked for is {_FIRST_DAY}.",
        )
    return start, end
