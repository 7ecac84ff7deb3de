"""Kinds of columns as migrations name them: written down once, whatever the tables become later."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

WORDS = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
"""Text that is sorted by its bytes."""

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def add(table: str, column: sa.Column[Any]) -> None:
    """Add a column that may be there: early versions were changed step by step, not as a whole."""
    if column.name not in columns(table):
        op.add_column(table, column)


def columns(table: str) -> set[str]:
    """Give the names of the columns that there are."""
    return {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}


def keep(table: str) -> None:
    """Have the database refuse changes of rows; the function of PostgreSQL came with version 5."""
    why = "is appended to only: its rows are neither changed nor deleted"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION appended_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} {why}'); END"
        )
