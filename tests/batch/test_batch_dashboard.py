"""The reading of the morning says what the commands say of the same database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.batch import dashboard
from triage.batch.dashboard import night_start_s, read, read_forecast, shift_of
from triage.batch.summary import summarise
from triage.cli.commands.metrics import figures
from triage.errors import UsageFault
from triage.metrics.calendar import day_of, default_period
from triage.metrics.forecast import forecast
from triage.model.forecast import Terms
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import NightEvent, NightLine
from triage.store.database import Store, open_store
from triage.store.history import Histories
from triage.store.ledger import Arrival, Ledger, Step
from triage.store.nights import Nights

NOW_S = 1_795_330_000
DAY_S = 86_400
WEEKS = 70


def _arrival(number: int) -> Arrival:
    received_s = NOW_S - (WEEKS * 7 - number % (WEEKS * 7)) * DAY_S
    facts = ExhibitFacts(
        case=f"OP-{number // 3}",
        exhibit=f"A/{number}",
        received_s=received_s,
        device_type="phone",
        image_path="/images/a.E01",
        image_bytes=32 * 10**9,
    )
    steps = [Step(stage=Stage.QUEUED, at_s=received_s)]
    released_s = received_s + (20 + number % 90) * DAY_S
    if released_s < NOW_S:
        steps.append(Step(stage=Stage.RELEASED, at_s=released_s))
    return Arrival(facts=facts, steps=tuple(steps))


@pytest.fixture
def store(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    with open_store(store_url, create=True) as opened:
        arrivals = [_arrival(number) for number in range(900)]
        Ledger(opened.connection).add_all(arrivals, by="made up", now_s=NOW_S)
        opened.commit()
        yield opened


def test_figures_and_forecast_are_those_of_the_commands(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    found = read(store, tmp_path, NOW_S)
    period = default_period(day_of(NOW_S, None))
    assert found.kpis == figures(store_url, period, NOW_S, None)
    whole = Histories(store.connection).history()
    assert found.told == forecast(whole, Terms(), cut_s=NOW_S - NOW_S % DAY_S)
    assert read_forecast(store, Terms(), NOW_S) == (found.told, "")
    assert found.night == summarise(store, NOW_S - DAY_S, NOW_S)


def test_a_unit_without_history_is_told_why_there_is_no_forecast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    with open_store(f"sqlite:///{tmp_path / 'none.sqlite'}", create=True) as empty:
        found = read(empty, tmp_path / "not" / "there", NOW_S)
    assert found.told is None
    assert found.untold
    assert (found.kpis.open_end, found.lines, found.tonight.planned) == (0, (), ())


def test_a_night_begins_with_the_first_of_its_machines(store: Store) -> None:
    def start(at_s: int, holder: str) -> NightLine:
        return NightLine(at_s=at_s, holder=holder, event=NightEvent.STARTED)

    assert night_start_s(store, NOW_S) == NOW_S - DAY_S
    nights = Nights(store.connection)
    nights.say(start(NOW_S - 40 * 3600, "before"))
    nights.say(start(NOW_S - 14 * 3600, "one"), start(NOW_S - 13 * 3600, "two"))
    assert night_start_s(store, NOW_S) == NOW_S - 14 * 3600


def test_a_shift_is_the_one_that_runs_or_the_next() -> None:
    told = shift_of("18:00", "06:00", 2, NOW_S)
    length_s = told.ends_s - told.starts_s
    assert NOW_S <= told.starts_s < told.ends_s <= NOW_S + 2 * DAY_S
    assert length_s <= 13 * 3600
    during = shift_of("18:00", "06:00", 2, told.ends_s - 3600)
    assert (during.starts_s, during.ends_s) == (told.ends_s - 3600, told.ends_s)
    with pytest.raises(UsageFault, match="no such time of day"):
        shift_of("18:00", "27:00", 1, NOW_S)


def test_begun_exhibits_alone_are_asked_how_much_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(dashboard, "remaining_of", lambda *one: asked.append(one[2]))
    entries = list(Ledger(store.connection).entries(stages=(Stage.QUEUED,)))
    time_of = dashboard.times_of(store)
    assert all(time_of(one).median_s > 0 for one in entries)
    assert asked == []
