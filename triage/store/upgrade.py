"""Brings case databases of earlier versions up to date, in place, when they are opened."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from triage.store.ledgertables import ledger
from triage.store.tables import contents, entries, in_hand, schema_version


def _extents(connection: sa.Connection) -> None:
    """Add the places of contents; entries listed before have none, and are read without them."""
    _add(connection, entries.c.extents)
    index = next(one for one in entries.indexes if one.name == "entries_by_content")
    index.drop(connection, checkfirst=True)
    index.create(connection)


def _in_hand(connection: sa.Connection) -> None:
    """Move what stood in each entry, whether a worker had it in hand, to a table of its own."""
    in_hand.create(connection, checkfirst=True)
    names = {one["name"] for one in sa.inspect(connection).get_columns("entries")}
    if "in_hand" not in names:
        return
    found: dict[int, list[int]] = {}
    marked = "SELECT evidence_id, id FROM entries WHERE in_hand AND state = 'pending' ORDER BY id"
    for evidence_id, entry_id in connection.execute(sa.text(marked)):
        found.setdefault(evidence_id, []).append(entry_id)
    connection.execute(sa.delete(in_hand))
    for evidence_id, ids in found.items():
        words = json.dumps(ids, separators=(",", ":"))
        connection.execute(in_hand.insert().values(evidence_id=evidence_id, entries=words))
    connection.execute(sa.text("ALTER TABLE entries DROP COLUMN in_hand"))


def _turned(connection: sa.Connection) -> None:
    """Add the hashes of turned pictures; those decoded before have none, and the result says so."""
    _add(connection, contents.c.turned)


def _ledger(connection: sa.Connection) -> None:
    """Add the exhibits ledger and the queue."""
    ledger.metadata.create_all(connection)


def _add(connection: sa.Connection, column: sa.Column[Any]) -> None:
    """Add a column that may be there already."""
    ddl = connection.dialect.ddl_compiler(connection.dialect, None)  # type: ignore[arg-type]
    names = {one["name"] for one in sa.inspect(connection).get_columns(column.table.name)}
    if column.name not in names:
        table = connection.dialect.identifier_preparer.format_table(column.table)
        words = ddl.get_column_specification(column)
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {words}"))


UPGRADES = {1: _extents, 2: _in_hand, 3: _turned, 4: _ledger}
"""From a version to the next one."""


def bring_up_to_date(connection: sa.Connection, version: int) -> int:
    """Give the version that the database then has; all or nothing is changed."""
    while version in UPGRADES:
        UPGRADES[version](connection)
        version += 1
    connection.execute(sa.update(schema_version).values(version=version))
    connection.commit()
    return version
