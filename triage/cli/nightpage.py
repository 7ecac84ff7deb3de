"""The morning summary as text, for a terminal, a file or a mail."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from triage.batch.fits import GIGABYTE, minutes
from triage.cli.progress import amount
from triage.model.display import printable
from triage.model.night import Backlog, DoneExhibit, NightSummary, OpenExhibit

WIDTH = 80
_STYLES = {"red": "bold red", "amber": "bold yellow", "green": "bold green"}


def night_text(summary: NightSummary) -> str:
    """Give the summary as plain text of 80 columns."""
    out = io.StringIO()
    print_night(Console(file=out, width=WIDTH, color_system=None, legacy_windows=False), summary)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return "\n".join(lines).strip() + "\n"


def print_night(console: Console, summary: NightSummary) -> None:
    """Print the summary; every word from the ledger is escaped and never read as markup."""
    console.print(Text(f"Night from {summary.since} to {summary.until}", style="bold"))
    holders = ", ".join(printable(one) for one in summary.holders) or "no batch process"
    console.print(Text(f"Worked by {holders}."))
    console.print()
    _done(console, summary)
    for title, rows, with_failures in (
        ("Failed", summary.failed, True),
        ("Set aside: a person has to look", summary.set_aside, True),
        ("Stopped, to be continued", summary.stopped, False),
        ("Being worked at now", summary.working, False),
        ("Not started: did not fit", summary.not_started, False),
        ("Image away", summary.away, False),
        ("Taken over from a dead worker", summary.taken_over, False),
    ):
        _open(console, title, rows, with_failures=with_failures)
    _happenings(console, summary)
    _backlog(console, summary.backlog)


def _done(console: Console, summary: NightSummary) -> None:
    colours = ", ".join(f"{count} {colour}" for colour, count in summary.colours)
    console.print(Text(f"Done: {len(summary.done)} ({colours})", style="bold"))
    if summary.hits:
        hits = ", ".join(f"{printable(label)} {count:,}" for label, count in summary.hits)
        console.print(Text(f"Exact hits: {hits}"))
    if summary.done:
        console.print(
            Text(
                f"Mean of an exhibit: {summary.minutes_an_exhibit:.1f} minutes, "
                f"{summary.gigabytes_an_exhibit:.2f} GB read"
            )
        )
        table = _table("exhibit", "colour", "#hits", "#gaps", "#files", "#time", "#read")
        for one in summary.done:
            table.add_row(*_done_row(one))
        console.print(table)
    console.print()


def _done_row(one: DoneExhibit) -> tuple[Text, ...]:
    cells = (
        f"{sum(count for _, count in one.hits):,}",
        f"{one.gaps:,}",
        f"{one.files:,}",
        minutes(one.seconds),
        amount(one.read_bytes),
    )
    name = Text(printable(f"{one.case} {one.exhibit}"))
    return (name, Text(one.colour, style=_STYLES.get(one.colour, "")), *map(Text, cells))


def _open(
    console: Console, title: str, rows: Sequence[OpenExhibit], *, with_failures: bool
) -> None:
    if not rows:
        return
    console.print(Text(f"{title}: {len(rows)}", style="bold"))
    table = _table("exhibit", "at", "why")
    for one in rows:
        why = printable(one.reason) or "-"
        if with_failures and one.failures:
            why += f" (failures: {one.failures})"
        cells = (printable(f"{one.case} {one.exhibit}".strip()), one.at, why)
        table.add_row(*map(Text, cells))
    console.print(table)
    console.print()


def _happenings(console: Console, summary: NightSummary) -> None:
    if not summary.happenings:
        return
    console.print(Text("What happened", style="bold"))
    table = _table("at", "what", "detail")
    for one in summary.happenings:
        detail = ": ".join(printable(part) for part in (one.exhibit, one.detail) if part)
        table.add_row(Text(one.at), Text(one.event), Text(detail))
    console.print(table)
    console.print()


def _backlog(console: Console, left: Backlog) -> None:
    console.print(Text(f"Waiting: {left.waiting}", style="bold"))
    size = f"{left.waiting_bytes / GIGABYTE:,.1f} GB"
    unsized = f", {left.unsized} of unknown size" if left.unsized else ""
    console.print(
        Text(f"Images {size}{unsized}; {left.working} being worked at, {left.held} held back.")
    )
    if left.hours_left >= 0 and left.waiting:
        console.print(Text(f"Left at this rate: {minutes(left.hours_left * 3600)}."))
    console.print(Text(printable(left.forecast) + "."))


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in columns:
        numeric = name.startswith("#")
        table.add_column(name.lstrip("#"), justify="right" if numeric else "left", overflow="fold")
    return table
