"""Copies a database into an empty one: all of it, read back and the same, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

import triage
from triage.errors import StoreError, UsageFault
from triage.model.display import printable
from triage.model.event import Event, Notice, Progress, Stage
from triage.model.queue import LeaseState
from triage.store import upgrade
from triage.store.copyrows import Side, count, digest, pages, write
from triage.store.database import connected, translated
from triage.store.ledgertables import leases, ledger
from triage.store.tables import cases, exhibits, metadata, runs, versions

Tell = Callable[[Event], None]
Counted = dict[sa.Table, int]

_TOUCHED = (
    "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTable:
    """One table that was read back the same from both databases.

    Attributes:
        sha256: of its rows by key, in hex; the same for the same rows on every server.
    """

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied, by URLs without their passwords.

    Attributes:
        version: of the tables.
        left_out: tables of the source that are none of triage's.
    """

    source: str
    target: str
    version: str
    tables: tuple[CopiedTable, ...]
    left_out: tuple[str, ...]


def copy_database(source: str, target: str, tell: Tell) -> Copied:
    """Copy every row of a database, with its id, into one that is empty or not yet made.

    The source is only read, as it stands at one moment. In the target all is one transaction,
    which is kept once every table was read back from both sides and is the same.

    Raises:
        UsageFault: the target is not empty, or somebody works with the source.
        StoreError: a database cannot be reached, is of another version or fails; the source was
            written to meanwhile; or what is read back differs.
    """
    with connected(source) as (read, shown_source):
        here = Side(read, shown_source)
        _begin_reading(here)
        _check_source(here, tell)
        counted, written_before = _count(here), _writings(here)
        with connected(target, create=True) as (written, shown_target):
            there = Side(written, shown_target)
            with _filling(there):
                _fill(here, there, counted, tell)
                told = _compared(here, there, sum(counted.values()), tell)
                if _writings(_anew(here)) != written_before:
                    _check_untouched(here, told, tell)
                _set_sequences(there.connection)
        return Copied(
            source=shown_source,
            target=shown_target,
            version=upgrade.NEWEST,
            tables=told,
            left_out=_left_out(here),
        )


def _begin_reading(here: Side) -> None:
    """See one moment of the source from here on, and be unable to change it."""
    with translated(here.shown):
        if here.connection.dialect.name == "sqlite":
            here.connection.exec_driver_sql("PRAGMA query_only = ON")
            here.connection.exec_driver_sql("BEGIN")
        else:
            here.connection.exec_driver_sql(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
            )


def _check_source(here: Side, tell: Tell) -> None:
    with translated(here.shown):
        found = upgrade.revision_of(here.connection, here.shown).revision
        if found == upgrade.EMPTY:
            raise UsageFault(f"{here.shown}: there is nothing in it to copy")
        if found != upgrade.NEWEST:
            older = found < upgrade.NEWEST
            raise StoreError(
                f"{here.shown}: version {found} of the case database; "
                f"triage {triage.__version__} copies version {upgrade.NEWEST}",
                hint="First: 'triage database upgrade'." if older else "Use a newer triage.",
            )
        _check_leases(here)
        for case, exhibit in here.connection.execute(_open_runs()):
            words = f"a run of {case} {exhibit} did not end: if it still works, stop it"
            tell(Notice(text=words))


def _check_leases(here: Side) -> None:
    asked = sa.select(leases.c.holder, ledger.c.case_reference, ledger.c.reference)
    asked = asked.join_from(leases, ledger).where(leases.c.state == LeaseState.LEASED.value)
    held = here.connection.execute(asked.order_by(leases.c.ledger_id)).all()
    if held:
        holder, case, exhibit = (printable(words) for words in held[0])
        more = f", and {len(held) - 1:,} more exhibits are worked at" if held[1:] else ""
        raise UsageFault(
            f"{here.shown}: {holder} works at {case} {exhibit}{more}",
            hint="Let it end ('triage batch run' takes over what a dead one left), then copy.",
        )


def _open_runs() -> sa.Select[str, str]:
    joined = runs.join(exhibits).join(cases)
    asked = sa.select(cases.c.reference, exhibits.c.reference).select_from(joined)
    return asked.where(runs.c.state == "running").order_by(runs.c.id)


@contextlib.contextmanager
def _filling(there: Side) -> Iterator[None]:
    """Hold an empty target with its tables, without the indexes that are made in the end.

    An SQLite file keeps no write-ahead log meanwhile, which would hold all of the copy once more.
    """
    connection = there.connection
    _check_empty(there)
    connection.rollback()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
        connection.rollback()
    with upgrade.in_turn(connection):
        if not sa.inspect(connection).get_table_names():
            upgrade.make(connection)
        _lock(connection)
        _check_empty(there)
        yield
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _check_empty(there: Side) -> None:
    names = set(sa.inspect(there.connection).get_table_names())
    if not names:
        return
    hint = "Name an empty database, or a file that is not there yet."
    ours = {versions.name, *metadata.tables}
    if not names >= ours or names - ours:
        raise UsageFault(f"{there.shown}: it has tables, and not those of this triage", hint=hint)
    if upgrade.revision_of(there.connection, there.shown).revision != upgrade.NEWEST:
        raise UsageFault(f"{there.shown}: it is of another version", hint=hint)
    for table in metadata.sorted_tables:
        first = sa.select(sa.literal(1)).select_from(table).limit(1)
        if there.connection.execute(first).first():
            raise UsageFault(f"{there.shown}: it is not empty: look at {table.name}", hint=hint)


def _lock(connection: sa.Connection) -> None:
    """Keep others from writing; an SQLite file is locked as a whole already."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        return
    names = ", ".join(
        map(connection.dialect.identifier_preparer.format_table, metadata.sorted_tables)
    )
    connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")


def _fill(here: Side, there: Side, counted: Counted, tell: Tell) -> None:
    indexes = [
        index for table in counted for index in sorted(table.indexes, key=lambda one: str(one.name))
    ]
    for index in indexes:
        index.drop(there.connection)
    add = _teller(Stage.COPYING, sum(counted.values()), tell)
    for table in counted:
        for page in pages(here, table):
            write(there.connection, table, page)
            add(len(page))
    for index in indexes:
        index.create(there.connection)
    if there.connection.dialect.name == "postgresql":
        for table in counted:
            there.connection.exec_driver_sql(f"ANALYZE {table.name}")


def _compared(here: Side, there: Side, total: int, tell: Tell) -> tuple[CopiedTable, ...]:
    """Read every table back from both sides.

    Raises:
        StoreError: they differ, naming the tables.
    """
    add = _teller(Stage.COMPARING, 2 * total, tell)
    told, differing = [], []
    for table in metadata.sorted_tables:
        (rows, sha256), other = (digest(side, table, add) for side in (here, there))
        told.append(CopiedTable(name=table.name, rows=rows, sha256=sha256))
        if (rows, sha256) != other:
            differing.append(f"{table.name} ({rows:,} rows, {other[0]:,} read back)")
    if differing:
        raise StoreError(
            f"{there.shown}: not the same as {here.shown}: {', '.join(differing)}",
            hint="Nothing of the copy was kept.",
        )
    return tuple(told)


def _anew(here: Side) -> Side:
    """See the source as it stands now."""
    here.connection.rollback()
    _begin_reading(here)
    return here


def _check_untouched(here: Side, told: tuple[CopiedTable, ...], tell: Tell) -> None:
    """See whether the source still is what was copied.

    Raises:
        StoreError: it is not: somebody has worked with it meanwhile.
    """
    add = _teller(Stage.COMPARING, sum(one.rows for one in told), tell)
    changed = [
        one.name
        for one in told
        if digest(here, metadata.tables[one.name], add) != (one.rows, one.sha256)
    ]
    if changed:
        raise StoreError(
            f"{here.shown}: somebody wrote to it meanwhile: {', '.join(changed)}",
            hint="Nothing of the copy was kept. Copy again when nobody works with it.",
        )


def _writings(here: Side) -> int:
    """Give a number that grows when others write, which is what the server itself keeps of that.

    PostgreSQL learns of it from a process when that ends or comes to rest, some seconds later at
    most: a number that grew says that something may have been written.
    """
    with translated(here.shown):
        asked = "PRAGMA data_version" if here.connection.dialect.name == "sqlite" else _TOUCHED
        return int(here.connection.exec_driver_sql(asked).scalar_one())


def _set_sequences(connection: sa.Connection) -> None:
    """Have the server count on after the largest id; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.max(column))))


def _count(side: Side) -> Counted:
    return {table: count(side, table) for table in metadata.sorted_tables}


def _left_out(here: Side) -> tuple[str, ...]:
    with translated(here.shown):
        names = set(sa.inspect(here.connection).get_table_names())
    return tuple(sorted(names - {versions.name, *metadata.tables}))


def _teller(stage: Stage, total: int, tell: Tell) -> Callable[[int], None]:
    """Give what tells how far a stage has come, from how many rows came since it was called."""
    done = 0

    def add(rows: int) -> None:
        nonlocal done
        done += rows
        tell(Progress(stage=stage, done=done, total=total))

    return add
