"""Reads tables in pages, writes them elsewhere, and makes the digests that are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from triage.store.database import translated
from triage.store.tables import RawName, Words, storable

PAGE_ROWS = 500
"""Rows that are in memory at once; few enough to stay in the caches of a processor."""

Row = tuple[Any, ...]


class Side(NamedTuple):
    """One of two databases, and its URL as it may be printed."""

    connection: sa.Connection
    shown: str


def count(side: Side, table: sa.Table) -> int:
    """Count the rows of a table."""
    with translated(side.shown):
        query = sa.select(sa.func.count()).select_from(table)
        return int(side.connection.execute(query).scalar_one())


def pages(side: Side, table: sa.Table) -> Iterator[list[Row]]:
    """Give the rows of a table by key, as plain values that are the same from every server.

    A row that refers to another one of its own table comes after it, by its id.

    Raises:
        StoreError: they cannot be read, naming the database.
    """
    raw = [sa.type_coerce(column, sa.types.NULLTYPE) for column in table.columns]
    query = sa.select(*raw).order_by(*table.primary_key.columns)
    plain = [_plain(column.type) for column in table.columns]
    with (
        translated(side.shown),
        side.connection.execute(query.execution_options(yield_per=PAGE_ROWS)) as result,
    ):
        for page in result.partitions(PAGE_ROWS):
            columns = zip(*page, strict=True)
            yield list(
                zip(*(make(one) for make, one in zip(plain, columns, strict=True)), strict=True)
            )


def write(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> None:
    """Write rows as :func:`pages` gives them, ids and all."""
    marks = connection.dialect.identifier_preparer
    names = ", ".join(marks.format_column(column) for column in table.columns)
    into = f"{marks.format_table(table)} ({names})"
    if connection.dialect.name == "sqlite":
        values = ", ".join("?" * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({values})", rows)  # noqa: S608  (names of our own tables)
        return
    statement = f"COPY {into} FROM STDIN"
    driver: Any = connection.dialect.loaded_dbapi
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        raise sa.exc.DBAPIError(statement, None, error) from error


def digest(side: Side, table: sa.Table, tell: Callable[[int], None]) -> tuple[int, str]:
    """Read a table, and give how many rows it has and the SHA-256 of all of them by key, in hex.

    Args:
        tell: told how many rows were read since it was told last.
    """
    total, made = 0, hashlib.sha256()
    for page in pages(side, table):
        made.update("".join(f"{row!a}\n" for row in page).encode("ascii"))
        total += len(page)
        tell(len(page))
    return total, made.hexdigest()


def _plain(kind: sa.types.TypeEngine[Any]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Give what turns a column of values, as a driver gives them, into those of any server."""
    if isinstance(kind, RawName | sa.LargeBinary):
        return _octets
    if isinstance(kind, Words | sa.String):
        return _words
    if isinstance(kind, sa.Boolean):
        return lambda column: [None if one is None else bool(one) for one in column]
    if isinstance(kind, sa.Float):  # SQLite keeps no negative zero
        return lambda column: [None if one is None else one + 0.0 for one in column]
    return lambda column: column


def _octets(column: Sequence[Any]) -> Sequence[Any]:
    """SQLite gives the text that a column's default was written as."""
    if str not in set(map(type, column)):
        return column
    return [one.encode() if isinstance(one, str) else one for one in column]


def _words(column: Sequence[Any]) -> Sequence[Any]:
    """Write out what only SQLite can hold, as is done wherever text is stored."""
    if "\0" not in "".join(filter(None, column)):
        return column
    return [one and storable(one) for one in column]
