"""Opens SQLite files that hold hash sets, and streams their rows with progress."""

from __future__ import annotations

import sqlite3
from binascii import unhexlify
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
    """Give rows of a query.

    Args:
        table: that the query reads row by row; ``""`` for one in the order of a digest in hex,
            the first column, whose values then tell how far it is.

    Raises:
        HashSetError: SQLite cannot read on; says after which record.
    """
    for rows, _ in fetched(connection, query, path, table, options):
        yield from rows


def fetched(
    connection: sqlite3.Connection, query: str, path: Path, table: str, options: ReadOptions
) -> Iterator[tuple[list[Row], tuple[Column, ...]]]:
    """Give the same rows, many at a time, and beside them their columns.

    Raises:
        HashSetError: as :func:`counted`.
    """
    told = _Told(connection, path, table, options)
    cursor = connection.execute(query)
    given = 0
    while rows := _next_rows(cursor, path, given):
        told.add(rows)
        given += len(rows)
        yield rows, tuple(zip(*rows, strict=True))
    told.end()


def _next_rows(cursor: sqlite3.Cursor, path: Path, given: int) -> list[Row]:
    try:
        return cursor.fetchmany(_FETCHED_ROWS)
    except sqlite3.Error as error:
        raise HashSetError(
            f"{path.name}: SQLite cannot read on after record {given}: {error}"
        ) from error


class _Told:
    """Tells progress, as far as row numbers or digests in their order let it be known."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, table: str, options: ReadOptions
    ) -> None:
        self._tell = options.on_bytes or (lambda _done, _total: None)
        self._total = path.stat().st_size
        self._ordered = not table
        self._highest = _highest_row(connection, table) if table else 0
        self._done, self._next = 0, _TELL_ROWS

    def add(self, rows: list[Row]) -> None:
        self._done += len(rows)
        if self._done >= self._next and (self._highest or self._ordered):
            self._next = self._done + _TELL_ROWS
            share = _share(rows[-1][0]) if self._ordered else self._done / self._highest
            self._tell(min(self._total, int(self._total * share)), self._total)

    def end(self) -> None:
        self._tell(self._total, self._total)


def _share(digest: object) -> float:
    """Give how far a digest lies on the way from the first to the last: they are spread evenly."""
    text = bytes(digest[:8]) if isinstance(digest, bytes) else b""
    try:
        return int.from_bytes(unhexlify(text), "big") / 2**32
    except ValueError:
        return 0.0


def _highest_row(connection: sqlite3.Connection, table: str) -> int:
    """Give 0 where rows have no numbers: progress is then told at the end only."""
    try:
        found = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608  (fixed)
    except sqlite3.OperationalError:
        return 0
    return found[0] if isinstance(found[0], int) else 0
