from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from triage.model.outcome import Done
from triage.store.database import open_store

VERSION_1 = Path(__file__).with_name("version1.sql")
"""What version 1 wrote of a CD of which two files were still to be read, by ``iterdump``."""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "cases.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text("utf-8"))
    return path


def told(path: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_a_case_of_version_1_is_read_as_it_was_written(old: Path) -> None:
    before = told(old, "SELECT path, size_bytes, state, sha256 FROM entries ORDER BY path")
    with open_store(f"sqlite:///{old}") as store:
        records = list(store.records("OP-X"))
        found = [
            (record.entry.ref.path, record.entry.size_bytes, type(record.outcome).__name__)
            for record in records
        ]
        digests = [
            record.outcome.digests.sha256 if isinstance(record.outcome, Done) else None
            for record in records
        ]
        assert all(record.entry.extents == () for record in records)
    names = {"digested": "Done", "skipped": "Skipped", "pending": "NoneType"}
    assert found == [(path, size, names[str(state)]) for path, size, state, _ in before]
    assert digests == [sha256 for *_, sha256 in before]
    assert told(old, "SELECT version_num FROM alembic_version") == [("0005",)]


def test_a_run_of_version_1_goes_on(old: Path) -> None:
    pending = told(old, "SELECT id FROM entries WHERE state = 'pending' ORDER BY id")
    with open_store(f"sqlite:///{old}", create=True) as store:
        pages = list(store.waiting(1))
        assert sorted((one.entry_id,) for page in pages for one in page) == pending
        assert all(one.entry.extents == () for page in pages for one in page)


def test_what_version_2_had_in_hand_is_told(old: Path) -> None:
    pending = told(old, "SELECT id FROM entries WHERE state = 'pending' ORDER BY id")
    assert pending
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE entries SET in_hand = 1 WHERE state <> 'skipped'")
        connection.commit()
    with open_store(f"sqlite:///{old}", create=True) as store:
        assert sorted((one,) for one in store.in_hand(1)) == pending
        store.mark_in_hand(1, ())
        assert store.in_hand(1) == frozenset()


def schema(path: Path) -> dict[str, set[tuple[object, ...]]]:
    tables = [str(name) for (name,) in told(path, "SELECT name FROM sqlite_master")]
    found = {
        name: {row[1:3] for row in told(path, f"PRAGMA table_info({name})")} for name in tables
    }
    indexes = told(path, "SELECT name, sql FROM sqlite_master WHERE type = 'index'")
    return {**found, "indexes": {(name, str(sql).replace("\n", " ")) for name, sql in indexes}}


def test_an_upgraded_case_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{old}"):
        pass
    with open_store(f"sqlite:///{tmp_path / 'new.sqlite'}", create=True) as store:
        store.commit()
    assert schema(old) == schema(tmp_path / "new.sqlite")


def test_an_upgrade_that_was_cut_off_is_made_good(old: Path) -> None:
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("ALTER TABLE entries ADD COLUMN extents BLOB DEFAULT '' NOT NULL")
        connection.execute("DROP INDEX entries_by_content")
        connection.commit()
    with open_store(f"sqlite:///{old}") as store:
        assert len(list(store.records("OP-X"))) == 14
    assert told(old, "SELECT version_num FROM alembic_version") == [("0005",)]
