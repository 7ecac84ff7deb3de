"""Opens SQLite files that hold hash sets, and streams their rows with progress."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.reading import ReadOptions

MAGIC = b"SQLite format 3\x00"
_TELL_ROWS = 20_000
_VALUE_LIMIT_BYTES = 1 << 20

_FETCHED_ROWS = 10_000

Columns = dict[str, str]
Row = tuple[object, ...]
Column = tuple[object, ...]


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an SQLite file that nobody writes, without touching it.

    Raises:
        HashSetError: it cannot be read, or a log beside it holds changes not yet in it.
    """
    for tail in ("-wal", "-journal"):
        beside = path.with_name(path.name + tail)
        if beside.is_file() and beside.stat().st_size:
            raise HashSetError(
                f"{path.name}: {beside.name} lies beside it: the database was not closed",
                hint="open and close it with the tool that wrote it, then import it again",
            )
    try:
        uri = path.resolve().as_uri() + "?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.text_factory = bytes
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_LIMIT_BYTES)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            yield connection
    except (sqlite3.Error, OSError, ValueError) as error:
        raise HashSetError(f"{path.name}: SQLite cannot read on: {error}") from error


def tables(connection: sqlite3.Connection) -> dict[str, Columns]:
    """Give the tables (never views) with their columns, all by lower-case name."""
    found: dict[str, Columns] = {}
    query = "SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1000"
    for (raw,) in connection.execute(query).fetchall():
        name = raw.decode("utf-8", "replace")
        rows = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
        texts = [column.decode("utf-8", "replace") for (column,) in rows]
        found[name.lower()] = {"": name} | {text.lower(): text for text in texts}
    return found


def counted(
    connection: sqlite3.Connection, query: str, path: Path, table: str, options: ReadOptions
) -> Iterator[Row]:
    """Give rows; their last column says how many rows of the table each stands for."""
    told = _Told(connection, path, table, options)
    for row in connection.execute(query):
        told.add((row[-1],))
        yield row
    told.end()


def fetched(
    connection: sqlite3.Connection, query: str, path: Path, table: str, options: ReadOptions
) -> Iterator[tuple[list[Row], tuple[Column, ...]]]:
    """Give the same rows, many at a time, and beside them their columns without the last."""
    told = _Told(connection, path, table, options)
    cursor = connection.execute(query)
    while rows := cursor.fetchmany(_FETCHED_ROWS):
        *columns, weights = zip(*rows, strict=True)
        told.add(weights)
        yield rows, tuple(columns)
    told.end()


class _Told:
    """Tells progress, as far as the highest row number lets it be known."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, table: str, options: ReadOptions
    ) -> None:
        self._tell = options.on_bytes or (lambda _done, _total: None)
        self._total = path.stat().st_size
        self._highest = _highest_row(connection, table)
        self._done, self._next = 0, _TELL_ROWS

    def add(self, weights: Column) -> None:
        self._done += sum(weight for weight in weights if isinstance(weight, int))
        if self._done >= self._next and self._highest:
            self._next = self._done + _TELL_ROWS
            self._tell(min(self._total, self._total * self._done // self._highest), self._total)

    def end(self) -> None:
        self._tell(self._total, self._total)


def _highest_row(connection: sqlite3.Connection, table: str) -> int:
    """Give 0 where rows have no numbers: progress is then told at the end only."""
    try:
        found = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608  (fixed)
    except sqlite3.OperationalError:
        return 0
    return found[0] if isinstance(found[0], int) else 0
