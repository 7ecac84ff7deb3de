"""Whatever version tables come from, they end up as those of a new database, on both servers."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from postgresql import PostgresServer
from triage.errors import StoreError
from triage.store import upgrade
from triage.store.about import describe, upgrade_database
from triage.store.database import connected, open_store
from triage.store.ledgertables import ledger

VERSIONS = ("0001", "0002", "0003", "0004", "0005")


@contextmanager
def changing(url: str) -> Iterator[sa.Connection]:
    with connected(url, create=True) as (connection, _):
        yield connection
        connection.commit()


def of_version(url: str, revision: str, *, own: bool = False) -> None:
    """Make the tables of an earlier version; ``own`` with the mark of before Alembic."""
    from triage.store.migrations import migrate  # noqa: PLC0415  (imports Alembic)

    with changing(url) as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(connection, revision)
        if own:
            connection.exec_driver_sql("DROP TABLE alembic_version")
            connection.exec_driver_sql(
                "CREATE TABLE schema_version AS SELECT " + str(int(revision)) + " AS version"
            )


_POSTGRESQL = """
SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public';
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public';
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal;
SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
_SQLITE = """
SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = 'table';
SELECT name, replace(sql, char(10), ' ') FROM sqlite_master WHERE type <> 'table';
SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master AS t
    JOIN pragma_table_xinfo(t.name) AS c WHERE t.type = 'table';
SELECT t.name, f."from", f."table", f."to" FROM sqlite_master AS t
    JOIN pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'
"""


def catalog(url: str) -> set[str]:
    """Give what the server itself says of its tables, without the order of columns."""
    with changing(url) as connection:
        queries = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
        return {
            str(tuple(row)) for one in queries.split(";") for row in connection.exec_driver_sql(one)
        }


@pytest.fixture
def new_catalog(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> set[str]:
    """Give the catalog of a database that was made at once, on the server of ``store_url``."""
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    if store_url.startswith("postgresql"):
        server: PostgresServer = request.getfixturevalue("postgresql_server")
        url = server.fresh()
    with open_store(url, create=True):
        pass
    return catalog(url)


def differences(url: str) -> list[object]:
    """Give what Alembic itself would change to reach the tables of the program."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  (half a second)
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with changing(url) as connection, warnings.catch_warnings():
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, ledger.metadata))


def refused(url: str, words: str, *, create: bool) -> StoreError:
    with pytest.raises(StoreError, match=words) as caught, open_store(url, create=create):
        pytest.fail("it opened")
    return caught.value


def test_a_new_database_is_what_the_migrations_lead_to(
    store_url: str, new_catalog: set[str]
) -> None:
    of_version(store_url, upgrade.NEWEST)
    assert catalog(store_url) == new_catalog
    assert differences(store_url) == []
    assert describe(store_url).version == upgrade.NEWEST


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("revision", VERSIONS)
def test_each_earlier_version_is_brought_to_this_one(
    store_url: str, new_catalog: set[str], revision: str, *, own: bool
) -> None:
    of_version(store_url, revision, own=own)
    with changing(store_url) as connection:
        connection.exec_driver_sql("INSERT INTO cases (reference) VALUES ('OP-OLD')")
    shown, before, after = upgrade_database(store_url)
    assert (before, after) == (revision, upgrade.NEWEST)
    assert "s3cret" not in shown
    assert catalog(store_url) == new_catalog
    assert differences(store_url) == []
    with open_store(store_url) as store:
        assert store.case_names() == ("OP-OLD",)
    assert upgrade_database(store_url)[1:] == (upgrade.NEWEST, upgrade.NEWEST)


def test_a_shared_database_is_not_changed_in_passing(postgresql_url: str) -> None:
    of_version(postgresql_url, "0004")
    for create in (False, True):
        error = refused(postgresql_url, "0004.*0008", create=create)
        assert "triage database upgrade" in error.hint
    assert describe(postgresql_url).version == "0004"
    upgrade_database(postgresql_url)
    with open_store(postgresql_url):
        pass


def test_a_newer_database_is_refused_with_both_versions(store_url: str) -> None:
    with open_store(store_url, create=True):
        pass
    with changing(store_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0009'")
    refused(store_url, "0009.*0008", create=True)
    with pytest.raises(StoreError, match=r"0009.*0008"):
        upgrade_database(store_url)
    assert describe(store_url).version == "0009"


def test_nothing_is_made_where_it_was_not_asked_for(postgresql_url: str) -> None:
    assert "triage run" in refused(postgresql_url, "not a case database", create=False).hint
    assert describe(postgresql_url).rows == ()
    assert upgrade_database(postgresql_url)[1:] == ("", upgrade.NEWEST)


@pytest.mark.parametrize("tables", [("moz_places",), ("alembic_version",), ("schema_version",)])
def test_tables_of_another_program_are_left_alone(store_url: str, tables: tuple[str]) -> None:
    with changing(store_url) as connection:
        for name in tables:
            connection.exec_driver_sql(f"CREATE TABLE {name} (version_num TEXT)")
    before = catalog(store_url)
    for call in (upgrade_database, describe):
        with pytest.raises(StoreError, match="not a case database"):
            call(store_url)
    refused(store_url, "not a case database", create=True)
    assert catalog(store_url) == before


OPEN = """
import sys
from triage.store.database import open_store
with open_store(sys.argv[1], create=True) as store:
    store.add_exhibit("OP-" + sys.argv[2], "A/1")
    store.commit()
sys.exit("alembic" in sys.modules)
"""


def test_several_processes_make_one_database_at_the_same_moment(store_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", OPEN, store_url, str(number)])
        for number in range(4)
    ]
    assert [one.wait() for one in started] == [0, 0, 0, 0]
    with open_store(store_url) as store:
        assert store.case_names() == ("OP-0", "OP-1", "OP-2", "OP-3")


def test_several_processes_meet_an_earlier_version_at_the_same_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'cases.sqlite'}"
    of_version(url, "0001", own=True)
    started = [
        subprocess.Popen([sys.executable, "-c", OPEN.replace('"alembic" in sys.modules', "0"),
                          url, str(number)])
        for number in range(3)
    ]  # fmt: skip
    assert [one.wait() for one in started] == [0, 0, 0]
    assert describe(url).version == upgrade.NEWEST
