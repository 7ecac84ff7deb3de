"""Has the database itself refuse to change or delete what is only ever appended to."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_WHY = "is appended to only: its rows are neither changed nor deleted"

_FUNCTION = f"""
CREATE OR REPLACE FUNCTION appended_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' {_WHY}', ERRCODE = 'restrict_violation';
END
$$
"""


def keep(table: sa.Table) -> None:
    """Have a table made with what keeps its rows as they were written."""
    sa.event.listen(table, "after_create", _guard)


def _guard(target: sa.Table, connection: sa.Connection, **_: Any) -> None:  # noqa: ANN401  (SQLAlchemy's signature)
    for statement in statements(connection.dialect.name, target.name):
        connection.exec_driver_sql(statement)


def statements(dialect: str, table: str) -> tuple[str, ...]:
    """Give what is to be run for a table that exists."""
    if dialect == "postgresql":
        trigger = (
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION appended_only()"
        )
        return _FUNCTION, trigger
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} {_WHY}'); END"
        for verb in ("UPDATE", "DELETE")
    )
