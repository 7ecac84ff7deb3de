"""Opening the case database, and the one handle that readers and the writer share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from triage.errors import StoreError
from triage.store.ledgertables import ledger
from triage.store.summary import Summing
from triage.store.tables import SCHEMA_VERSION, schema_version
from triage.store.upgrade import UPGRADES, bring_up_to_date
from triage.store.work import Working
from triage.store.writer import Writing


class Store(Summing, Working, Writing):
    """A case database: what it remembers, and how it is told."""


@contextlib.contextmanager
def open_store(url: str, *, create: bool = False) -> Iterator[Store]:
    """Open the case database at ``url`` and translate its errors.

    Args:
        url: SQLAlchemy URL.
        create: make the file, its folder and the tables where they are missing.

    Raises:
        StoreError: it cannot be opened, is of another version, or fails while in use.
    """
    shown = "the case database"
    try:
        shown = sa.make_url(url).render_as_string(hide_password=True)
        with _engine(url, create=create) as engine, engine.connect() as connection:
            _check_schema(connection, shown, create=create)
            yield Store(connection)
    except sa.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"{shown}: {cause}", hint=_hint(str(cause))) from error


@contextlib.contextmanager
def _engine(url: str, *, create: bool) -> Iterator[sa.Engine]:
    """Give an engine whose connections are all closed in the end, whatever happens."""
    engine = _made_engine(url, create=create)
    try:
        yield engine
    finally:
        engine.dispose()


def _made_engine(url: str, *, create: bool) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    if parsed.database and parsed.database != ":memory:":
        path = Path(parsed.database)
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{path.parent}: {error.strerror}") from error
        elif not path.exists():
            raise StoreError(
                f"{path}: there is no case database",
                hint="'triage run' makes one; --db or TRIAGE_HOME says where it lies.",
            )
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401  (DB-API)
    """Write-ahead log: readers go on beside the writer, and a killed process loses nothing.

    Keys are digests, so rows of a group lie all over the file: 64 MB of log before it is folded in
    write each page once where the default of 4 MB writes it many times.
    """
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "temp_store=MEMORY",
        "cache_size=-131072",
        "wal_autocheckpoint=16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _check_schema(connection: sa.Connection, shown: str, *, create: bool) -> None:
    names = set(sa.inspect(connection).get_table_names())
    if "schema_version" not in names:
        if names or not create:
            raise StoreError(f"{shown}: this is not a case database")
        ledger.metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
        connection.commit()
        return
    found = connection.execute(sa.select(schema_version.c.version)).scalar_one()
    if found in UPGRADES:
        found = bring_up_to_date(connection, found)
    if found != SCHEMA_VERSION:
        raise StoreError(
            f"{shown}: version {found} of the case database, this triage knows {SCHEMA_VERSION}"
        )
    connection.rollback()


def _hint(cause: str) -> str:
    if "locked" in cause:
        return "Another triage process is writing to it; wait for it or use another --db."
    if "full" in cause:
        return "The disk is full; free some space, then the same command goes on."
    if "not a database" in cause or "malformed" in cause:
        return "The file is damaged or is no SQLite database."
    return ""
