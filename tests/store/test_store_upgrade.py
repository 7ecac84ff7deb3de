from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from triage.errors import StoreError
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
    assert told(old, "SELECT version_num FROM alembic_version") == [("0008",)]


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


@pytest.mark.parametrize("version", [2, 3, 4])
def test_cases_of_later_versions_are_read_as_they_were_written(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "cases.sqlite"
    written = Path(__file__).with_name(f"version{version}.sql").read_text("utf-8")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(written)
    rows = told(path, "SELECT path, state, size_bytes, sha256 FROM entries ORDER BY path")
    pending = told(path, "SELECT id FROM entries WHERE state = 'pending'")
    with open_store(f"sqlite:///{path}") as store:
        assert [(one.entry.ref.path, one.entry.size_bytes) for one in store.records("OP-X")] == [
            (name, size) for name, _, size, _ in rows
        ]
        assert sorted((one,) for one in store.in_hand(1)) == pending
    assert told(path, "SELECT path, state, size_bytes, sha256 FROM entries ORDER BY path") == rows
    assert told(path, "SELECT version_num FROM alembic_version") == [("0008",)]
    assert told(path, "SELECT name FROM sqlite_master WHERE name = 'schema_version'") == []


def test_an_upgrade_that_fails_changes_nothing(old: Path) -> None:
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE VIEW ledger AS SELECT 1 AS id")
        connection.commit()
        before = list(connection.iterdump())
    with pytest.raises(StoreError), open_store(f"sqlite:///{old}"):
        pytest.fail("it opened")
    with contextlib.closing(sqlite3.connect(old)) as connection:
        assert list(connection.iterdump()) == before


def test_an_upgrade_that_was_cut_off_is_made_good(old: Path) -> None:
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.execute("ALTER TABLE entries ADD COLUMN extents BLOB DEFAULT '' NOT NULL")
        connection.execute("DROP INDEX entries_by_content")
        connection.commit()
    with open_store(f"sqlite:///{old}") as store:
        assert len(list(store.records("OP-X"))) == 14
    assert told(old, "SELECT version_num FROM alembic_version") == [("0008",)]
