"""Brings case databases of earlier versions up to date, in place, when they are opened."""

from __future__ import annotations

import sqlalchemy as sa

from triage.store.tables import entries, schema_version


def _extents(connection: sa.Connection) -> None:
    """Add the places of contents; entries listed before have none, and are read without them."""
    preparer = connection.dialect.identifier_preparer
    ddl = connection.dialect.ddl_compiler(connection.dialect, None)  # type: ignore[arg-type]
    column = ddl.get_column_specification(entries.c.extents)
    names = {one["name"] for one in sa.inspect(connection).get_columns("entries")}
    if "extents" not in names:
        table = preparer.format_table(entries)
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    index = next(one for one in entries.indexes if one.name == "entries_by_content")
    index.drop(connection, checkfirst=True)
    index.create(connection)


UPGRADES = {1: _extents}
"""From a version to the next one."""


def bring_up_to_date(connection: sa.Connection, version: int) -> int:
    """Give the version that the database then has; all or nothing is changed."""
    while version in UPGRADES:
        UPGRADES[version](connection)
        version += 1
    connection.execute(sa.update(schema_version).values(version=version))
    connection.commit()
    return version
