"""Connects to a database by its URL, and says what a failure means."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from triage.errors import StoreError

BUSY_S = 120
"""How long a process waits for others that write to the same SQLite file; each holds it for about
a second at most.
"""

_SQLITE = (
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    "temp_store=MEMORY",
    "cache_size=-131072",
    "wal_autocheckpoint=16000",
)
"""Keys are digests, so rows of a group lie all over the file: 64 MB of log before it is folded in
write each page once where the default of 4 MB writes it many times. Triggers are to be asked also
where a row is deleted because another one replaces it.
"""

_POSTGRESQL = {
    "application_name": "triage",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""A server that is gone is noticed within a minute or so, and not after hours."""

_PROGRAM = "pip install 'triage-dfu[postgresql]' brings what speaks to PostgreSQL."

_FORMS = "sqlite:///C:/cases.sqlite or postgresql://user:password@host:5432/database"

_HINTS = {
    "Another triage process is writing to it; wait for it or use another --db.": ("locked",),
    "The disk is full; free some space, then the same command goes on.": (
        "disk is full",
        "no space left",
        "could not extend file",
    ),
    "The file is damaged or is no SQLite database.": ("not a database", "malformed"),
    "It may only be read there: look at the rights of the file, or name the primary server.": (
        "read-only",
        "readonly",
    ),
    "The server takes no more connections: end some, or raise its max_connections.": (
        "too many clients",
        "too many connections",
        "connection slots are reserved",
    ),
    "The server does not let this user in: look at user and password in --db, and pg_hba.conf.": (
        "password authentication failed",
        "no password supplied",
        "no pg_hba.conf entry",
    ),
    "The server went away or is being restarted; the same command goes on when it is back.": (
        "starting up",
        "shutting down",
        "terminating connection",
        "server closed the connection",
        "connection is lost",
        "connection is closed",
        "connection has been closed",
        "could not receive data",
        "could not send data",
    ),
    "No server answers there: is it running, and are host and port in --db right?": (
        "connection refused",
        "no such file or directory",
        "timeout expired",
        "timed out",
        "could not connect",
        "could not translate host",
        "failed to resolve",
        "no route to host",
    ),
    "This user may not do that in the database: ask who looks after it.": ("permission denied",),
    "A database and its user are made on the server, by createdb and createuser.": (
        "does not exist",
    ),
    "Others are working with it; try again when they are done.": ("lock timeout", "deadlock"),
}
"""What can be done about a failure, by words that tell of it; the first that fits."""


def parsed(url: str) -> sa.URL:
    """Take a URL apart.

    Raises:
        StoreError: it is none, or names neither SQLite nor PostgreSQL.
    """
    try:
        found = sa.make_url(url)
    except ValueError as error:
        raise StoreError("--db: this is no URL of a database", hint=_FORMS) from error
    if found.drivername in {"postgres", "postgresql"}:
        found = found.set(drivername="postgresql+psycopg")
    if found.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise StoreError(
            f"{shown(found)}: case databases are kept in SQLite or PostgreSQL",
            hint=_FORMS,
        )
    return found


def shown(url: sa.URL) -> str:
    """Give a URL as it may be printed: without its password, wherever that stands."""
    hidden = [name for name in url.query if "pass" in name.casefold()]
    return url.update_query_dict(dict.fromkeys(hidden, "***")).render_as_string(hide_password=True)


def hint(cause: str) -> str:
    """Give the way out of a failure of the database, ``""`` where none is known."""
    words = cause.casefold()
    ways = (way for way, marks in _HINTS.items() if any(mark in words for mark in marks))
    return next(ways, "")


_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 24, "pool_pre_ping": True}
"""Of what serves many at once: connections that stay, and more while they are asked for."""

_UNSAID: dict[str, Any] = {"hide_parameters": True}
"""Errors name the statement and never its values, which may be digests of passwords or names."""

_POOLED_SQLITE = ("synchronous=FULL", "cache_size=-16384")
"""What was acknowledged to a person is there after the power went, too; and of many connections
none may take much memory.
"""


def engine_for(url: sa.URL, *, create: bool, pooled: bool = False) -> sa.Engine:
    """Make an engine; nothing is connected yet.

    Args:
        create: make the folder of a file that is not there.
        pooled: it is to serve many threads at once, for long.

    Raises:
        StoreError: there is no such file, or what speaks to the server is not installed.
    """
    options = {**_UNSAID, **(_POOL if pooled else {})}
    if url.get_backend_name() == "sqlite":
        _find(url, create=create)
        engine = sa.create_engine(url, **options)
        refused = engine.dialect.loaded_dbapi.OperationalError
        sa.event.listen(engine, "connect", functools.partial(_prepare_sqlite, refused))
        if pooled:
            sa.event.listen(engine, "connect", _settle_sqlite)
        return engine
    query = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
    try:
        return sa.create_engine(url.update_query_dict(query), **options)
    except ImportError as error:
        raise StoreError(f"{shown(url)}: {error}", hint=_PROGRAM) from error


def _find(url: sa.URL, *, create: bool) -> None:
    if not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    if create:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}") from error
        _begin(path)
    elif not path.exists():
        raise StoreError(
            f"{path}: there is no case database",
            hint="'triage run' makes one; --db or TRIAGE_HOME says where it lies.",
        )


def _begin(path: Path) -> None:
    """Make the file where there is none, for its owner alone: it names evidence, holds what people
    said, and digests of passwords. What lies beside it while it is open is made alike.
    """
    with contextlib.suppress(OSError):  # it is there, or the database says why it cannot be
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(
    refused: type[Exception],
    connection: Any,  # noqa: ANN401  (DB-API)
    _record: ConnectionPoolEntry,
) -> None:
    """Write-ahead log: readers go on beside the writer, and a killed process loses nothing.

    What is going to write takes its turn when it begins: a transaction that has read before it
    comes to write is refused, without waiting, where another one has written in between.
    """
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_S * 1000}")
    _write_ahead(cursor, refused)
    for pragma in _SQLITE:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _settle_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:  # noqa: ANN401  (DB-API)
    cursor = connection.cursor()
    for pragma in _POOLED_SQLITE:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: Any, refused: type[Exception]) -> None:  # noqa: ANN401  (DB-API)
    """Turn the log on; SQLite does not wait by itself where others do so at the same moment."""
    for wait_s in (*(0.02 * turn for turn in range(1, 60)), None):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except refused as error:
            if wait_s is None or "locked" not in str(error):
                raise
            time.sleep(wait_s)
        else:
            return
