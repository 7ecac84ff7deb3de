"""Hash sets that are SQLite files: NSRL RDS 3 and the .kdb of Autopsy and The Sleuth Kit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.fields import Draft, judged, placeholder
from triage.matching.reading import Item, Reader, ReadOptions
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

_MAGIC = b"SQLite format 3\x00"
_TELL_ROWS = 20_000
_VALUE_LIMIT_BYTES = 1 << 20

Columns = dict[str, str]


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


def _has_table(head: bytes, path: Path, name: str, wanted: set[str]) -> bool:
    if not head.startswith(_MAGIC):
        return False
    try:
        with database(path) as connection:
            return wanted <= set(tables(connection).get(name, ()))
    except HashSetError:
        return False


def _counted(
    connection: sqlite3.Connection, query: str, path: Path, table: str, options: ReadOptions
) -> Iterator[tuple[object, ...]]:
    """Give rows and tell of progress, as far as the highest row number lets it be known."""
    total = path.stat().st_size
    (highest,) = connection.execute(f"SELECT max(rowid) FROM {_quoted(table)}").fetchone()  # noqa: S608  (quoted)
    for number, row in enumerate(connection.execute(query), 1):
        if options.on_bytes is not None and number % _TELL_ROWS == 0 and highest:
            options.on_bytes(min(total, total * number // highest), total)
        yield row
    if options.on_bytes is not None:
        options.on_bytes(total, total)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class NsrlReader(Reader):
    """RDS 3: table FILE of the minimal sets, table METADATA of the full ones.

    Views are never asked: a view can be anything. FILE is read in the order of its primary key,
    which starts with sha256, sha1, md5, so that equal rows are neighbours and no sorting is
    needed; one record is given for each distinct (sha256, sha1, md5, size).
    """

    id = "nsrl-rds3"
    title = "NSRL RDS 3, SQLite, minimal or full"

    def recognises(self, head: bytes, path: Path) -> bool:
        """Tell by the table FILE or METADATA with its digest columns."""
        digests = {"sha256", "sha1", "md5"}
        return _has_table(head, path, "file", digests | {"file_size"}) or _has_table(
            head, path, "metadata", digests | {"bytes"}
        )

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the distinct records.

        Raises:
            HashSetError: not SQLite, damaged, or without the tables.
        """
        with database(path) as connection:
            known = tables(connection)
            table, size, order = "file", "file_size", " ORDER BY sha256, sha1, md5"
            if "file" not in known:
                table, size, order = "metadata", "bytes", ""
            if table not in known or not {"sha256", "sha1", "md5", size} <= set(known[table]):
                raise HashSetError(f"{path.name}: no table FILE or METADATA of an NSRL RDS 3")
            query = f"SELECT sha256, sha1, md5, {size} FROM {table}{order}"  # noqa: S608  (fixed)
            number, current = 0, object()
            seen: set[tuple[object, ...]] = set()
            for row in _counted(connection, query, path, table, options):
                if row[0] != current:
                    current = row[0]
                    seen.clear()
                if row not in seen:
                    number += 1
                    _remember(seen, row)
                    yield _nsrl_item(row, f"record {number}", options)


def _remember(seen: set[tuple[object, ...]], row: tuple[object, ...]) -> None:
    if len(seen) < 1_000:  # a whole table of one digest must not fill the memory
        seen.add(row)


def _nsrl_item(row: tuple[object, ...], place: str, options: ReadOptions) -> Item:
    texts = [_text(value) for value in row]
    named = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)
    digests: dict[Algorithm, str | None] = dict(zip(named, texts[:3], strict=True))
    return judged(Draft(place=place, digests=digests, size=texts[3]), options)


def _text(value: object) -> str | None:
    if value is None:
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class KdbReader(Reader):
    """Tables ``hashes`` (digests as BLOBs) and ``db_properties``; polarity is not stored."""

    id = "tsk-kdb"
    title = "Autopsy / Sleuth Kit .kdb"

    def recognises(self, head: bytes, path: Path) -> bool:
        """Tell by its two tables."""
        return _has_table(head, path, "hashes", {"md5"}) and _has_table(
            head, path, "db_properties", {"name", "value"}
        )

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the rows in the order of their numbers.

        Raises:
            HashSetError: not SQLite, damaged, or without the table.
        """
        with database(path) as connection:
            columns = tables(connection).get("hashes", {})
            names: list[str] = [name for name in ("md5", "sha1", "sha2_256") if name in columns]
            if "md5" not in names:
                raise HashSetError(f"{path.name}: no table hashes of a .kdb")
            query = f"SELECT rowid, {', '.join(names)} FROM hashes ORDER BY rowid"  # noqa: S608  (fixed)
            for row in _counted(connection, query, path, "hashes", options):
                yield _kdb_item(row, names)


_KDB = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "sha2_256": Algorithm.SHA256}


def _kdb_item(row: tuple[object, ...], names: list[str]) -> Item:
    place = f"row {row[0]}"
    found: dict[Algorithm, bytes] = {}
    for name, value in zip(names, row[1:], strict=True):
        algorithm = _KDB[name]
        if value is None or value == b"":
            continue
        if not isinstance(value, bytes) or len(value) != DIGEST_SIZE_BYTES[algorithm]:
            wanted = DIGEST_SIZE_BYTES[algorithm]
            return RefusedRecord(place=place, reason=f"{name}: not a BLOB of {wanted} bytes")
        words = placeholder(value, algorithm)
        if words:
            return RefusedRecord(place=place, reason=words)
        found[algorithm] = value
    if not found:
        return RefusedRecord(place=place, reason="no usable digest")
    return ReferenceRecord(
        md5=found.get(Algorithm.MD5),
        sha1=found.get(Algorithm.SHA1),
        sha256=found.get(Algorithm.SHA256),
        place=place,
    )
