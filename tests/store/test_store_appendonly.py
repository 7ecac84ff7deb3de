"""The database itself keeps what is appended: no statement changes or deletes a row of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from triage.errors import StoreError
from triage.store import tables
from triage.store.about import upgrade_database
from triage.store.database import connected, open_store
from triage.store.ledgertables import APPENDED, ledger
from triage.store.migrations import migrate
from triage.store.votetables import VOTE_TABLES


@pytest.fixture(params=["made at once", "brought up to date"])
def appended_url(request: pytest.FixtureRequest, store_url: str) -> str:
    """Give a database with one row in each of the tables."""
    if request.param == "brought up to date":
        with connected(store_url, create=True) as (connection, _):
            migrate(connection, "0004")
            connection.commit()
        upgrade_database(store_url)
    with open_store(store_url, create=True) as store:
        for table in (ledger, tables.cases, *APPENDED, *VOTE_TABLES):
            values = {
                column.name: "2026-11-22" if isinstance(column.type, sa.types.TypeDecorator) else 1
                for column in table.columns
            }
            store.connection.execute(table.insert().values(values | _fitting(table)))
        store.commit()
    return store_url


def _fitting(table: sa.Table) -> dict[str, object]:
    if table.name == "votes":
        return {"sha256": bytes(32), "through": None}
    return {"outsourced": True, "image_path": "a.E01"} if table is ledger else {}


def test_what_is_appended_stays_as_it_was(appended_url: str) -> None:
    kept = (*APPENDED, *VOTE_TABLES)
    assert {one.name for one in kept} == {
        "stage_changes",
        "fact_changes",
        "queue_orders",
        "night_lines",
        "counts",
        "vote_sources",
        "votes",
    }
    for table in (one.name for one in kept):
        last = "TRUNCATE {0} CASCADE"
        if not appended_url.startswith("postgresql"):
            last = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
        for statement in ("UPDATE {0} SET id = 7", "DELETE FROM {0}", last):
            with pytest.raises(StoreError, match=f"{table} is appended to only"):
                run(appended_url, statement.format(table))
        assert run(appended_url, f"SELECT id FROM {table}") == [(1,)]  # noqa: S608  (our own names)


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    with open_store(url) as store:
        answer = store.connection.exec_driver_sql(statement)
        store.commit()
        return [tuple(row) for row in answer] if answer.returns_rows else []
