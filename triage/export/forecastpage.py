"""The page of a forecast."""

from __future__ import annotations

from dataclasses import dataclass

from triage.export.charts import backlog_chart, oldest_chart
from triage.export.drawing import Table
from triage.export.forecastwords import (
    ASSUMPTIONS,
    QUARTERS_HEADER,
    basis_words,
    clearing_words,
    quarters,
    wait_words,
)
from triage.export.pagemaking import Page, Section, Tile, render
from triage.export.wording import day_words, days_words, tenth, whole
from triage.model.forecast import Forecast


def forecast_page(told: Forecast, *, made: str) -> str:
    """Give the page as one HTML file.

    Args:
        made: the moment of making, in words; the only thing that no figure decides.
    """
    said = forecast_words(told)
    page = Page(
        title="Forecast of the backlog",
        subtitle=f"As things stood at the end of {day_words(told.basis.to_day)}",
        lead=(said.first,),
        tiles=_tiles(told),
        sections=(
            Section(heading="When it clears", sentences=said.further),
            Section(
                heading="What it is drawn from",
                sentences=said.basis,
                tables=(said.quarters,),
            ),
            Section(heading="Backlog", charts=(backlog_chart(told),)),
            Section(heading="Oldest exhibit", charts=(oldest_chart(told),)),
            Section(heading="What it takes for granted", sentences=said.assumptions),
        ),
        foot=(*basis_words(told)[1:], f"Made {made}."),
    )
    return render(page)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastWords:
    """A forecast in sentences and a table.

    Attributes:
        first: what matters most; ``further``: more of it, with how long one waits.
        basis: what it was drawn from, and how the terms differ; ``assumptions``: what it supposes.
    """

    first: str
    further: tuple[str, ...]
    basis: tuple[str, ...]
    assumptions: tuple[str, ...]
    quarters: Table


def forecast_words(told: Forecast) -> ForecastWords:
    """Say what a forecast says, for a page of any kind."""
    first, *rest = clearing_words(told)
    return ForecastWords(
        first=first,
        further=(*rest, wait_words(told)),
        basis=(*basis_words(told), *told.rates.notes),
        assumptions=tuple(ASSUMPTIONS.split("\n")),
        quarters=_quarters(told),
    )


def _tiles(told: Forecast) -> tuple[Tile, ...]:
    last = told.steps[-1]
    oldest = max(0, told.basis.oldest_days)
    return (
        Tile(label="Open now", figure=whole(told.basis.open_now)),
        Tile(label="Oldest open exhibit", figure=days_words(oldest)),
        Tile(
            label=f"Open on {day_words(last.on)}",
            figure=whole(last.backlog.p50),
            note=f"{whole(last.backlog.p10)} to {whole(last.backlog.p90)}, 8 chances in 10",
        ),
        Tile(
            label="Come in a week",
            figure=tenth(told.rates.arrivals),
            note=f"{tenth(told.rates.capacity)} can be finished",
        ),
    )


def _quarters(told: Forecast) -> Table:
    return Table(
        caption="Forecast, quarter by quarter: middle, and where eight in ten runs lie",
        header=QUARTERS_HEADER,
        rows=quarters(told),
    )
