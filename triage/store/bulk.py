"""Runs one statement for many rows as cheaply as the driver takes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from triage.model.packing import COLUMNS
from triage.store import rows, tables, together

Values = tuple[Any, ...]

LISTED = ("evidence_id", "volume_id", *COLUMNS, "state", "reason")
"""The columns that a new entry is given, in order; all others say that nothing was done yet."""

NAMED = 2_000
"""Rows that are named in one statement, at most."""

_CONTENT_WORDS = (
    "picture_reason",
    "picture_detail",
    "category",
    "original_code",
    "scheme",
    "grade_reason",
    "conflict",
)


def insert_of(dialect: str) -> Any:  # noqa: ANN401  (each dialect has a class of its own)
    """Give what makes an INSERT of a dialect, which can leave rows that are there."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (a tenth of a second, rare)

        return postgresql.insert
    return sqlite.insert


Statement = sa.Insert | sa.Update


def run(
    connection: sa.Connection, statement: Statement, names: Sequence[str], rows: list[Values]
) -> None:
    """Run a statement for rows of values in the order of ``names``, its bound parameters.

    SQLite takes the rows as they are: blobs best as ``bytearray`` and truth as 0 or 1, for its
    driver looks up an adapter for every other kind of value, which costs more than the value.
    PostgreSQL takes them together.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        together.run(connection, statement, names, rows)
        return
    sql, order = _compiled(statement, connection.dialect, tuple(names))
    if order is not None:
        arrange = itemgetter(*order)
        rows = [arrange(row) for row in rows]
    connection.exec_driver_sql(sql, rows)


def known_contents(
    connection: sa.Connection, exhibit_id: int, digests: Sequence[bytes]
) -> list[bytes]:
    """Give those of the SHA-256 that an exhibit has a content for."""
    found: list[bytes] = []
    column = tables.contents.c
    for start in range(0, len(digests), NAMED):
        part = digests[start : start + NAMED]
        if connection.dialect.name == "sqlite":
            marks = ",".join("?" * len(part))
            result = connection.exec_driver_sql(
                f"SELECT sha256 FROM contents WHERE exhibit_id = ? AND sha256 IN ({marks})",  # noqa: S608  (marks)
                (exhibit_id, *map(bytearray, part)),
            )
        else:
            result = connection.execute(
                sa.select(column.sha256).where(
                    column.exhibit_id == exhibit_id, column.sha256.in_(part)
                )
            )
        found += result.scalars()
    return found


@lru_cache(maxsize=64)
def _compiled(
    statement: Statement, dialect: sa.Dialect, names: tuple[str, ...]
) -> tuple[str, tuple[int, ...] | None]:
    """Give the text of a statement, and how values are to be arranged for it."""
    element: Any = statement
    compiled = element.compile(dialect=dialect)
    order = tuple(names.index(name) for name in compiled.positiontup)
    return str(compiled), None if order == tuple(range(len(names))) else order


@cache
def insert_listed(dialect: str, *, in_container: bool) -> Statement:
    """Give the statement that adds listed entries and leaves those that are there."""
    names = (*LISTED, "container_id") if in_container else LISTED
    fresh: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in names}
    for name in ("opened", "damaged"):
        fresh[name] = sa.false()
    for name in ("mime", "family"):
        fresh[name] = sa.literal_column("''")
    statement: Statement = insert_of(dialect)(tables.entries).values(fresh).on_conflict_do_nothing()
    return statement


@cache
def insert_contents(dialect: str) -> Statement:
    """Give the statement that adds contents and leaves those that are there."""
    fresh: dict[str, Any] = {name.removeprefix("new_"): sa.bindparam(name) for name in rows.CONTENT}
    fresh["standing"] = sa.literal_column("'unknown'")
    for name in _CONTENT_WORDS:
        fresh[name] = sa.literal_column("''")
    statement: Statement = (
        insert_of(dialect)(tables.contents).values(fresh).on_conflict_do_nothing()
    )
    return statement


@cache
def mark_opened() -> Statement:
    """Give the statement that marks archives as opened."""
    return (
        sa.update(tables.entries)
        .where(tables.entries.c.id == sa.bindparam("of_id"))
        .values(opened=sa.true())
    )


@cache
def finish_done() -> Statement:
    """Give the statement that records digested entries."""
    return _finish(rows.DONE, state="'digested'", reason="''", detail="''")


@cache
def finish_undone() -> Statement:
    """Give the statement that records entries that were skipped or failed."""
    fixed = {"sha256": "NULL", "mime": "''", "family": "''", "extension_agrees": "NULL"}
    return _finish(rows.UNDONE, **fixed)


def _finish(names: tuple[str, ...], **fixed: str) -> Statement:
    fresh: dict[str, Any] = {name.removeprefix("new_"): sa.bindparam(name) for name in names}
    fresh |= {name: sa.literal_column(words) for name, words in fixed.items()}
    fresh.setdefault("damaged", sa.false())
    return (
        sa.update(tables.entries).where(tables.entries.c.id == sa.bindparam("of_id")).values(fresh)
    )


@cache
def update_contents(names: tuple[str, ...]) -> Statement:
    """Give the statement that changes columns of contents named by exhibit and SHA-256."""
    columns = tables.contents.c
    return (
        sa.update(tables.contents)
        .where(
            columns.exhibit_id == sa.bindparam("of_exhibit_id"),
            columns.sha256 == sa.bindparam("of_sha256"),
        )
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
