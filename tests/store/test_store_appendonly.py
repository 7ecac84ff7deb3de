"""The database itself keeps what is appended: no statement changes or deletes a row of it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from triage.errors import StoreError
from triage.store import tables
from triage.store.about import upgrade_database
from triage.store.accounttables import audit, sessions, settings, teams, users
from triage.store.benchtables import APPENDED as BENCH_APPENDED
from triage.store.benchtables import uploads
from triage.store.database import Stores, connected, open_store
from triage.store.ledgertables import APPENDED, ledger
from triage.store.migrations import migrate
from triage.store.tables import RawName
from triage.store.votetables import VOTE_TABLES

NEEDED = (ledger, tables.cases, teams, users, sessions, uploads)
KEPT = (*APPENDED, *VOTE_TABLES, settings, audit, *BENCH_APPENDED)
"""Every table that is appended to only, after those that their rows refer to."""


@pytest.fixture(params=["made at once", "brought up to date"])
def appended_url(request: pytest.FixtureRequest, store_url: str) -> str:
    """Give a database with one row in each of the tables."""
    if request.param == "brought up to date":
        with connected(store_url, create=True) as (connection, _):
            migrate(connection, "0004")
            connection.commit()
        upgrade_database(store_url)
    with open_store(store_url, create=True) as store:
        for table in (*NEEDED, *KEPT):
            values = {column.name: _value(column) for column in table.columns}
            store.connection.execute(table.insert().values(values | _fitting(table)))
        store.commit()
    return store_url


def _value(column: sa.Column[Any]) -> object:
    if isinstance(column.type, RawName):
        return "/a"
    if isinstance(column.type, sa.LargeBinary):
        return bytes(32)
    return "2026-11-22" if isinstance(column.type, sa.types.TypeDecorator) else 1


def _fitting(table: sa.Table) -> dict[str, object]:
    if table.name == "votes":
        return {"through": None}
    if table in (users, teams):
        return {} if table is teams else {"must_change": True, "active": True}
    return {"outsourced": True, "image_path": "a.E01"} if table is ledger else {}


def test_what_is_appended_stays_as_it_was(appended_url: str) -> None:
    assert {one.name for one in KEPT} == {
        "stage_changes",
        "fact_changes",
        "queue_orders",
        "night_lines",
        "counts",
        "vote_sources",
        "votes",
        "settings",
        "audit",
        "submissions",
        "lifts",
        "allowances",
        "skips",
        "notes",
        "dip_samples",
        "dip_contents",
    }
    stores = Stores(appended_url)
    for one in KEPT:
        table, key = one.name, next(iter(one.primary_key.columns)).name
        last = "TRUNCATE {0} CASCADE"
        if not appended_url.startswith("postgresql"):
            last = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
        for statement in ("UPDATE {0} SET {1} = 7", "DELETE FROM {0}", last):
            with pytest.raises(StoreError, match=f"{table} is appended to only"):
                run(stores, statement.format(table, key))
        assert run(stores, f"SELECT {key} FROM {table}") == [(1,)]  # noqa: S608  (our own names)
    stores.close()


def run(stores: Stores, statement: str) -> list[tuple[object, ...]]:
    with stores.open() as store:
        answer = store.connection.exec_driver_sql(statement)
        store.commit()
        return [tuple(row) for row in answer] if answer.returns_rows else []
