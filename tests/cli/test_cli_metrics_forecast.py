"""``triage metrics forecast`` and ``panel`` on a database, and the periods of the paper."""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from triage.cli.app import cli
from triage.cli.commands.metrics_forecast import cut_after
from triage.cli.commands.metrics_panel import asked_period, period_before, year_before
from triage.errors import ExportError, UsageFault
from triage.store.database import open_store
from triage.store.ledgertables import ledger

DAY_S = 86_400


def days(first: str, last: str) -> tuple[dt.date, dt.date]:
    return dt.date.fromisoformat(first), dt.date.fromisoformat(last)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """60 weeks in which ten a week come and eight go."""
    url = f"sqlite:///{tmp_path_factory.mktemp('unit') / 'unit.sqlite'}"
    rng = random.Random(1)  # noqa: S311  (an invented unit, no secret)
    now_s = int(time.time()) // DAY_S * DAY_S
    start_s = now_s - 420 * DAY_S
    came = sorted(rng.randrange(start_s, now_s) for _ in range(600))
    left = [*sorted(moment + 9 * DAY_S for moment in came[:480]), *[-1] * 120]
    rows = [
        {
            "case_reference": f"OP-{number}",
            "reference": "<b>X</b>",
            "owner_role": "suspect",
            "stage": "released" if out >= 0 else "queued",
            "arrived_s": moment,
            "received_s": moment,
            "released_s": out,
        }
        for number, (moment, out) in enumerate(zip(came, left, strict=True))
    ]
    with open_store(url, create=True) as store:
        store.connection.execute(ledger.insert(), rows)
        store.connection.commit()
    return url


def call(database: str, *words: str) -> Result:
    return CliRunner().invoke(
        cli, ["metrics", *words, "--db", database], catch_exceptions=False, standalone_mode=False
    )


def test_json_is_one_object_and_the_same_each_time(database: str) -> None:
    words = ("forecast", "--runs", "200", "--weeks", "10", "--json")
    first, second = call(database, *words), call(database, *words)
    assert first.stdout == second.stdout
    told = json.loads(first.stdout)
    assert told["format"] == "triage-forecast-1"
    assert told["basis"]["open_now"] >= 120
    assert len(told["steps"]) == 10


def test_csv_has_a_line_a_step(database: str) -> None:
    done = call(database, "forecast", "--runs", "50", "--weeks", "2", "--step", "day", "--csv")
    assert len(done.stdout.splitlines()) == 1 + 14


def test_files_are_replaced_only_where_they_are_ours(database: str, tmp_path: Path) -> None:
    names = [tmp_path / f"f.{kind}" for kind in ("html", "png", "svg")]
    words = ["forecast", "--runs", "50", "--weeks", "4"]
    for name in names:
        words += [f"--{name.suffix[1:]}", str(name)]
    call(database, *words)
    first = [name.read_bytes() for name in names]
    call(database, *words[:5], *words[7:])
    assert [name.read_bytes() for name in names] == first
    for place, name in enumerate(names):
        name.write_bytes(b"\x89PNG\r\n\x1a\n<!DOCTYPE html><html><p>evidence")
        with pytest.raises(ExportError):
            call(database, "forecast", "--runs", "50", "--weeks", "4", *words[5:][place * 2 :][:2])
        assert b"evidence" in name.read_bytes()


def test_the_paper_is_written_and_names_nobody(database: str, tmp_path: Path) -> None:
    out = tmp_path / "paper.html"
    call(database, "panel", "--out", str(out), "--runs", "50", "--seed", "9")
    page = out.read_text("utf-8")
    assert "seed 9" in page
    assert "OP-" not in page
    assert "&lt;b&gt;" not in page


@pytest.mark.parametrize("words", [("--capacity", "+1"), ("--arrivals", "more"), ("--to", "soon")])
def test_what_is_not_understood_is_refused(database: str, words: tuple[str, str]) -> None:
    with pytest.raises(UsageFault):
        call(database, "forecast", *words)


def test_a_quarter_is_beside_the_one_before_and_the_year_before() -> None:
    now_s = int(dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC).timestamp())
    period = asked_period(None, None, now_s)
    assert period == days("2026-07-01", "2026-09-30")
    assert period_before(period) == days("2026-04-01", "2026-06-30")
    assert period_before(days("2026-01-01", "2026-03-31")) == days("2025-10-01", "2025-12-31")
    assert year_before(period) == days("2025-07-01", "2025-09-30")


def test_other_periods_have_as_many_days_before() -> None:
    assert period_before(days("2026-02-10", "2026-02-19")) == days("2026-01-31", "2026-02-09")
    assert year_before(days("2028-02-29", "2028-03-01")) == days("2027-02-28", "2027-03-01")


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-07-01", None), ("2026-09-30", "2026-07-01"), ("2026-07-01", "2030-01-01"), ("x", "y")],
)
def test_periods_that_are_none_are_refused(first: str, last: str | None) -> None:
    with pytest.raises(UsageFault):
        asked_period(first, last, int(dt.datetime(2026, 11, 22, tzinfo=dt.UTC).timestamp()))


def test_a_forecast_begins_at_the_midnight_after_a_day_that_is_over() -> None:
    assert cut_after("1970-01-02", 10 * DAY_S) == 2 * DAY_S
    assert cut_after(None, 10 * DAY_S + 5) == 10 * DAY_S
    with pytest.raises(UsageFault, match="not over yet"):
        cut_after("1970-01-11", 10 * DAY_S + 5)
