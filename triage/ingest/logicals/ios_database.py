"""The manifest database of an iOS backup: which file of the device is stored under which name."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from triage.model.display import printable

MARK = b"SQLite format 3\0"
PAGES = 256
"""Names are SHA-1 in hex; those that begin with the same two digits are listed together."""

_CELL_BYTES = 16 * 1024 * 1024
_COLUMNS = "rowid, fileID, domain, relativePath, flags, file"
_PRAGMAS = ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0")


class ManifestError(Exception):
    """The database does not open or does not read on, in words."""


class Row(NamedTuple):
    """One file; texts are bytes as they are stored."""

    number: int
    name: bytes
    domain: bytes
    relative: bytes
    flags: int
    blob: object


class Manifest:
    """The table ``Files``, read-only.

    A hostile database is held to what a manifest is: a plain table. A view, or one made up by a
    module, could do anything when it is asked.

    Attributes:
        size_bytes: of one in memory, without padding; 0 for a file.
    """

    def __init__(self, connection: sqlite3.Connection, size_bytes: int = 0) -> None:
        self._connection = connection
        self.size_bytes = size_bytes
        with _translated():
            connection.text_factory = bytes
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL_BYTES)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            found = connection.execute(
                "SELECT type, sql FROM sqlite_master WHERE name = 'Files'"
            ).fetchall()
            plain = [sql for kind, sql in found if kind == b"table" and _is_plain(sql)]
            if len(found) != 1 or not plain:
                raise ManifestError("it has no plain table of files")
            connection.execute(f"SELECT {_COLUMNS} FROM Files LIMIT 1").fetchone()  # noqa: S608  (constants)

    def missing(self) -> int:
        """Give how many rows the pages do not reach, because the index of names is damaged.

        Raises:
            ManifestError: the table itself does not read to its end.
        """
        with _translated():
            (whole,) = self._connection.execute("SELECT count(*) FROM Files NOT INDEXED").fetchone()
            reached = 0
            for where in ("fileID < '01'", "fileID >= '01'", "fileID IS NULL"):
                query = f"SELECT count(*) FROM Files WHERE {where}"  # noqa: S608  (constants)
                reached += self._connection.execute(query).fetchone()[0]
        return int(whole) - reached

    def page(self, number: int) -> Iterator[Row]:
        """Yield the rows of one page, by name; every row is in one of them.

        Raises:
            ManifestError: the database does not read on.
        """
        low, high = f"{number:02x}", f"{number + 1:02x}"
        where, bounds = "fileID >= ? AND fileID < ?", (low, high)
        if number == 0:
            where, bounds = "fileID < ? OR fileID IS NULL", (high,)  # type: ignore[assignment]
        if number == PAGES - 1:
            where, bounds = "fileID >= ?", (low,)  # type: ignore[assignment]
        query = f"SELECT {_COLUMNS} FROM Files WHERE {where} ORDER BY fileID, rowid"  # noqa: S608  (constants)
        with _translated():
            for row in self._connection.execute(query, bounds):
                yield _row(row)

    def row(self, number: int) -> Row | None:
        """Give one row by its number.

        Raises:
            ManifestError: the database does not read there.
        """
        query = f"SELECT {_COLUMNS} FROM Files WHERE rowid = ?"  # noqa: S608  (constants)
        with _translated():
            found = self._connection.execute(query, (number,)).fetchone()
        return None if found is None else _row(found)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def from_file(path: Path) -> Manifest:
    """Open a manifest where it lies, without any file beside it being made or looked at.

    Raises:
        ManifestError: it is no such database.
    """
    with _translated():
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return Manifest(sqlite3.connect(address, uri=True))


def from_bytes(data: bytes) -> Manifest:
    """Open a manifest in memory; padding behind its last page is cut off.

    Raises:
        ManifestError: it is no such database.
    """
    if not data.startswith(MARK):
        raise ManifestError("what was decrypted is no SQLite database")
    page = int.from_bytes(data[16:18], "big")
    page = 65_536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise ManifestError("its pages have no possible size")
    connection = sqlite3.connect(":memory:")
    with _translated():
        whole = len(data) - len(data) % page
        connection.deserialize(data[:whole])
        return Manifest(connection, whole)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OverflowError, ValueError, MemoryError) as error:
        raise ManifestError(printable(str(error))[:200] or type(error).__name__) from error


def _is_plain(sql: object) -> bool:
    return isinstance(sql, bytes) and sql[:32].upper().split()[:2] == [b"CREATE", b"TABLE"]


def _row(found: tuple[object, ...]) -> Row:
    number, name, domain, relative, flags, blob = found
    return Row(
        number if isinstance(number, int) else 0,
        _octets(name),
        _octets(domain),
        _octets(relative),
        flags if isinstance(flags, int) else 0,
        blob,
    )


def _octets(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode()
