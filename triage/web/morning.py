"""What managers look at, read once a minute for all of them, and its charts, drawn once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from triage.batch.dashboard import Reading, read, read_forecast
from triage.bench.loads import DAY_S, loads
from triage.export.charts import age_chart, backlog_chart, band_chart, flow_chart, oldest_chart
from triage.export.drawing import Chart, svg
from triage.model.forecast import Forecast, Terms
from triage.model.kpi import SplitBy
from triage.model.load import GraderLoad
from triage.scheduler.kept import Kept
from triage.store.accounts import Accounts
from triage.store.database import Store
from triage.web.seat import Seat
from triage.web.suite import Suite

KEPT_S = 60.0
READINGS = 3
"""Readings whose charts can still be asked for by a page that was made of them."""
CHARTS = 32
WEEK_DAYS = 7

Told = tuple[Forecast | None, str]


class Morning:
    """Readings and charts of one installation; a part of its suite."""

    def __init__(self, suite: Suite) -> None:
        self._home = suite.home
        self._readings: Kept[Reading] = Kept(time.monotonic, keep_s=KEPT_S, most=1)
        self._forecasts: Kept[Told] = Kept(time.monotonic, keep_s=KEPT_S, most=8)
        self._graders: Kept[tuple[GraderLoad, ...]] = Kept(time.monotonic, keep_s=KEPT_S, most=1)
        # One drawing at a time: the library that draws has settings that all threads share.
        self._drawn: Kept[bytes] = Kept(time.monotonic, keep_s=10 * KEPT_S, most=CHARTS)
        self._by_moment: OrderedDict[int, Reading] = OrderedDict()

    def reading(self, store: Callable[[], Store], now_s: int) -> Reading:
        """Give the reading of this minute."""
        return self._readings.get("now", lambda: self._read(store(), now_s))

    def reading_of(self, moment_s: int, store: Callable[[], Store], now_s: int) -> Reading:
        """Give the reading that a page was made of, or this minute's where it is gone."""
        return self._by_moment.get(moment_s) or self.reading(store, now_s)

    def forecast(self, store: Callable[[], Store], terms: Terms, now_s: int) -> Told:
        """Give the forecast on some terms; ``None`` and why where there is none."""
        return self._forecasts.get(terms, lambda: read_forecast(store(), terms, now_s))

    def graders(self, make: Callable[[], tuple[GraderLoad, ...]]) -> tuple[GraderLoad, ...]:
        """Give the loads of graders that the first page tells."""
        return self._graders.get("week", make)

    def drawn(self, key: object, chart: Chart) -> bytes:
        """Give a chart as SVG; the same key is the same chart."""
        return self._drawn.get((key, chart.name), lambda: svg(chart))

    def forget(self) -> None:
        """Read anew the next time: something was changed here."""
        self._readings.forget()

    def _read(self, store: Store, now_s: int) -> Reading:
        found = read(store, self._home, now_s)
        self._by_moment[now_s] = found
        while len(self._by_moment) > READINGS:
            self._by_moment.popitem(last=False)
        return found


def morning_of(seat: Seat) -> Morning:
    """Give the one of the installation in front of which somebody sits."""
    return seat.suite.part(Morning, Morning)


def week_of_graders(seat: Seat) -> tuple[GraderLoad, ...]:
    """Give the loads of the last seven days, today's so far with them."""
    return morning_of(seat).graders(lambda: read_loads(seat, WEEK_DAYS))


def read_loads(seat: Seat, days: int) -> tuple[GraderLoad, ...]:
    """Give the loads of some days up to today, which is that of UTC, the longest looking first."""
    until_s = (seat.now_s // DAY_S + 1) * DAY_S
    return loads(
        seat.store,
        Accounts(seat.store.connection).all(),
        seat.suite.settings(),
        since_s=until_s - days * DAY_S,
        until_s=until_s,
    )


def charts_of(found: Reading) -> Mapping[str, Chart]:
    """Give the charts of a reading by name, in the order of the page."""
    told = () if found.told is None else forecast_charts(found.told).values()
    band = [one for one in found.kpis.splits if one.by is SplitBy.RISK_BAND]
    charts = (
        flow_chart(found.kpis.weeks),
        age_chart(found.kpis.ages),
        *map(band_chart, band),
        *told,
    )
    return {one.name: one for one in charts}


def forecast_charts(told: Forecast) -> Mapping[str, Chart]:
    """Give the charts of a forecast by name."""
    return {one.name: one for one in (backlog_chart(told), oldest_chart(told))}
