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


class Stores:
    """A case database that serves many threads at once: each has a store of its own meanwhile.

    What is committed through it is on the disk: somebody was told that it is kept.

    Args:
        url: SQLAlchemy URL of SQLite or PostgreSQL.
        create: make the file, its folder and the tables where they are missing.

    Raises:
        StoreError: it cannot be opened or is of another version.
    """

    def __init__(self, url: str, *, create: bool = False) -> None:
        with open_store(url, create=create):
            pass
        where = connecting.parsed(url)
        self.shown = connecting.shown(where)
        self._engine = connecting.engine_for(where, create=False, pooled=True)

    @contextlib.contextmanager
    def open(self) -> Iterator[Store]:
        """Give a store; what it has not committed in the end is dropped.

        Raises:
            StoreError: there is no connection, or it fails while in use.
        """
        with translated(self.shown), self._engine.connect() as connection:
            yield Store(connection)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self._engine.dispose()


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
