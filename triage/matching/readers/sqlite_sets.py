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
    """Give rows without their last column, which says how many rows of the table each stands for.

    Progress is told as far as the highest row number lets it be known.
    """
    total = path.stat().st_size
    highest = _highest_row(connection, table)
    done, tell_at = 0, _TELL_ROWS
    for *row, weight in connection.execute(query):
        done += weight
        if options.on_bytes is not None and done >= tell_at and highest:
            tell_at = done + _TELL_ROWS
            options.on_bytes(min(total, total * done // highest), total)
        yield tuple(row)
    if options.on_bytes is not None:
        options.on_bytes(total, total)


def _highest_row(connection: sqlite3.Connection, table: str) -> int:
    """Give 0 where rows have no numbers: progress is then told at the end only."""
    try:
        found = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()  # noqa: S608  (fixed)
    except sqlite3.OperationalError:
        return 0
    return found[0] if isinstance(found[0], int) else 0


_NSRL_COLUMNS = {
    "file": {"sha256", "sha1", "md5", "file_size"},
    "metadata": {"sha256", "sha1", "md5", "bytes"},
}
_MINIMAL = (
    "SELECT sha256, sha1, md5, min(file_size), max(file_size), count(*) FROM file "
    "GROUP BY sha256, sha1, md5"
)
_FULL = "SELECT sha256, sha1, md5, bytes, bytes, 1 FROM metadata"


class NsrlReader(Reader):
    """RDS 3: table FILE of the minimal sets, table METADATA of the full ones.

    Views are never asked: a view can be anything. FILE is read in the order of its primary key,
    which starts with sha256, sha1, md5, so that equal rows are neighbours and are grouped without
    sorting; one record is given for each distinct (sha256, sha1, md5).
    """

    id = "nsrl-rds3"
    title = "NSRL RDS 3, SQLite, minimal or full"

    def recognises(self, head: bytes, path: Path) -> bool:
        """Tell by the table FILE or METADATA with its digest columns."""
        return any(_has_table(head, path, *pair) for pair in _NSRL_COLUMNS.items())

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the distinct records.

        Raises:
            HashSetError: not SQLite, damaged, or without the tables.
        """
        with database(path) as connection:
            known = tables(connection)
            table, query = "file", _MINIMAL
            if "file" not in known:
                table, query = "metadata", _FULL
            if table not in known or not _NSRL_COLUMNS[table] <= set(known[table]):
                raise HashSetError(f"{path.name}: no table FILE or METADATA of an NSRL RDS 3")
            found = _counted(connection, query, path, table, options)
            for number, row in enumerate(found, 1):
                yield _nsrl_item(row, f"record {number}", options)


def _nsrl_item(row: tuple[object, ...], place: str, options: ReadOptions) -> Item:
    sha256, sha1, md5, smallest, largest = (_text(value) for value in row)
    digests: dict[Algorithm, str | None] = {
        Algorithm.SHA256: sha256,
        Algorithm.SHA1: sha1,
        Algorithm.MD5: md5,
    }
    draft = Draft(place=place, digests=digests, size=smallest)
    if smallest != largest:
        draft.size = None
        draft.notes.append(f"sizes {smallest} to {largest} stand beside one digest")
    return judged(draft, options)


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
            query = f"SELECT rowid, {', '.join(names)}, 1 FROM hashes ORDER BY rowid"  # noqa: S608  (fixed)
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
