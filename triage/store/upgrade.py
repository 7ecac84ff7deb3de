"""Makes the tables of a new database, and brings those of an earlier version up to date.

Versions are told as Alembic tells them; Alembic itself, half a second to import, is asked only
where there is something to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

import triage
from triage.errors import StoreError
from triage.store.accounttables import audit
from triage.store.benchtables import drafts
from triage.store.ledgertables import ledger
from triage.store.lookedtables import videos
from triage.store.tables import SCHEMA_VERSION, versions
from triage.store.votetables import votes

NEWEST = f"{SCHEMA_VERSION:04d}"
EMPTY = ""
"""The version of a database in which there is nothing at all."""

_KNOWN = frozenset(f"{number:04d}" for number in range(1, SCHEMA_VERSION + 1))
_TURN = int.from_bytes(b"triage", "big")
"""Of PostgreSQL's advisory locks the one that is taken to make or change tables."""

_WAIT_MS = 60_000
(_ALL,) = {table.metadata for table in (audit, drafts, ledger, videos, votes)}
"""What all tables are written down in, once the modules are imported that do so."""

_MARK = {"cases", "exhibits", "entries"}


class Found(NamedTuple):
    """What a database says of itself.

    Attributes:
        revision: :data:`EMPTY` or four digits.
        own: it was made before Alembic kept the version.
    """

    revision: str
    own: bool = False


def revision_of(connection: sa.Connection, shown: str) -> Found:
    """Look what version the tables are of.

    Raises:
        StoreError: these are tables of another program.
    """
    names = set(sa.inspect(connection).get_table_names())
    if not names:
        return Found(EMPTY)
    if names >= {versions.name, *_MARK}:
        told = connection.execute(sa.select(versions.c.version_num)).scalars().all()
        if len(told) == 1:
            return Found(told[0])
    elif names >= {"schema_version", *_MARK}:
        told = connection.execute(sa.text("SELECT version FROM schema_version")).scalars().all()
        if len(told) == 1:
            return Found(f"{told[0]:04d}", own=True)
    raise StoreError(f"{shown}: this is not a case database")


def make_ready(connection: sa.Connection, shown: str, *, create: bool) -> None:
    """See to it that the tables are those that this version works with.

    An SQLite file belongs to one machine and is brought up to date in passing; other machines work
    with a PostgreSQL database, so that a person has to say so.

    Raises:
        StoreError: it is empty and not to be made, of another program, of a newer version, or of
            an earlier one on PostgreSQL.
    """
    found = revision_of(connection, shown)
    connection.rollback()
    if found.revision == NEWEST:
        return
    if found.revision == EMPTY and not create:
        raise StoreError(
            f"{shown}: this is not a case database: there is nothing in it",
            hint="'triage run' and 'triage database upgrade' make one there.",
        )
    _check_known(found, shown)
    if found.revision != EMPTY and connection.dialect.name == "postgresql":
        raise StoreError(
            f"{shown}: version {found.revision} of the case database; "
            f"triage {triage.__version__} needs {NEWEST}",
            hint="When no other machine works with it: 'triage database upgrade'.",
        )
    upgrade(connection, shown)


def upgrade(connection: sa.Connection, shown: str) -> tuple[str, str]:
    """Make or change tables, all or nothing, whoever else begins to do so at the same moment.

    Returns:
        The versions before and after.

    Raises:
        StoreError: the database is of another program or of a newer version.
    """
    with in_turn(connection):
        found = revision_of(connection, shown)
        _check_known(found, shown)
        if found.revision == EMPTY:
            make(connection)
        elif found.revision != NEWEST:
            if found.own:
                connection.execute(sa.text("DROP TABLE schema_version"))
                _stamp(connection, found.revision)
            from triage.store.migrations import migrate  # noqa: PLC0415  (half a second, rare)

            migrate(connection, NEWEST)
    return found.revision, NEWEST


def make(connection: sa.Connection) -> None:
    """Make all tables of this version in the transaction that is open."""
    _ALL.create_all(connection)
    _stamp(connection, NEWEST)


def _check_known(found: Found, shown: str) -> None:
    if found.revision not in {EMPTY, *_KNOWN}:
        raise StoreError(
            f"{shown}: version {found.revision} of the case database; "
            f"triage {triage.__version__} knows versions up to {NEWEST}",
            hint="Use the version of triage that brought it up to date, or a newer one.",
        )


@contextlib.contextmanager
def in_turn(connection: sa.Connection) -> Iterator[None]:
    """Hold off all others who would make or change tables, to the end of the transaction."""
    connection.rollback()
    try:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MS}")
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _stamp(connection: sa.Connection, revision: str) -> None:
    versions.create(connection)
    connection.execute(versions.insert().values(version_num=revision))
