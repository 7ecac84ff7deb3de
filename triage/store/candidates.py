"""What may be taken from the queue, as entries of the ledger."""

from __future__ import annotations

import sqlalchemy as sa

from triage.model.ledger import LedgerEntry, Stage
from triage.store import leaserows
from triage.store.ledgerrows import ENTRY, entry_of
from triage.store.ledgertables import ledger

_WORKING = tuple(stage.value for stage in Stage if stage is not Stage.RELEASED)


def candidates(connection: sa.Connection) -> tuple[LedgerEntry, ...]:
    """Give the exhibits that may be taken, by id."""
    asked = sa.select(*ENTRY).select_from(leaserows.with_lease())
    asked = asked.where(leaserows.in_queue(), leaserows.is_open()).order_by(ledger.c.id)
    found = connection.execute(asked).all()
    devices = _devices(connection) if found else {}
    return tuple(entry_of(row, devices[row.case_reference]) for row in found)


def _devices(connection: sa.Connection) -> dict[str, int]:
    """Count the exhibits of each case that are not released, by their index."""
    columns = ledger.c
    counted = sa.select(columns.case_reference, sa.func.count()).group_by(columns.case_reference)
    asked = counted.where(columns.stage.in_(_WORKING))
    return {row[0]: int(row[1]) for row in connection.execute(asked)}
