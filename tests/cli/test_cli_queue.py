"""The commands of the queue, as a person calls them: order, reasons, holds, bumps and retries."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from road import Road, code
from triage.batch.order import load_weights
from triage.batch.standing import QUEUE_STAGES, queue_lines
from triage.batch.weights import default_bytes
from triage.cli.queuetable import queue_table
from triage.cli.queuewhy import why_lines
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage
from triage.model.queue import AttemptEnd, Holder
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.orders import Orders

DAY_S = 86_400
HOLDER = Holder(name="ws-04:77", host="ws-04", pid=77)


@pytest.fixture
def unit(road: Road) -> Road:
    """Give a ledger with a queue of six; points fall from the first to the last."""
    now_s = int(time.time())
    rows: tuple[dict[str, Any], ...] = (
        {"case": "OP-V", "exhibit": "V/1", "owner_role": OwnerRole.VICTIM, "risk_band": "high"},
        {"case": "OP-X", "exhibit": "X/1", "risk_band": "very high"},
        {"case": "OP-X", "exhibit": "X/2", "risk_band": "odd [red]\u202e"},
        {"case": "OP-Y", "exhibit": "X/1", "risk_band": "medium", "officer": "DC"},
        {"case": "OP-Y", "exhibit": "=cmd()", "risk_band": "low"},
        {"case": "OP-Z", "exhibit": "Z/1", "risk_band": "low", "image_path": ""},
    )
    with open_store(f"sqlite:///{road.db}", create=True) as store:
        ledger = Ledger(store.connection)
        for row in rows:
            facts = ExhibitFacts(received_s=now_s - 8 * DAY_S, **{"image_path": "a.E01", **row})
            ledger.add(facts, stage=Stage.QUEUED, by="t", now_s=now_s)
        facts = ExhibitFacts(case="OP-W", exhibit="W/1", received_s=now_s)
        ledger.add(facts, by="t", now_s=now_s)
        store.commit()
    return road


def queue(unit: Road, *words: str) -> Any:
    return unit.call("queue", *words, "--db", unit.db)


def listed(unit: Road, *words: str) -> list[dict[str, Any]]:
    found = queue(unit, "list", "--json", *words)
    assert code(found) == 0, found.output
    return [json.loads(line) for line in found.stdout.splitlines()]


def take(unit: Road, exhibit: str, end: AttemptEnd | None) -> None:
    """Let a worker take an exhibit, and end its attempt."""
    now_s = int(time.time())
    with open_store(f"sqlite:///{unit.db}") as store:
        ledger_id = Ledger(store.connection).entry(None, exhibit).ledger_id
        leases = Leases(store.connection)
        lease = leases.take([ledger_id], HOLDER, now_s)
        assert lease is not None
        if end is not None:
            leases.stop(
                lease, seconds=1, read_bytes=0, now_s=now_s, end=end, reason="segment 3 is missing",
                limit_failures=1,
            )  # fmt: skip


def test_the_list_is_in_order_and_ends_with_what_has_no_place(unit: Road) -> None:
    rows = listed(unit)
    assert [(one["place"], one["case"], one["exhibit"]) for one in rows] == [
        (1, "OP-V", "V/1"),
        (2, "OP-X", "X/1"),
        (3, "OP-X", "X/2"),
        (4, "OP-Y", "X/1"),
        (5, "OP-Y", "=cmd()"),
        (None, "OP-Z", "Z/1"),
    ]
    # high 300 + victim 300 + 8 days of 10 points a week; a second exhibit of a case 5.
    assert [one["points"] for one in rows] == [611.4, 416.4, 316.4, 216.4, 116.4, 111.4]
    assert [one["state"] for one in rows] == ["waiting"] * 5 + ["no image"]
    assert {one["age_days"] for one in rows} == {8}
    assert listed(unit, "--limit", "2") == rows[:2]


def test_the_account_counts_all_and_names_bands_that_are_not_known(unit: Road) -> None:
    talk = queue(unit, "list", "--limit", "1").stderr
    assert "6 exhibits in the queue: 5 waiting, 1 no image; 1 shown" in talk
    assert r"Not in the list of bands: 'odd [red]\u202e'; each counts 300 points" in talk


def test_a_spreadsheet_takes_no_cell_for_a_formula(unit: Road) -> None:
    found = queue(unit, "list", "--csv")
    assert found.stdout_bytes.startswith(b"\xef\xbb\xbfplace,exhibit,case,")
    rows = list(csv.DictReader(io.StringIO(found.stdout_bytes.decode("utf-8-sig"))))
    assert [one["exhibit"] for one in rows] == ["V/1", "X/1", "X/2", "X/1", "'=cmd()", "Z/1"]
    assert [one["points"] for one in rows][:2] == ["611.4", "416.4"]
    assert rows[2]["risk_band"] == r"odd [red]\u202e"


def test_why_gives_reasons_that_add_up_and_who_stands_before(unit: Road) -> None:
    found = queue(unit, "why", "X/1", "--case", "OP-X", "--json")
    told = json.loads(found.stdout)
    assert (told["place"], told["of"]) == (2, 5)
    assert [(one["kind"], one["points"]) for one in told["reasons"]] == [
        ("risk band", 400.0),
        ("statutory date", 0.0),
        ("owner", 0.0),
        ("age", 11.4),
        ("case", 5.0),
    ]
    assert told["points"] == 416.4
    assert (told["before"]["exhibit"], told["before"]["because"]) == (
        "V/1",
        [
            "owner: 300.0 against 0.0 (+300.0)",
            "case: 0.0 against 5.0 (-5.0)",
            "risk band: 300.0 against 400.0 (-100.0)",
        ],
    )
    assert told["weights"]["sha256"] == hashlib.sha256(default_bytes()).hexdigest()
    page = queue(unit, "why", "X/1", "--case", "OP-X").stdout
    today = told["as_of"][:10]
    assert f"X/1 of OP-X: place 2 of 5 on {today} (UTC)\n" in page
    before = "Directly before it: V/1 of OP-V, 611.4 points, because it has 195.0 more:\n"
    assert before in page
    assert "  sum                 416.4\n" in page


def test_why_of_the_first_of_two_of_one_name_and_of_none(unit: Road) -> None:
    assert "Nothing stands before it." in queue(unit, "why", "V/1").stdout
    ambiguous = queue(unit, "why", "X/1")
    assert code(ambiguous) == 2
    assert "OP-X, OP-Y" in str(ambiguous.exception)
    for exhibit, words in (("W/1", "stands at received"), ("N/1", "not in the ledger")):
        found = queue(unit, "why", exhibit)
        assert code(found) == 2
        assert words in str(found.exception)


def test_a_hold_takes_the_place_away_and_a_release_gives_it_back(unit: Road) -> None:
    before = listed(unit)
    assert code(queue(unit, "hold", "V/1", "--why", "privilege [red]", "--by", "DI E.")) == 0
    rows = listed(unit)
    held = next(one for one in rows if one["exhibit"] == "V/1")
    assert (held["place"], held["state"], held["by"], held["why"]) == (
        None, "held", "DI E.", "privilege [red]",
    )  # fmt: skip
    assert [one["exhibit"] for one in rows if one["place"]] == ["X/1", "X/2", "X/1", "=cmd()"]
    again = queue(unit, "hold", "V/1", "--why", "x")
    assert (code(again), str(again.exception)) == (
        2, "V/1 of OP-V is held already, by DI E.: privilege [red]",
    )  # fmt: skip
    page = queue(unit, "why", "V/1").stdout
    assert "V/1 of OP-V: no place on " in page
    assert "hold by DI E.: privilege [red]" in page
    assert code(queue(unit, "release", "V/1", "--why", "cleared")) == 0
    assert listed(unit) == before
    assert code(queue(unit, "release", "V/1", "--why", "cleared")) == 2


def test_bumped_ones_go_first_in_the_order_of_bump(
    unit: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = int(time.time())
    for second, exhibit in enumerate(("=cmd()", "X/2")):
        monkeypatch.setattr("triage.cli.commands.queue._now_s", lambda at_s=now_s + second: at_s)
        assert code(queue(unit, "bump", exhibit, "--why", "court tomorrow")) == 0
    rows = listed(unit)
    assert [one["exhibit"] for one in rows][:3] == ["=cmd()", "X/2", "V/1"]
    assert [one["bumped"] for one in rows][:3] == [True, True, False]
    assert "it was bumped earlier" in queue(unit, "why", "X/2").stdout
    assert code(queue(unit, "unbump", "=cmd()", "--why", "adjourned")) == 0
    assert [one["exhibit"] for one in listed(unit)][:2] == ["X/2", "V/1"]
    assert code(queue(unit, "unbump", "=cmd()", "--why", "adjourned")) == 2


@pytest.mark.parametrize("command", ["hold", "bump", "release", "unbump", "retry"])
def test_a_reason_is_needed(unit: Road, command: str) -> None:
    assert code(queue(unit, command, "V/1")) == 2
    assert code(queue(unit, command, "V/1", "--why", " ")) == 2
    assert listed(unit)[0]["exhibit"] == "V/1"


def test_a_hold_of_what_is_not_queued_or_in_work_says_from_when_it_counts(unit: Road) -> None:
    told = queue(unit, "hold", "W/1", "--why", "x")
    assert "stands at received: this counts once it is queued" in told.stderr
    take(unit, "V/1", None)
    told = queue(unit, "hold", "V/1", "--why", "x", "--by", "DI")
    assert "ws-04:77 is working at it now" in told.stderr
    row = next(one for one in listed(unit) if one["exhibit"] == "V/1")
    assert (row["state"], row["by"]) == ("being worked", "ws-04:77")
    assert row["why"] == "held from then on by DI: x"


def test_retry_takes_an_exhibit_out_of_those_set_aside(unit: Road) -> None:
    waiting = queue(unit, "retry", "V/1", "--why", "x")
    assert code(waiting) == 2
    take(unit, "V/1", AttemptEnd.FAILED)
    row = next(one for one in listed(unit) if one["exhibit"] == "V/1")
    assert (row["place"], row["state"]) == (None, "set aside")
    assert "segment 3 is missing" in row["why"]
    assert code(queue(unit, "retry", "V/1", "--why", "copied again", "--by", "DI")) == 0
    first = listed(unit)[0]
    assert (first["exhibit"], first["state"]) == ("V/1", "waiting")


def test_weights_are_shown_with_their_file_and_digest(unit: Road, tmp_path: Path) -> None:
    printed = unit.call("queue", "weights", "--print-default")
    assert printed.stdout_bytes == default_bytes()
    unit.home.mkdir(parents=True, exist_ok=True)
    text = default_bytes().replace(b"victim = 300", b"victim = 777")
    (unit.home / "queue.toml").write_bytes(text)
    told = json.loads(unit.call("queue", "weights", "--json").stdout)
    assert told["file"] == str(unit.home / "queue.toml")
    assert told["sha256"] == hashlib.sha256(text).hexdigest()
    assert told["points"]["owner"]["victim"] == 777
    page = unit.call("queue", "weights").stdout
    assert str(unit.home / "queue.toml") in page
    assert "777" in page
    assert listed(unit)[0]["points"] == 1088.4
    (unit.home / "queue.toml").write_bytes(text + b"\n[more]\n")
    for words in (("list",), ("why", "V/1")):
        wrong = queue(unit, *words)
        assert code(wrong) == 2
        assert "queue.toml: more: no such key" in str(wrong.exception)
    assert tmp_path.exists()


def test_json_and_csv_at_once_are_refused(unit: Road) -> None:
    assert code(queue(unit, "list", "--json", "--csv")) == 2


@pytest.mark.parametrize("width", [80, 120])
def test_in_a_terminal_no_line_of_usual_names_is_too_long(unit: Road, width: int) -> None:
    take(unit, "X/2", AttemptEnd.FAILED)
    queue(unit, "hold", "V/1", "--why", "long " * 60, "--by", "DI")
    now_s = int(time.time())
    with open_store(f"sqlite:///{unit.db}") as store:
        orders, ledger = Orders(store.connection), Ledger(store.connection)
        weights = load_weights()
        lines = queue_lines(
            ledger.entries(stages=QUEUE_STAGES),
            leases=orders.leases(),
            holds=orders.holds(),
            weights=weights,
            now_s=now_s,
        )
        found = list(queue_table(lines, now_s, width))
        for one in lines:
            told = orders.orders_of(one.entry.ledger_id)
            found += [
                words
                for words in why_lines(one, lines, told, weights, now_s=now_s, width=width)
                if not words.startswith(("Weights", "SHA-256"))
            ]
    assert max(map(len, found)) <= width
    assert all(line.isprintable() for line in found)
    assert sum("held by DI" in line for line in found) == 2


def test_a_name_of_thousands_of_letters_buries_no_other(unit: Road) -> None:
    facts = ExhibitFacts(
        case="C" * 9_000,
        exhibit="L/1",
        received_s=0,
        risk_band="B" * 9_000,
        device_type="D" * 9_000,
        image_path="/x",
    )
    with open_store(f"sqlite:///{unit.db}") as store:
        Ledger(store.connection).add(facts, stage=Stage.QUEUED, by="t", now_s=int(time.time()))
        store.commit()
    for command in ("queue", "exhibit"):
        found = unit.call(command, "list", "--db", unit.db)
        assert max(map(len, (found.stdout + found.stderr).splitlines())) < 400
    row = next(one for one in listed(unit) if one["exhibit"] == "L/1")
    assert (len(row["case"]), len(row["risk_band"])) == (9_000, 9_000)
