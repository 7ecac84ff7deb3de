"""``triage database``: what is shown, what is changed, and what is never printed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

from postgresql import PASSWORD
from road import Road, code
from triage.store.database import connected, open_store
from triage.store.migrations import migrate

VERSION_4 = Path(__file__).parents[1] / "store" / "version4.sql"


def written_before(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_4.read_text("utf-8"))


def test_a_file_of_before_is_shown_as_it_is_and_then_upgraded(road: Road) -> None:
    written_before(road.db)
    shown = road.call("database", "show", "--db", str(road.db), "--json")
    facts = json.loads(shown.stdout)
    assert (facts["version"], facts["newest"]) == ("0004", "0008")
    assert facts["server"] == f"SQLite {sqlite3.sqlite_version}"
    assert facts["rows"]["entries"] == 7
    assert facts["size_bytes"] >= road.db.stat().st_size
    assert "works with 0008" in road.call("database", "show", "--db", str(road.db)).stdout
    done = road.call("database", "upgrade", "--db", str(road.db), "--json")
    assert json.loads(done.stdout) == {
        "url": f"sqlite:///{road.db}",
        "from": "0004",
        "to": "0008",
    }
    again = road.call("database", "upgrade", "--db", str(road.db))
    assert "0008 already" in again.stdout
    assert len(road.files()) == 7


def test_a_shared_database_is_upgraded_when_a_person_says_so(
    road: Road, postgresql_url: str
) -> None:
    with connected(postgresql_url) as (connection, _):
        migrate(connection, "0004")
        connection.commit()
    refused = road.call("files", "--case", "OP-X", "--db", postgresql_url)
    assert code(refused) == 6
    done = road.call("database", "upgrade", "--db", postgresql_url)
    assert (code(done), "from version 0004 to 0008" in done.stdout) == (0, True)
    shown = road.call("database", "show", "--db", postgresql_url)
    assert "PostgreSQL" in shown.stdout
    assert "0008" in shown.stdout
    assert PASSWORD not in done.output + shown.output


def test_an_empty_database_is_made_ready(road: Road, postgresql_url: str) -> None:
    shown = road.call("database", "show", "--db", postgresql_url)
    assert "nothing in it yet" in shown.stdout
    assert "made, version 0008" in road.call("database", "upgrade", "--db", postgresql_url).stdout
    with open_store(postgresql_url) as store:
        assert store.case_names() == ()


def test_what_is_not_there_is_an_error_of_the_database(road: Road) -> None:
    for command in ("show", "upgrade"):
        done = road.call("database", command, "--db", str(road.db))
        assert code(done) == 6
    assert not road.db.exists()
