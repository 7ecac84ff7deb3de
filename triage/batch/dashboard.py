"""What a manager looks at in the morning, read once: figures, forecast, last night, tonight."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from triage.batch.clock import deadline, moment
from triage.batch.fits import TimeForecast, forecast
from triage.batch.needs import Circumstances, Need, needs
from triage.batch.standing import QUEUE_STAGES, QueueLine, queue_lines
from triage.batch.summary import summarise
from triage.batch.tonight import Shift, Tonight, plan_tonight
from triage.batch.weights import Weights, load_weights
from triage.errors import UsageFault
from triage.metrics.calendar import day_of, default_period, start_s, year_before
from triage.metrics.forecast import forecast as forecast_of
from triage.metrics.kpis import kpis
from triage.model.forecast import Forecast, Terms
from triage.model.history import History
from triage.model.kpi import Kpis
from triage.model.ledger import LedgerEntry
from triage.model.night import NightSummary
from triage.store.counts import Counts
from triage.store.database import Store
from triage.store.figures import Remaining, recent_efforts, remaining_of
from triage.store.history import Histories
from triage.store.ledger import Ledger
from triage.store.nights import Nights
from triage.store.orders import Orders

SHIFT = ("18:00", "06:00")
"""When machines work at night, local time, where nobody says anything else."""
_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_NIGHT_S = 12 * 3600
"""Batch processes that were started within so long before the last one are of the same night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All of it, as things stood at one moment.

    Attributes:
        read_s: that moment, seconds since 1970 UTC.
        told: the forecast, ``None`` where there is none; ``untold`` then says why.
        last_start_s: when a batch process was started last, -1 for never.
        lines: the queue in its order.
    """

    read_s: int
    kpis: Kpis
    told: Forecast | None
    untold: str
    night: NightSummary
    last_start_s: int
    lines: tuple[QueueLine, ...]
    tonight: Tonight
    needs: tuple[Need, ...]


def read(store: Store, home: Path, now_s: int) -> Reading:
    """Read what the first page of the morning says, with the last quarter's figures.

    Args:
        home: whose disk has to have room.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: the file of weights is not as it should be.
    """
    weights = load_weights()
    history = _history(store, now_s)
    figures = _figures(store, history, now_s)
    told, untold = forecast_now(history, Terms(), now_s)
    lines = read_queue(store, weights, now_s)
    started_s = last_start_s(store)
    known = Circumstances(
        now_s=now_s,
        last_start_s=started_s,
        free_bytes=_free_bytes(home),
        faults=figures.faults,
    )
    return Reading(
        read_s=now_s,
        kpis=figures,
        told=told,
        untold=untold,
        night=summarise(store, night_start_s(store, now_s), now_s),
        last_start_s=started_s,
        lines=lines,
        tonight=plan_tonight(lines, times_of(store), shift_of(*SHIFT, 1, now_s)),
        needs=needs(lines, weights, known),
    )


def read_queue(store: Store, weights: Weights, now_s: int) -> tuple[QueueLine, ...]:
    """Give the queue in its order, with what has no place in it at the end."""
    orders = Orders(store.connection)
    return queue_lines(
        Ledger(store.connection).entries(stages=QUEUE_STAGES),
        leases=orders.leases(),
        holds=orders.holds(),
        weights=weights,
        now_s=now_s,
    )


def forecast_now(history: History, terms: Terms, now_s: int) -> tuple[Forecast | None, str]:
    """Forecast from the midnight (UTC) before a moment; ``None`` and why where that cannot be."""
    try:
        return forecast_of(history, terms, cut_s=now_s - now_s % _DAY_S), ""
    except UsageFault as fault:
        return None, fault.message


def read_forecast(store: Store, terms: Terms, now_s: int) -> tuple[Forecast | None, str]:
    """Read what a forecast is drawn from, and draw it."""
    since_s = now_s - (terms.history_weeks + 2) * _WEEK_S
    history = Histories(store.connection).history(since_s=max(0, since_s))
    return forecast_now(history, terms, now_s)


def last_start_s(store: Store) -> int:
    """Give when a batch process was started last, -1 for never."""
    start = Nights(store.connection).last_start()
    return -1 if start is None else start.at_s


def night_start_s(store: Store, now_s: int) -> int:
    """Give when the last night began: the first of the batch processes started together.

    A day ago where none was ever started.
    """
    nights = Nights(store.connection)
    last = nights.last_start()
    if last is None:
        return now_s - _DAY_S
    lines = nights.lines(last.at_s - _NIGHT_S)
    return min((one.at_s for one in lines if one.event is last.event), default=last.at_s)


def shift_of(starts: str, ends: str, machines: int, now_s: int) -> Shift:
    """Give the shift that runs now or comes next, from times of day such as ``18:00``.

    Raises:
        UsageFault: there is no such time of day.
    """
    ends_s = _next(ends, now_s)
    starts_s = moment(starts, float(ends_s - 1))
    return Shift(starts_s=max(starts_s, now_s), ends_s=ends_s, machines=machines)


def times_of(store: Store) -> Callable[[LedgerEntry], TimeForecast]:
    """Give what tells how long an exhibit will take, by what those took that were done last."""
    efforts = recent_efforts(store.connection)
    begun = frozenset(Orders(store.connection).leases())

    def time_of(entry: LedgerEntry) -> TimeForecast:
        facts = entry.facts
        remaining: Remaining | None = None
        if entry.ledger_id in begun:  # without a lease it was never begun by a batch process
            remaining = remaining_of(store.connection, facts.case, facts.exhibit)
        return forecast(efforts, facts.device_type, facts.image_bytes, remaining)

    return time_of


def _next(words: str, now_s: int) -> int:
    found = deadline(words, float(now_s)).at
    if found is None:
        raise UsageFault(f"{words}: is no time of day")
    return int(found)


def _history(store: Store, now_s: int) -> History:
    """Read as far back as figures and forecast look."""
    first = start_s(default_period(day_of(now_s, None))[0], None)
    since_s = min(first, now_s - (Terms().history_weeks + 2) * _WEEK_S)
    return Histories(store.connection).history(since_s=max(0, since_s))


def _figures(store: Store, history: History, now_s: int) -> Kpis:
    first, last = default_period(day_of(now_s, None))
    counted = Counts(store.connection).standing(year_before(first).isoformat(), last.isoformat())
    found = kpis(history, counted, first.isoformat(), last.isoformat(), now_s)
    histories = Histories(store.connection)
    longest = tuple(
        replace(one, words=(*histories.remarks(one.case, one.exhibit), *one.words))
        for one in found.longest
    )
    return replace(found, longest=longest)


def _free_bytes(home: Path) -> int:
    """Give what is free where a folder lies, or would lie if it were there."""
    there = next(one for one in (home, *home.parents) if one.exists())
    return shutil.disk_usage(there).free
