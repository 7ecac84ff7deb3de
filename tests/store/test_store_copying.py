"""A copy of a database has all of it, as other programs read it, or the target stays empty."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from postgresql import PASSWORD
from triage.errors import StoreError, TriageError, UsageFault
from triage.model.event import Event, Notice, Progress, Stage
from triage.store.about import describe, upgrade_database
from triage.store.copying import Copied, copy_database
from triage.store.database import connected, open_store
from triage.store.tables import RawName, Words, cases, metadata, runs

VERSION_4 = Path(__file__).parent / "version4.sql"
IDS = (3, 70, 900)
ODD: dict[type, tuple[object, ...]] = {
    Words: ("", "caf\u00e9 \U0001f600 \\x00 \udcff", "\x1b[31m[red]\n=cmd()'\"\t\\N %s\r\x7f"),
    RawName: ("/a\udcff\udc80b", "../\x1b[2J\n", ""),
    sa.LargeBinary: (bytes(range(256)), b"\\N\t\n\r\\x41", b""),
    sa.Integer: (-1, 2**31 - 1, 0),
    sa.BigInteger: (2**62, -(2**63), 0),
    sa.Float: (0.1, 5e-324, -0.0),
    sa.Boolean: (False, True, False),
}
"""Values of each kind of column, the worst that it may have."""


def value(column: sa.Column[Any], nth: int) -> object:
    if column.name == "container_id":
        return IDS[nth - 1] if nth else None
    if column.foreign_keys or column.name == "id":
        return IDS[nth]
    if column.nullable and nth == 1:
        return None
    (found,) = [odd[nth] for kind, odd in ODD.items() if type(column.type) is kind]
    return found


def filled(path: Path) -> str:
    """Give a file with three rows in every table, of the oddest values that each may have."""
    return fill(f"sqlite:///{path}")


def fill(url: str) -> str:
    with open_store(url, create=True) as store:
        for table in metadata.sorted_tables:
            rows = [{one.name: value(one, nth) for one in table.columns} for nth in range(3)]
            store.connection.execute(table.insert(), rows)
        store.commit()
    return url


def run(url: str, statement: str) -> None:
    with connected(url) as (connection, _):
        connection.exec_driver_sql(statement)
        connection.commit()


def content(path: Path) -> dict[str, list[str]]:
    """Give the rows of every table and what made it, as SQLite's own driver reads the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        told = {"": [repr(row) for row in made]}
        for table in metadata.tables:
            rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608  (our own names)
            told[table] = sorted(map(repr, rows))
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return told


def quiet(_event: Event) -> None:
    """Take what is told and leave it."""


def refused(
    kind: type[TriageError], source: str, target: str, tell: Callable[[Event], None] = quiet
) -> TriageError:
    """Give the words that a copy is refused with, which leave no password behind."""
    with pytest.raises(kind) as caught:
        copy_database(source, target, tell)
    assert PASSWORD not in caught.value.message + caught.value.hint
    return caught.value


def is_empty(url: str) -> bool:
    return not any(count for _, count in describe(url).rows)


def test_from_a_file_to_a_server_and_back_every_row_is_what_it_was(
    tmp_path: Path, postgresql_url: str
) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "new" / "second.sqlite"
    source = filled(first)
    octets = hashlib.sha256(first.read_bytes()).digest()
    there = copy_database(source, postgresql_url, quiet)
    back = copy_database(postgresql_url, f"sqlite:///{second}", quiet)
    assert content(first) == content(second)
    assert there.tables == back.tables
    assert {one.name: one.rows for one in there.tables} == dict.fromkeys(metadata.tables, 3)
    assert hashlib.sha256(first.read_bytes()).digest() == octets
    assert PASSWORD not in repr((there, back))


def test_from_a_file_to_a_file(tmp_path: Path) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    source = filled(first)
    upgrade_database_of(target := f"sqlite:///{second}")
    copied = copy_database(source, target, quiet)
    assert content(first) == content(second)
    assert {one.name: one.sha256 for one in copied.tables}.keys() == metadata.tables.keys()


def upgrade_database_of(url: str) -> None:
    with open_store(url, create=True):
        pass


def test_a_server_counts_on_and_keeps_what_is_appended(tmp_path: Path, postgresql_url: str) -> None:
    upgrade_database(postgresql_url)
    copy_database(filled(tmp_path / "first.sqlite"), postgresql_url, quiet)
    with connected(postgresql_url) as (connection, _):
        for table in metadata.sorted_tables:
            if table.autoincrement_column is None:
                continue
            asked = f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id'))"
            assert connection.exec_driver_sql(asked).scalar() == IDS[-1] + 1, table.name
        found = {
            (table.name, one["name"])
            for table in metadata.sorted_tables
            for one in sa.inspect(connection).get_indexes(table.name)
        }
        wanted = {(one.name, index.name) for one in metadata.sorted_tables for index in one.indexes}
        assert found >= wanted
    with pytest.raises(StoreError, match="votes is appended to only"):
        run(postgresql_url, "UPDATE votes SET why = ''")


def test_what_only_a_file_can_hold_arrives_as_it_is_written_elsewhere(
    tmp_path: Path, postgresql_url: str
) -> None:
    path = tmp_path / "first.sqlite"
    source = filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE runs SET tool_version = 'a' || char(0) || 'b' WHERE id = 3")
        connection.execute("UPDATE entries SET extents = '' WHERE id = 3")
        connection.commit()
    copy_database(source, postgresql_url, quiet)
    with connected(postgresql_url) as (connection, _):
        asked = sa.select(runs.c.tool_version).where(runs.c.id == 3)
        assert connection.execute(asked).scalar_one() == "a\\x00b"
        query = "SELECT extents FROM entries WHERE id = 3"
        assert connection.exec_driver_sql(query).scalar_one() == b""


def test_progress_comes_to_its_end(tmp_path: Path) -> None:
    told: list[Event] = []
    target = f"sqlite:///{tmp_path / 'second.sqlite'}"
    copied: Copied = copy_database(filled(tmp_path / "first.sqlite"), target, told.append)
    rows = sum(one.rows for one in copied.tables)
    last = {one.stage: one for one in told if isinstance(one, Progress)}
    assert (last[Stage.COPYING].done, last[Stage.COPYING].total) == (rows, rows)
    assert (last[Stage.COMPARING].done, last[Stage.COMPARING].total) == (2 * rows, 2 * rows)


def test_more_rows_than_a_page_keep_their_containers(tmp_path: Path, postgresql_url: str) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    source = filled(first)
    run(
        source,
        "WITH RECURSIVE n(i) AS (SELECT 901 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO entries SELECT i, 3, 3, CASE WHEN i % 2 THEN i - 1 END, 0, "
        "CAST(printf('%016d', i) AS BLOB), x'2f', x'', i, i, 0, 0, 'file', 'live', i, NULL, NULL, "
        "NULL, NULL, 0, -1, x'', 0, '', 'pending', '', '', NULL, 0, '', '', NULL FROM n",
    )
    copy_database(source, postgresql_url, quiet)
    copy_database(postgresql_url, f"sqlite:///{second}", quiet)
    assert len(content(second)["entries"]) == 2103
    assert content(first) == content(second)


def test_a_copy_that_fails_in_the_middle_leaves_a_server_as_empty_as_it_was(
    tmp_path: Path, postgresql_url: str
) -> None:
    source = filled(tmp_path / "first.sqlite")
    run(source, "UPDATE contents SET width = 1099511627776")
    assert "out of range" in refused(StoreError, source, postgresql_url).message
    with connected(postgresql_url) as (connection, _):
        assert sa.inspect(connection).get_table_names() == []
    run(source, "UPDATE contents SET width = 1")
    copy_database(source, postgresql_url, quiet)


def test_a_copy_that_fails_in_the_end_leaves_a_file_as_empty_as_it_was(tmp_path: Path) -> None:
    path, target = tmp_path / "first.sqlite", f"sqlite:///{tmp_path / 'second.sqlite'}"
    source = filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:  # asks for no foreign keys
        connection.execute("UPDATE volumes SET evidence_id = 12345 WHERE id = 3")
        connection.commit()
    assert "FOREIGN KEY" in refused(StoreError, source, target).message
    assert describe(target).version == ""
    with open_store(target, create=True) as store:
        assert store.case_names() == ()


def test_what_is_read_back_otherwise_is_not_kept(tmp_path: Path) -> None:
    source, target = filled(tmp_path / "a.sqlite"), f"sqlite:///{tmp_path / 'second.sqlite'}"
    upgrade_database_of(target)
    run(
        target,
        "CREATE TRIGGER other AFTER INSERT ON evidence WHEN new.id = 70 "
        "BEGIN UPDATE evidence SET name = x'00' WHERE id = 70; END",
    )
    message = refused(StoreError, source, target).message
    assert "evidence (3 rows, 3 read back)" in message
    assert "entries" not in message
    assert is_empty(target)


def test_who_writes_meanwhile_is_noticed(tmp_path: Path, store_url: str) -> None:
    source, target = fill(store_url), f"sqlite:///{tmp_path / 'second.sqlite'}"

    def tell(event: Event) -> None:
        if isinstance(event, Progress) and event.stage is Stage.COMPARING and event.done == 3:
            run(source, "UPDATE runs SET workers = 9")

    assert refused(StoreError, source, target, tell).message.endswith("meanwhile: runs")
    assert is_empty(target)


def test_a_lease_that_is_held_forbids_it_and_a_run_that_is_open_is_named(tmp_path: Path) -> None:
    source, target = filled(tmp_path / "a.sqlite"), tmp_path / "second.sqlite"
    run(source, "UPDATE leases SET state = 'leased', holder = char(27) || 'ann 1'")
    message = refused(UsageFault, source, f"sqlite:///{target}").message
    assert "\\x1bann 1 works at" in message
    assert "2 more" in message
    assert not target.exists()
    run(source, "UPDATE leases SET state = 'free'")
    run(source, "UPDATE runs SET state = 'running' WHERE id = 70")
    told: list[Event] = []
    copy_database(source, f"sqlite:///{target}", told.append)
    assert sum(isinstance(one, Notice) and "did not end" in one.text for one in told) == 1


def test_a_target_with_anything_in_it_is_refused(tmp_path: Path, store_url: str) -> None:
    source = filled(tmp_path / "first.sqlite")
    with open_store(store_url, create=True) as store:
        store.connection.execute(cases.insert(), {"reference": "mine"})
        store.commit()
    assert "not empty: look at cases" in refused(UsageFault, source, store_url).message
    refused(UsageFault, source, source)
    with open_store(store_url) as store:
        assert store.case_names() == ("mine",)
    run(store_url, "CREATE TABLE another (id INTEGER)")
    assert "not those of this triage" in refused(UsageFault, source, store_url).message


def test_a_source_of_another_version_or_without_anything_is_refused(tmp_path: Path) -> None:
    path, target = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_4.read_text("utf-8"))
    source = f"sqlite:///{path}"
    assert "database upgrade" in refused(StoreError, source, f"sqlite:///{target}").hint
    assert describe(source).version == "0004"
    refused(StoreError, f"sqlite:///{tmp_path / 'none.sqlite'}", f"sqlite:///{target}")
    (tmp_path / "empty.sqlite").touch()
    refused(UsageFault, f"sqlite:///{tmp_path / 'empty.sqlite'}", f"sqlite:///{target}")
    assert not target.exists()


def test_tables_of_others_are_named_and_left(tmp_path: Path) -> None:
    source = filled(tmp_path / "first.sqlite")
    run(source, 'CREATE TABLE "a""b;" (id INTEGER)')
    copied = copy_database(source, f"sqlite:///{tmp_path / 'second.sqlite'}", quiet)
    assert copied.left_out == ('a"b;',)
