"""``triage metrics``: page, JSON, CSV and the text format of Prometheus, as others read them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from triage.cli.app import cli
from triage.errors import ExportError, UsageFault
from triage.export import metricspage
from triage.export.ownfile import write_own
from triage.export.pagemaking import PAGE_START
from triage.model.history import Count, CountKind
from triage.model.ledger import ExhibitFacts, OrderKind, OwnerRole, Stage
from triage.store.counts import Counts
from triage.store.database import open_store
from triage.store.ledger import Ledger
from triage.store.orders import Orders

DAY_S = 86_400
HOSTILE = 'a"b\\c=1,d}{ [red]é'


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give a database with four exhibits: two open for 400 and 40 days, two released."""
    path, now_s = tmp_path / "unit.sqlite", int(time.time())
    with open_store(f"sqlite:///{path}", create=True) as store:
        ledger = Ledger(store.connection)
        for number, (age, released) in enumerate(((400, -1), (40, -1), (300, 200), (30, 2)), 1):
            facts = ExhibitFacts(
                case="OP-[bold]X",
                exhibit=f"=E/{number}",
                received_s=now_s - age * DAY_S,
                offence=HOSTILE,
                risk_band="=HYPERLINK(1)" if number == 1 else "",
                owner_role=OwnerRole.SUSPECT,
            )
            line = ledger.add(facts, by="t", now_s=now_s)
            if released >= 0:
                moment = now_s - released * DAY_S
                ledger.move(line, Stage.RELEASED, at_s=moment, by="t", why="", now_s=now_s)
        held = ledger.entry(None, "=E/1").ledger_id
        why = "waits for [blink]counsel[/blink]"
        Orders(store.connection).order(held, OrderKind.HOLD, by="DI", why=why, now_s=now_s)
        store.commit()
    return path


def run(database: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["metrics", "--db", str(database), *words])


def below(database: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["metrics", *words, "--db", str(database)])


def test_the_page_tells_the_main_thing_first_in_80_columns(database: Path) -> None:
    done = run(database)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert max(map(len, lines)) <= 80
    head = "\n".join(lines[:8])
    assert "2 exhibits open" in head
    assert "oldest 400 days (57 weeks): OP-[bold]X =E/1" in head
    assert "over 365 days: 1 of 2 (50.0 %)" in head
    assert "held by DI: waits for [blink]counsel[/blink]" in done.output
    assert "no counts were entered for either time" in done.output


def test_the_year_before_is_said_to_be_missing(database: Path) -> None:
    today = datetime.now(tz=UTC).date()
    with open_store(f"sqlite:///{database}") as store:
        one = Count(
            on=today.isoformat(),
            kind=CountKind.CAID_AWAITING_SECOND_VOTE,
            subject="a grader whose name is so long that it leaves no room " * 3,
            value=1_234_567,
            by="t",
            recorded_s=0,
        )
        Counts(store.connection).add([one])
        store.commit()
    output = run(database, "--tz", "UTC").output
    assert "under before: no figure for the year before" in output
    assert "awaiting second vote" in output
    assert "1,234,567" in output
    assert max(map(len, output.splitlines())) <= 80


def test_json_holds_the_figures_and_null_where_there_is_none(database: Path) -> None:
    told = json.loads(run(database, "--json").stdout)
    assert told["format"] == "triage-kpis-1"
    assert (told["exhibits"], told["open_end"], told["closed"], told["opened"]) == (4, 2, 1, 2)
    assert told["ages"]["days"]["n"] == 2
    assert told["ages"]["days"]["max"] == pytest.approx(400, abs=0.1)
    assert told["media"]["known_good"] == {"part": 0, "whole": 0, "ratio": None}
    assert told["effort"]["minutes"]["mean"] is None
    assert len(told["weeks"]) == 13


def test_csv_agrees_with_json_and_no_cell_is_a_formula(database: Path) -> None:
    told = json.loads(run(database, "--json").stdout)
    text = run(database, "--csv").stdout_bytes.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    assert {row["group"] for row in rows if row["by"] == "risk band"} == {
        "'=HYPERLINK(1)",
        "not stated",
    }
    assert HOSTILE in {row["group"] for row in rows if row["by"] == "offence"}
    weeks = {
        (row["week"], row["statistic"]): int(row["value"])
        for row in rows
        if row["measure"] == "week" and not row["by"]
    }
    assert weeks == {
        (week["name"], name): week[name]
        for week in told["weeks"]
        for name in ("opened", "closed", "open_end")
    }
    (p90,) = (
        row
        for row in rows
        if row["measure"] == "age" and not row["by"] and row["statistic"] == "p90"
    )
    assert float(p90["value"]) == pytest.approx(told["ages"]["days"]["p90"], abs=0.01)
    assert (p90["unit"], p90["n"]) == ("days", "2")
    first = told["longest"][0]
    told_of = {row["statistic"]: row["value"] for row in rows if row["group"] == "OP-[bold]X =E/1"}
    assert told_of["why"] == "; ".join(first["words"])
    assert (told_of["stage"], told_of["offence"]) == ("received", HOSTILE)


SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)\Z", re.ASCII
)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|\Z)', re.ASCII)


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the text exposition format 0.0.4 as its specification says, and hold its rules.

    The last line ends with a line feed; HELP and TYPE stand once a name and before its samples,
    which lie together; no sample is there twice; names, labels and escapes are as allowed.
    """
    assert text.endswith("\n")
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    helped: list[str] = []
    typed: list[str] = []
    order: list[str] = []
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            helped.append(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in {"counter", "gauge", "histogram", "summary", "untyped"}
            assert name not in order
            typed.append(name)
        else:
            match = SAMPLE.match(line)
            assert match, line
            labels, at = [], 0
            source = match["labels"] or ""
            while at < len(source):
                one = LABEL.match(source, at)
                assert one, line
                value = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), one[2])
                labels.append((one[1], value))
                at = one.end()
            assert len(dict(labels)) == len(labels)
            key = (match["name"], frozenset(labels))
            assert key not in samples, line
            samples[key] = float(match["value"])
            if match["name"] not in order[-1:]:
                order.append(match["name"])
    assert len(set(order)) == len(order)
    assert order == typed == helped
    return samples


def test_prometheus_reads_what_is_written(database: Path) -> None:
    samples = parsed(below(database, "prometheus").stdout)
    none: frozenset[tuple[str, str]] = frozenset()
    assert samples["triage_open_exhibits", none] == 2
    assert samples["triage_ledger_exhibits", none] == 4
    assert samples["triage_week_closed_exhibits", none] == 1
    assert samples["triage_open_exhibits_by_offence", frozenset({("offence", HOSTILE)})] == 2
    oldest = samples["triage_open_age_seconds", frozenset({("percentile", "100")})]
    assert oldest == pytest.approx(400 * DAY_S, abs=DAY_S)
    assert samples["triage_older_ratio", frozenset({("days", "365")})] == 0.5
    units = ("_exhibits", "_seconds", "_ratio", "_bytes", "_cases")
    assert all(name.endswith(units) or "_exhibits_by_" in name for name, _ in samples)
    assert ("triage_week_known_good_ratio", none) not in samples


def test_prometheus_file_is_replaced_whole_and_nothing_else_is(
    database: Path, tmp_path: Path
) -> None:
    out = tmp_path / "triage.prom"
    for _ in range(2):
        assert below(database, "prometheus", "--out", str(out)).exit_code == 0
        parsed(out.read_text("utf-8"))
    assert [path.name for path in tmp_path.glob("*.p*")] == ["triage.prom"]
    image = tmp_path / "seized.dd"
    image.write_bytes(b"evidence")
    done = below(database, "prometheus", "--out", str(image))
    assert isinstance(done.exception, ExportError)
    assert image.read_bytes() == b"evidence"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="missing"):
        write_own(tmp_path / "missing" / "x.prom", "x", starts=("x",))
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError, match="folder"):
        write_own(tmp_path / "folder", "x", starts=("x",))


def test_periods_that_cannot_be_are_refused(database: Path) -> None:
    for words in (
        ("--from", "2026-03-02", "--to", "2026-03-01"),
        ("--to", "9999-12-31"),
        ("--from", "0001-01-01"),
    ):
        assert isinstance(run(database, *words).exception, UsageFault), words
    for words in (("--from", "yesterday"), ("--tz", "Mars/Crater"), ("--tz", "../../etc/passwd")):
        assert run(database, *words).exit_code == 2, words
    assert run(database, "--json", "--csv").exit_code == 2
    assert run(database, "--json", "prometheus").exit_code == 2


def test_a_period_of_the_past_is_told_as_of_its_end(database: Path) -> None:
    now_s = int(time.time())
    day = time.strftime("%Y-%m-%d", time.gmtime(now_s - 250 * DAY_S))
    words = ("--from", day, "--to", day, "--tz", "UTC", "--json")
    told: dict[str, Any] = json.loads(run(database, *words).stdout)
    # 150 days old, and the third, which was released 50 days later, 50 days old.
    assert told["open_end"] == 2
    assert told["ages"]["days"]["max"] == pytest.approx(150, abs=1)
    assert told["ages"]["days"]["p50"] == pytest.approx(50, abs=1)


def test_help_imports_nothing_that_takes_long() -> None:
    code = (
        "import sys\n"
        "from triage.cli.app import cli\n"
        "cli.main(['metrics', '--help'], standalone_mode=False)\n"
        "print(*sorted({'numpy', 'sqlalchemy', 'rich', 'matplotlib'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n\n"), done.stdout.splitlines()[-1]


def test_a_page_that_is_not_ours_is_never_overwritten(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What stands on the page is held elsewhere; drawing it takes a second.
    monkeypatch.setattr(metricspage, "metrics_page", lambda _: PAGE_START)
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html>\n<html><p>saved from a suspect's browser")
    refused = run(database, "--html", str(page))
    assert isinstance(refused.exception, ExportError)
    assert "suspect" in page.read_text()
    page.unlink()
    assert [run(database, "--html", str(page)).exit_code for _ in range(2)] == [0, 0]


def test_words_of_the_page_are_true_of_one_exhibit_too(tmp_path: Path) -> None:
    path, now_s = tmp_path / "one.sqlite", int(time.time())
    with open_store(f"sqlite:///{path}", create=True) as store:
        received_s = now_s - 109 * DAY_S - 20 * 3600
        facts = ExhibitFacts(case="C", exhibit="E/1", received_s=received_s)
        Ledger(store.connection).add(facts, by="t", now_s=now_s)
        store.commit()
    page = run(path).stdout
    assert "1 exhibit open" in page
    # The oldest of all: nobody waits longer, and 109 days are over, not 110.
    assert "nine in ten wait 109 days or less (P90), half 109 days or less (P50)" in page
    listed = CliRunner().invoke(cli, ["exhibit", "list", "--db", str(path)]).stdout
    assert "109 d" in listed
    assert "110" not in page + listed
