"""``triage user`` and ``triage audit``, as a person calls them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from road import Road, code
from triage.access.passwords import Cost, encode, verify
from triage.cli import newpassword
from triage.cli.app import cli
from triage.model.account import Account, Role
from triage.model.auditchain import Anchor
from triage.store.accounts import Accounts
from triage.store.anchors import NAME, add_anchor
from triage.store.audit import Audit
from triage.store.database import open_store
from triage.store.sessions import Sessions

GOOD = "seven green kettles"


CHEAP = Cost(passes=1, memory_kib=8, lanes=1)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encode at a cost that tests can afford; the usual one is tested elsewhere."""
    monkeypatch.setattr(newpassword, "encode", partial(encode, cost=CHEAP))


def call(road: Road, *words: str | Path) -> Any:
    return road.call(*words, "--db", road.db)


def add(road: Road, name: str, *more: str, password: str = GOOD) -> Any:
    file = road.home / "password.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(password.encode() + b"\r\nnot this\n")
    words = ("--shown", f"{name} Shown", "--password-file", file, "--by", "root")
    return call(road, "user", "add", name, *words, *(more or ("--role", "administrator")))


def account(road: Road, name: str) -> tuple[Account, str]:
    with open_store(road.database) as store:
        accounts = Accounts(store.connection)
        found = accounts.by_name(name)
        assert found is not None
        return found, accounts.password_of(found.user_id)


def actions(road: Road) -> list[tuple[str, str, dict[str, str]]]:
    done = call(road, "audit", "list", "--json", "--limit", "1000")
    assert code(done) == 0, done.output
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["number"] for one in rows] == list(range(1, len(rows) + 1))
    return [(one["action"], one["by"], dict(one["detail"])) for one in rows]


def test_the_first_administrator_keeps_the_password_and_others_change_it(road: Road) -> None:
    assert code(add(road, "A.Admin")) == 0
    first, encoded = account(road, "a.admin")
    assert first.roles == {Role.ADMINISTRATOR}
    assert verify(encoded, GOOD, cost=CHEAP) == (True, None)
    assert not first.must_change
    done = add(road, "e.ex", "--role", "examiner", "--role", "officer", "--team", "North")
    assert code(done) == 0
    assert "has to be changed" in done.stderr
    assert account(road, "e.ex")[0].must_change
    assert code(add(road, "E.EX")) == 2
    listed = json.loads(call(road, "user", "list", "--json").stdout)
    assert [(one["name"], one["roles"], one["team"], one["state"]) for one in listed] == [
        ("a.admin", ["administrator"], "", "active"),
        ("e.ex", ["examiner", "officer"], "North", "password to be changed"),
    ]
    assert "e.ex Shown" in call(road, "user", "list").stdout
    assert actions(road) == [
        ("account-added", "root", {"account": "a.admin", "roles": "administrator"}),
        (
            "account-added",
            "root",
            {"account": "e.ex", "roles": "examiner, officer", "team": "North"},
        ),
    ]


def test_a_password_is_asked_for_twice_and_not_shown(road: Road) -> None:
    words = ["user", "add", "a.a", "--shown", "A", "--role", "administrator", "--db", str(road.db)]
    done = CliRunner().invoke(cli, words, input=f"{GOOD}\n{GOOD}\n")
    assert done.exit_code == 0, done.output
    assert GOOD not in done.output
    assert verify(account(road, "a.a")[1], GOOD, cost=CHEAP)[0]
    assert "--password " not in CliRunner().invoke(cli, ["user", "add", "--help"]).output


@pytest.mark.parametrize("password", ["", "short", "a.admin-2026!", "Password2026!", "a" * 2000])
def test_a_password_that_is_easy_to_guess_is_refused_and_nothing_made(
    road: Road, password: str
) -> None:
    done = add(road, "a.admin", password=password)
    assert code(done) == 2
    assert not password or password not in done.output
    assert not road.db.exists()


def test_changes_are_made_and_written_down_and_sessions_end(road: Road) -> None:
    add(road, "a.admin")
    add(road, "e.ex", "--role", "examiner")
    with open_store(road.database) as store:
        user_id = account(road, "e.ex")[0].user_id
        Accounts(store.connection).failed(user_id, failures=5, locked_until_s=1 << 40)
        for nth in range(2):
            Sessions(store.connection).begin(
                user_id, token_sha256=bytes([nth]) * 32, csrf="c", how="password",
                now_s=1, expires_s=1 << 40,
            )  # fmt: skip
        store.commit()

    def sessions() -> int:
        with open_store(road.database) as store:
            return len(Sessions(store.connection).of(user_id, 1))

    assert code(call(road, "user", "roles", "E.ex", "--role", "manager")) == 0
    assert account(road, "e.ex")[0].roles == {Role.MANAGER}
    assert code(call(road, "user", "unlock", "e.ex")) == 0
    assert account(road, "e.ex")[0].locked_until_s == -1
    assert sessions() == 2
    other = road.home / "other.txt"
    other.write_text("eight blue saucers")
    assert code(call(road, "user", "password", "e.ex", "--password-file", other)) == 0
    assert sessions() == 0
    assert verify(account(road, "e.ex")[1], "eight blue saucers", cost=CHEAP)[0]
    assert code(call(road, "user", "disable", "e.ex", "--why", "left")) == 0
    assert not account(road, "e.ex")[0].active
    assert code(call(road, "user", "enable", "e.ex")) == 0
    assert account(road, "e.ex")[0].active
    assert code(call(road, "user", "disable", "nobody", "--why", "left")) == 2
    done = call(road, "user", "disable", "a.admin", "--why", "left")
    assert "no administrator is left" in done.stderr
    told = actions(road)[2:]
    assert [action for action, _, _ in told] == [
        *("account-changed", "account-changed", "password-changed"),
        *("account-changed", "account-changed", "account-changed"),
    ]
    assert told[0][2] == {"account": "e.ex", "roles": "manager", "before": "examiner"}
    assert told[3][2] == {"account": "e.ex", "active": "no", "why": "left"}
    assert code(call(road, "audit", "verify")) == 0


def test_who_signs_in_elsewhere_has_no_password_here(road: Road) -> None:
    facts = ("--issuer", "https://force.example", "--subject", "S1")
    assert code(add(road, "o.off", "--role", "officer", *facts)) == 0
    found, encoded = account(road, "o.off")
    assert (found.local, encoded, found.issuer, found.subject) == (False, "", *facts[1::2])
    file = road.home / "password.txt"
    assert code(call(road, "user", "password", "o.off", "--password-file", file)) == 2
    assert code(add(road, "p.off", "--role", "officer", *facts[:2])) == 2


def test_verify_names_the_row_that_was_changed_and_what_was_cut_off(road: Road) -> None:
    for nth in range(4):
        add(road, f"user{nth}")
    noted = call(road, "audit", "head").stdout.strip()
    assert noted.startswith("4:")
    whole = call(road, "audit", "verify", "--noted", noted)
    assert code(whole) == 0
    assert "agreeing up to row 4" in whole.stdout
    with open_store(road.database) as store:
        head = Audit(store.connection).head()
    assert head is not None
    assert noted == f"4:{head.link.hex()}"
    with contextlib.closing(sqlite3.connect(road.db)) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("DROP TRIGGER audit_no_delete")
        connection.execute("UPDATE audit SET by = char(27) || '[31m' WHERE number = 2")
        connection.execute("DELETE FROM audit WHERE number = 4")
        connection.commit()
    done = call(road, "audit", "verify", "--noted", noted)
    assert code(done) == 3
    assert "row 2: changed" in done.stdout
    assert "row 4: cut-off" in done.stdout
    told = json.loads(call(road, "audit", "verify", "--json").stdout)
    assert [(one["number"], one["kind"]) for one in told["faults"]] == [(2, "changed")]
    add_anchor(road.home / NAME, Anchor(number=4, link=head.link, at_s=1_795_000_000))
    done = call(road, "audit", "verify")
    assert "row 4: cut-off" in done.stdout
    assert "\x1b" not in call(road, "audit", "list").stdout
    (road.home / NAME).write_text("4 " + "zz" * 32)
    assert code(call(road, "audit", "verify")) == 6
    assert code(call(road, "audit", "verify", "--noted", "4")) == 2
    assert code(call(road, "audit", "verify", "--anchors", road.home / "none.txt")) == 2


def test_lists_are_filtered_and_safe_for_a_spreadsheet(road: Road) -> None:
    add(road, "a.admin")
    call(road, "user", "disable", "a.admin", "--why", '=cmd|" /C calc"!A0\n', "--by", "=1+1")
    done = call(road, "audit", "list", "--csv", "--by", "=1+1")
    (row,) = csv.DictReader(io.StringIO(done.stdout_bytes.decode("utf-8-sig")))
    assert row["by"].lstrip("'") == "=1+1"
    assert row["by"] != "=1+1"
    assert "\n" not in row["detail"]
    for words, rows in (
        (("--action", "account-added"), 1),
        (("--since", "2999-01-01"), 0),
        (("--since", "2026-01-01"), 2),
        (("--limit", "1"), 1),
        (("--case", "OP-X"), 0),
    ):
        found = call(road, "audit", "list", "--json", *words)
        assert len(found.stdout.splitlines()) == rows, words
    assert code(call(road, "audit", "list", "--since", "yesterday")) == 2
    assert code(call(road, "audit", "list", "--csv", "--json")) == 2
