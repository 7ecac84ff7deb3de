"""A forecast for a terminal: the main thing first, then quarter by quarter."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from triage.cli.console import PipeConsole
from triage.export.forecastwords import (
    QUARTERS_HEADER,
    basis_words,
    clearing_words,
    quarters,
    wait_words,
)
from triage.model.forecast import Forecast


def print_forecast(told: Forecast, console: Console | None = None) -> None:
    """Print what it says, what it was drawn from, and how far the outcomes lie apart."""
    out = console or PipeConsole(highlight=False)
    first, *rest = clearing_words(told)
    out.print(Text(first, style="bold"))
    for sentence in (*rest, wait_words(told), "", *told.rates.notes, *basis_words(told)):
        out.print(Text(sentence))
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for place, name in enumerate(QUARTERS_HEADER):
        table.add_column(name, justify="right" if place else "left", no_wrap=place == 0)
    for row in quarters(told):
        table.add_row(*map(Text, row))
    out.print()
    out.print(table)
    out.print()
    order = "Ages and waits suppose first come first served; the unit's own order differs."
    out.print(Text(order, style="dim"))
