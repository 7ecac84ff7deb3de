"""The figures of a period for a terminal of 80 columns: the main thing first, ``n`` beside each."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from triage.cli.console import PipeConsole
from triage.cli.kpisections import sections
from triage.cli.kpiwords import Sheet, days, percent
from triage.export.wording import full_days, many
from triage.model.display import printable
from triage.model.kpi import Kpis


def print_kpis(kpis: Kpis, console: Console | None = None) -> None:
    """Print all figures; words from the ledger are escaped and never read as markup."""
    out = console or PipeConsole(highlight=False)
    out.print(_main(kpis))
    for sheet in sections(kpis):
        out.print(Text(sheet.title, style="bold"))
        if sheet.rows:
            out.print(_table(sheet))
        for note in sheet.notes:
            out.print(Padding(Text(note), (0, 0, 0, 2), expand=False))
        out.print()


def _main(kpis: Kpis) -> Panel:
    """Tell first what a manager is asked first."""
    moment = datetime.fromtimestamp(kpis.as_of_s, UTC)
    change = kpis.open_end - kpis.open_start
    oldest = kpis.longest[0] if kpis.longest else None
    year = dict(kpis.ages.older)[365]
    spread = kpis.ages.days
    lines = [
        Text(f"{many(kpis.open_end, 'exhibit')} open", style="bold"),
        Text(f"{change:+,} since {kpis.from_on}: {kpis.opened:,} opened, {kpis.closed:,} closed"),
    ]
    if oldest is not None:
        which = printable(f"{oldest.case} {oldest.exhibit}")
        weeks = many(full_days(oldest.age_days / 7), "week")
        lines += [
            Text(f"oldest {days(oldest.age_days)} ({weeks}): {which}"),
            Text(
                f"nine in ten wait {days(spread.p90)} or less (P90), half {days(spread.p50)} or "
                "less (P50)"
            ),
            Text(f"over 365 days: {year.part:,} of {year.whole:,} ({percent(year)})"),
        ]
    if kpis.faults or kpis.uncounted:
        faulty = sum(one.count for one in kpis.faults)
        lines.append(
            Text(f"{many(faulty, 'contradiction')} in the ledger, see below", style="yellow")
        )
    title = Text(f" Backlog at {moment:%Y-%m-%d %H:%M} UTC ", style="bold")
    return Panel(Group(*lines), title=title, expand=False)


def _table(sheet: Sheet) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for number, name in enumerate(sheet.columns):
        words = number < sheet.words
        table.add_column(
            name, justify="left" if words else "right", overflow="fold", no_wrap=not words
        )
    for row in sheet.rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
