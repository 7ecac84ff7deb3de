"""Hash sets that are SQLite files: NSRL RDS 3 and the .kdb of Autopsy and The Sleuth Kit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching.batch import DigestBatch
from triage.matching.database import (
    MAGIC,
    Column,
    Row,
    counted,
    database,
    fetched,
    tables,
)
from triage.matching.decoding import SIZE_DIGITS, unhexed, usual
from triage.matching.feed import Mask
from triage.matching.fields import Draft, judged, placeholder
from triage.matching.index import Rows
from triage.matching.mixing import KIND, ODD, Scan, mixed_rows
from triage.matching.reading import Item, Reader, ReadOptions
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

_ODD_SIZE = -2


def _has_table(head: bytes, path: Path, name: str, wanted: set[str]) -> bool:
    if not head.startswith(MAGIC):
        return False
    try:
        with database(path) as connection:
            return wanted <= set(tables(connection).get(name, ()))
    except HashSetError:
        return False


_NSRL_COLUMNS = {
    "file": {"sha256", "sha1", "md5", "file_size"},
    "metadata": {"sha256", "sha1", "md5", "bytes"},
}
_MINIMAL = (
    "SELECT sha256, sha1, md5, min(file_size), max(file_size) FROM file GROUP BY sha256, sha1, md5"
)
_FULL = "SELECT sha256, sha1, md5, bytes, bytes FROM metadata"


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
            table, query = _nsrl_query(connection, path)
            found = counted(connection, query, path, table, options)
            for number, row in enumerate(found, 1):
                yield _nsrl_item(row, number, options)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the distinct records in columns.

        Raises:
            HashSetError: as :meth:`read`.
        """
        with database(path) as connection:
            table, query = _nsrl_query(connection, path)
            before = 1
            for rows, columns in fetched(connection, query, path, table, options):
                singly = partial(_nsrl_at, rows, before, options)
                yield from mixed_rows(_nsrl_scan(columns), singly)
                before += len(rows)


def _nsrl_query(connection: sqlite3.Connection, path: Path) -> tuple[str, str]:
    known = tables(connection)
    table, query = "file", _MINIMAL
    if "file" not in known:
        table, query = "metadata", _FULL
    if table not in known or not _NSRL_COLUMNS[table] <= set(known[table]):
        raise HashSetError(f"{path.name}: no table FILE or METADATA of an NSRL RDS 3")
    return "" if table == "file" else table, query


_NSRL = (Algorithm.SHA256, Algorithm.SHA1, Algorithm.MD5)


def _nsrl_scan(columns: tuple[Column, ...]) -> Scan:
    *digests, smallest, largest = columns
    fine = np.ones(len(smallest), bool)
    kinds = np.zeros(len(smallest), np.int8)
    found: dict[Algorithm, Rows] = {}
    for algorithm, column in zip(_NSRL, digests, strict=True):
        width = DIGEST_SIZE_BYTES[algorithm]
        text, present, blank = _laid(column, 2 * width)
        found[algorithm], good = unhexed(text)
        fine &= blank | (present & good & usual(found[algorithm], algorithm))
        kinds[present] += KIND[algorithm]
    sizes = _sizes(smallest)
    fine &= (sizes >= -1) & (sizes == _sizes(largest))
    kinds[~fine] = ODD
    return Scan(kinds=kinds, digests=found, sizes=sizes)


def _laid(column: Column, width: int) -> tuple[Rows, Mask, Mask]:
    """Lay values out as rows of bytes; tell which are of that width, and which are absent."""
    present, blank = np.ones(len(column), bool), np.zeros(len(column), bool)
    values = cast("tuple[bytes, ...]", column)
    try:
        whole = set(map(len, values)) == {width}
        text = b"".join(values)
    except TypeError:
        whole = False
    if not whole:
        present[:] = [isinstance(value, bytes) and len(value) == width for value in column]
        blank[:] = [value is None or value == b"" for value in column]
        filler = bytes(width)
        pairs = zip(values, present.tolist(), strict=True)
        text = b"".join(value if fits else filler for value, fits in pairs)
    return np.frombuffer(text, np.uint8).reshape(-1, width), present, blank


def _sizes(column: Column) -> NDArray[np.int64]:
    """Give sizes in bytes, -1 for none, -2 for one that has to be looked at by itself."""
    if set(map(type, column)) == {int}:
        sizes = np.array(column, np.int64)
        sizes[sizes < 0] = _ODD_SIZE
    else:
        known = [_ODD_SIZE if value is not None else -1 for value in column]
        for at, value in enumerate(column):
            if isinstance(value, int) and value >= 0:
                known[at] = value
        sizes = np.array(known, np.int64)
    sizes[sizes >= 10**SIZE_DIGITS] = _ODD_SIZE
    return sizes


def _nsrl_at(rows: list[Row], first_number: int, options: ReadOptions, at: int) -> Item:
    return _nsrl_item(rows[at], first_number + at, options)


def _nsrl_item(row: Row, number: int, options: ReadOptions) -> Item:
    place = f"record {number}"
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
            names, query = _kdb_query(connection, path)
            for row in counted(connection, query, path, "hashes", options):
                yield _kdb_item(row, names)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the rows in columns.

        Raises:
            HashSetError: as :meth:`read`.
        """
        with database(path) as connection:
            names, query = _kdb_query(connection, path)
            for rows, columns in fetched(connection, query, path, "hashes", options):
                singly = partial(_kdb_at, rows, names)
                yield from mixed_rows(_kdb_scan(columns[1:], names), singly)


_KDB = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "sha2_256": Algorithm.SHA256}


def _kdb_query(connection: sqlite3.Connection, path: Path) -> tuple[list[str], str]:
    columns = tables(connection).get("hashes", {})
    names = [name for name in _KDB if name in columns]
    if "md5" not in names:
        raise HashSetError(f"{path.name}: no table hashes of a .kdb")
    return names, f"SELECT rowid, {', '.join(names)} FROM hashes ORDER BY rowid"  # noqa: S608  (fixed)


def _kdb_scan(columns: tuple[Column, ...], names: list[str]) -> Scan:
    fine = np.ones(len(columns[0]), bool)
    kinds = np.zeros(len(columns[0]), np.int8)
    found: dict[Algorithm, Rows] = {}
    for name, column in zip(names, columns, strict=True):
        algorithm = _KDB[name]
        found[algorithm], present, blank = _laid(column, DIGEST_SIZE_BYTES[algorithm])
        fine &= blank | (present & usual(found[algorithm], algorithm))
        kinds[present] += KIND[algorithm]
    kinds[~fine] = ODD
    return Scan(kinds=kinds, digests=found)


def _kdb_at(rows: list[Row], names: list[str], at: int) -> Item:
    return _kdb_item(rows[at], names)


def _kdb_item(row: Row, names: list[str]) -> Item:
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
