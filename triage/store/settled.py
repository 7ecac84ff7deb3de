"""How far an exhibit has come, as one number that only grows while it is worked at."""

from __future__ import annotations

import sqlalchemy as sa

from triage.store.tables import cases, contents, entries, evidence, exhibits, volumes


def settled(connection: sa.Connection, case: str, exhibit: str) -> int:
    """Count what is settled of an exhibit: 0 where it is not known yet.

    Listed entries, those of them that are not pending, listed volumes, and contents whose picture
    waits no longer. Entries are counted by indexes alone: all of them, less the pending ones.
    """
    exhibit_id = connection.execute(
        sa.select(exhibits.c.id)
        .join(cases, cases.c.id == exhibits.c.case_id)
        .where(cases.c.reference == case, exhibits.c.reference == exhibit)
    ).scalar()
    if exhibit_id is None:
        return 0
    ids = connection.execute(
        sa.select(evidence.c.id).where(evidence.c.exhibit_id == exhibit_id)
    ).scalars()
    count = 0
    for one in ids.all():
        listed = _count(connection, entries, entries.c.evidence_id == one)
        pending = _count(
            connection, entries, (entries.c.evidence_id == one) & (entries.c.state == "pending")
        )
        walked = (volumes.c.evidence_id == one) & volumes.c.listed
        count += 2 * listed - pending + _count(connection, volumes, walked)
    decoded = (contents.c.exhibit_id == exhibit_id) & (contents.c.picture_state != "pending")
    return count + _count(connection, contents, decoded)


def _count(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    """Count rows of one evidence item or exhibit."""
    statement = sa.select(sa.func.count()).select_from(table).where(where)
    return int(connection.execute(statement).scalar_one())
