"""What the figures cost on a history of 100,000 exhibits: each by itself, and whole commands.

    python tests/bench/bench_metrics.py [--exhibits 100000] [--db URL]

CPU time is told beside wall time, which on a busy machine says more of its neighbours. The best of
some rounds stands: what is above it is noise.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from make_ledger import Unit, write

from triage.config import database_url
from triage.metrics import ages, backlog, campaigns, media, throughput, waits
from triage.metrics.calendar import default_period, start_s, weeks, year_before
from triage.metrics.columns import moments, words
from triage.metrics.kpis import kpis
from triage.metrics.timeline import timeline
from triage.model.history import History
from triage.model.kpi import SplitBy
from triage.store.counts import Counts
from triage.store.database import open_store
from triage.store.history import Histories

NOW_S = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
TODAY = date(2026, 11, 22)
LIMIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the best round."""

    cpu: float
    wall: float


def best(work: Callable[[], object], rounds: int = 3) -> Took:
    """Run a function some times in this process and give its best round."""
    found = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        found.append(Took(time.process_time() - cpu, time.perf_counter() - wall))
    return min(found, key=lambda took: took.cpu)


def command(*words_: str, rounds: int = 3) -> Took:
    """Run a whole command some times and give its best round, start and imports included."""
    found = []
    for _ in range(rounds):
        before, wall = os.times(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "triage", "metrics", *words_],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        after = os.times()
        cpu = (after.children_user - before.children_user) + (
            after.children_system - before.children_system
        )
        found.append(Took(cpu, time.perf_counter() - wall))
    return min(found, key=lambda took: took.cpu)


def parts(history: History, first: date) -> Iterator[tuple[str, Took]]:
    """Yield the cost of each measure by itself, its columns turned into arrays anew."""
    span = backlog.span_of(weeks(first, TODAY, UTC), NOW_S)
    at_s, times = NOW_S, timeline(history, NOW_S)
    open_, spells = times.spells.at(at_s), times.spells
    none = np.zeros(len(spells.row), np.int64)
    done = span.holds(moments(history, "done_s"))
    band = words(history.columns["risk_band"])
    case = words(history.columns["case"])
    outside = np.asarray(history.columns["outsourced"], np.bool_)
    seized = throughput.seized_s(words(history.columns["seized_on"]), UTC)
    measures: tuple[tuple[str, Callable[[], object]], ...] = (
        ("when each exhibit was open, and in which stage", lambda: timeline(history, NOW_S)),
        (
            "open, opened, closed by week",
            lambda: backlog.weekly(backlog.flow(spells, none, 1, span), span),
        ),
        ("ages: P50, P90, max, shares", lambda: ages.ages(times.spells.at(at_s), at_s)),
        ("split by risk band", lambda: ages.split(SplitBy.RISK_BAND, band, times, span, at_s)),
        ("split by stage", lambda: ages.split_by_stage(times, span, at_s)),
        ("time in each stage", lambda: throughput.stage_times(times, span, at_s)),
        ("longest waits, and why", lambda: waits.longest(history, times, at_s, TODAY)),
        (
            "seizure and receipt to result and release",
            lambda: throughput.delays(history, times, seized, span),
        ),
        ("minutes and GB an exhibit", lambda: throughput.effort(history, done)),
        ("known-good, pre-categorised, left", lambda: media.media(history, done)),
        ("results by colour, negative ones", lambda: media.outcomes(history, times, done, span)),
        ("cases behind it", lambda: backlog.cases(case, open_.row, spells, span)),
        ("outsourced", lambda: backlog.outsourced(outside, open_.row, spells, span)),
    )
    for name, work in measures:
        yield name, best(work)


def in_process(url: str) -> Iterator[tuple[str, Took]]:
    """Yield the cost of reading, of each measure, and of all of them."""
    first, _ = default_period(TODAY)
    period = (first.isoformat(), TODAY.isoformat())
    before = (year_before(first).isoformat(), year_before(TODAY).isoformat())
    with open_store(url) as store:
        histories, counts = Histories(store.connection), Counts(store.connection)
        since_s = start_s(first, UTC)
        yield "read what 13 weeks need", best(lambda: histories.history(since_s=since_s))
        yield "read the whole history", best(histories.history)
        yield "read two years of counts", best(lambda: counts.standing(before[0], period[1]))
        part, whole = histories.history(since_s=since_s), histories.history()
        counted = counts.standing(before[0], period[1])
    yield from parts(whole, first)
    yield "counts, and the year before", best(lambda: campaigns.compared(counted, period, before))
    yield "all of 13 weeks", best(lambda: kpis(part, counted, *period, NOW_S, zone=UTC))
    start = "2016-11-28"
    yield (
        "all of ten years, week by week",
        best(lambda: kpis(whole, counted, start, period[1], NOW_S, zone=UTC)),
    )


def commands(url: str) -> Iterator[tuple[str, Took]]:
    """Yield the cost of whole commands."""
    for given in (
        (),
        ("--json",),
        ("--csv",),
        ("--from", "2016-11-28", "--json"),
        ("prometheus",),
    ):
        below = given[:1] == ("prometheus",)
        all_words = (*given, "--db", url) if below else ("--db", url, *given)
        yield " ".join(("triage metrics", *given)), command(*all_words)


def show(rows: Iterator[tuple[str, Took]]) -> None:
    """Print a table as it grows."""
    print(f"| {'measure':50} | CPU s | wall s | under {LIMIT_S:.0f} s |")
    print(f"| {'-' * 50} | ----: | -----: | --- |")
    for name, took in rows:
        held = "yes" if took.cpu < LIMIT_S else "no"
        print(f"| {name:50} | {took.cpu:5.3f} | {took.wall:6.3f} | {held} |", flush=True)


def main() -> None:
    """Make a unit where none is given, and print two tables."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--exhibits", type=int, default=100_000)
    told.add_argument("--db", help="a database that make_ledger.py wrote")
    asked = told.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = database_url(asked.db or str(Path(folder) / "unit.sqlite"))
        if asked.db is None:
            unit = Unit(exhibits=asked.exhibits, years=10, now_s=NOW_S)
            with open_store(url, create=True) as store:
                write(store.connection, unit)
        show(in_process(url))
        print()
        show(commands(url))


if __name__ == "__main__":
    main()
