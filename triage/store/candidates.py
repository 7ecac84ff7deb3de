"""What may be taken from the queue, as entries of the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from triage.model.ledger import ExhibitFacts, LedgerEntry, OwnerRole, Stage, StatutoryKind
from triage.store import leaserows
from triage.store.ledgertables import ledger

_FACTS = (
    "device_type",
    "offence",
    "risk_band",
    "legal_power",
    "dpn_reference",
    "scope_limits",
    "statutory_on",
    "seized_on",
    "image_path",
    "image_bytes",
    "outsourced",
    "officer",
)
_STAGES = tuple((stage, stage.value.replace("-", "_") + "_s") for stage in Stage)


def candidates(connection: sa.Connection) -> tuple[LedgerEntry, ...]:
    """Give the exhibits that may be taken, by id."""
    found = connection.execute(
        sa.select(ledger)
        .select_from(leaserows.with_lease())
        .where(leaserows.in_queue(), leaserows.is_open())
        .order_by(ledger.c.id)
    ).all()
    devices = _devices(connection)
    return tuple(_entry(row, devices.get(row.case_reference, 1)) for row in found)


def _devices(connection: sa.Connection) -> dict[str, int]:
    """Count the exhibits of each case that are not released."""
    columns = ledger.c
    others = [stage.value for stage in Stage if stage is not Stage.RELEASED]
    counted = connection.execute(
        sa.select(columns.case_reference, sa.func.count())
        .where(columns.stage.in_(others))
        .group_by(columns.case_reference)
    )
    return {case: count for case, count in counted}  # noqa: C416  (rows are no pairs to mypy)


def _entry(row: sa.Row[Any], devices: int) -> LedgerEntry:
    values = row._mapping  # noqa: SLF001  (SQLAlchemy's public name of it)
    entered = {stage: values[name] for stage, name in _STAGES if values[name] != -1}
    facts = ExhibitFacts(
        case=row.case_reference,
        exhibit=row.reference,
        received_s=row.arrived_s,
        owner_role=OwnerRole(row.owner_role),
        statutory_kind=StatutoryKind(row.statutory_kind),
        **{name: values[name] for name in _FACTS},
    )
    return LedgerEntry(
        ledger_id=row.id,
        facts=facts,
        stage=Stage(row.stage),
        entered_s=entered,
        held_s=row.held_s,
        bumped_s=row.bumped_s,
        devices_in_case=devices,
    )
