"""The made-up unit is the same for a seed, holds no contradiction, and keeps Little's law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from make_ledger import Unit, write

from triage.metrics.kpis import kpis
from triage.model.history import COLUMNS, History
from triage.model.kpi import Kpis
from triage.store.database import open_store
from triage.store.history import Histories
from triage.store.ledger import Ledger

NOW_S = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
YEARS = 6.0


def made(path: Path, seed: int, exhibits: int = 1500) -> History:
    unit = Unit(exhibits=exhibits, years=YEARS, now_s=NOW_S, seed=seed, days_open=120)
    with open_store(f"sqlite:///{path}", create=True) as store:
        write(store.connection, unit)
        return Histories(store.connection).history()


def figures(history: History, first: str, last: str) -> Kpis:
    return kpis(history, (), first, last, NOW_S, zone=UTC)


def test_a_seed_makes_the_same_unit(tmp_path: Path) -> None:
    one, same, other = (
        made(tmp_path / f"{number}.sqlite", seed, 60) for number, seed in enumerate((1, 1, 2))
    )
    assert all(list(one.columns[name]) == list(same.columns[name]) for name in COLUMNS)
    assert dict(one.again) == dict(same.again)
    assert list(one.columns["received_s"]) != list(other.columns["received_s"])


def test_open_exhibits_are_arrivals_times_the_mean_wait(tmp_path: Path) -> None:
    """Little's law, L = lambda W, over the years in which the unit is steady."""
    history = made(tmp_path / "unit.sqlite", 7)
    # The first year fills up; two years at the end keep those that are released later.
    found = figures(history, "2022-01-03", "2025-12-28")
    assert found.faults == ()
    days = len(found.weeks) * 7
    arrivals_a_day = found.opened / days
    mean_open = sum(week.open_end for week in found.weeks) / len(found.weeks)
    (wait,) = (one for one in found.delays if one.name == "receipt to release")
    assert mean_open == pytest.approx(arrivals_a_day * wait.days.mean, rel=0.05)


def test_a_period_is_told_alike_from_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "unit.sqlite"
    whole = made(path, 3, 400)
    first = datetime(2026, 8, 24, tzinfo=UTC)
    with open_store(f"sqlite:///{path}") as store:
        part = Histories(store.connection).history(since_s=int(first.timestamp()))
    assert 0 < len(part) < len(whole)
    last = (first + timedelta(days=90)).date().isoformat()
    assert figures(part, "2026-08-24", last) == figures(whole, "2026-08-24", last)


def test_the_ledger_itself_reads_what_was_made(tmp_path: Path) -> None:
    path = tmp_path / "unit.sqlite"
    history = made(path, 5, 40)
    with open_store(f"sqlite:///{path}") as store:
        ledger = Ledger(store.connection)
        entries = list(ledger.entries())
        assert [entry.facts.exhibit for entry in entries] == list(history.columns["exhibit"])
        for entry in entries:
            changes = ledger.changes(entry.ledger_id)
            assert changes[-1].stage == entry.stage
            assert {one.stage: one.at_s for one in changes} == dict(entry.entered_s)
