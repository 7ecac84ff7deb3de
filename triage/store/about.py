"""What a person who looks after a database asks of it, whatever version it is of."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from triage.store import upgrade
from triage.store.database import connected

_COUNTED = (
    "cases",
    "exhibits",
    "evidence",
    "entries",
    "contents",
    "matches",
    "runs",
    "ledger",
    "stage_changes",
    "attempts",
    "results",
    "counts",
    "votes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """A database as it stands.

    Attributes:
        url: without its password.
        server: name and version of what keeps it.
        version: of the tables, ``""`` where there are none yet.
        newest: the version that this triage works with.
        size_bytes: on disk, logs of SQLite included.
        rows: tables that are there, and how many rows they have.
    """

    url: str
    server: str
    version: str
    newest: str
    size_bytes: int
    rows: tuple[tuple[str, int], ...]


def describe(url: str) -> DatabaseFacts:
    """Look at a database without changing it.

    Raises:
        StoreError: it cannot be reached, or is of another program.
    """
    with connected(url) as (connection, shown):
        found = upgrade.revision_of(connection, shown)
        there = set(sa.inspect(connection).get_table_names())
        return DatabaseFacts(
            url=shown,
            server=_server(connection),
            version=found.revision,
            newest=upgrade.NEWEST,
            size_bytes=_size(connection),
            rows=tuple((name, _count(connection, name)) for name in _COUNTED if name in there),
        )


def upgrade_database(url: str) -> tuple[str, str, str]:
    """Bring the tables up to date, or make them where a database is empty.

    Returns:
        The URL without its password, and the versions before and after.

    Raises:
        StoreError: it cannot be reached, is of another program or of a newer version.
    """
    with connected(url) as (connection, shown):
        before, after = upgrade.upgrade(connection, shown)
        return shown, before, after


def _server(connection: sa.Connection) -> str:
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.dialect.name]
    numbers = connection.dialect.server_version_info or ()
    return f"{name} {'.'.join(map(str, numbers))}"


def _count(connection: sa.Connection, name: str) -> int:
    query = sa.select(sa.func.count()).select_from(sa.table(name))
    return int(connection.execute(query).scalar_one())


def _size(connection: sa.Connection) -> int:
    if connection.dialect.name == "postgresql":
        asked = sa.func.pg_database_size(sa.func.current_database())
        return int(connection.execute(sa.select(asked)).scalar_one())
    name = connection.engine.url.database
    total = 0
    for end in ("", "-wal") if name else ():
        with contextlib.suppress(FileNotFoundError):
            total += Path(f"{name}{end}").stat().st_size
    return total
