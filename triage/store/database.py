"""Opening the case database, and the one handle that readers and the writer share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from triage.errors import StoreError
from triage.store import connecting, upgrade
from triage.store.summary import Summing
from triage.store.work import Working
from triage.store.writer import Writing


class Store(Summing, Working, Writing):
    """A case database: what it remembers, and how it is told."""


@contextlib.contextmanager
def open_store(url: str, *, create: bool = False) -> Iterator[Store]:
    """Open the case database at ``url`` and translate its errors.

    Args:
        url: SQLAlchemy URL of SQLite or PostgreSQL.
        create: make the file, its folder and the tables where they are missing.

    Raises:
        StoreError: it cannot be opened, is of another version, or fails while in use.
    """
    with connected(url, create=create) as (connection, shown):
        upgrade.make_ready(connection, shown, create=create)
        yield Store(connection)


@contextlib.contextmanager
def connected(url: str, *, create: bool = False) -> Iterator[tuple[sa.Connection, str]]:
    """Connect to whatever there is, and give the URL as it may be printed.

    Raises:
        StoreError: there is no connection, or it fails while in use.
    """
    with translated("the case database"):
        where = connecting.parsed(url)
    shown = connecting.shown(where)
    with (
        translated(shown),
        _engine(where, create=create) as engine,
        engine.connect() as connection,
    ):
        yield connection, shown


@contextlib.contextmanager
def translated(shown: str) -> Iterator[None]:
    """Say of a failure of the database, by its URL as it may be printed, what can be done.

    Raises:
        StoreError: it fails in here.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StoreError(f"{shown}: {cause}", hint=connecting.hint(cause)) from error


@contextlib.contextmanager
def _engine(url: sa.URL, *, create: bool) -> Iterator[sa.Engine]:
    """Give an engine whose connections are all closed in the end, whatever happens."""
    engine = connecting.engine_for(url, create=create)
    try:
        yield engine
    finally:
        engine.dispose()
