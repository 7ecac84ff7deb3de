"""Holds and bumps: what people say of an exhibit's place in the queue, appended only."""

from __future__ import annotations

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import OrderKind, QueueOrder
from triage.model.queue import LeaseView
from triage.store import leaserows
from triage.store.ledgertables import ledger, queue_orders

_NOT = -1
_COLUMNS = {
    OrderKind.HOLD: ("held_s", True),
    OrderKind.RELEASE: ("held_s", False),
    OrderKind.BUMP: ("bumped_s", True),
    OrderKind.UNBUMP: ("bumped_s", False),
}
"""Which column of ``ledger`` an order sets, and whether it begins or ends something."""

_REFUSED = {
    OrderKind.HOLD: "is held already",
    OrderKind.RELEASE: "is not held",
    OrderKind.BUMP: "goes before all others already",
    OrderKind.UNBUMP: "does not go before all others",
}


class Orders:
    """Orders of people in the database; nothing is kept before the caller commits."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def order(self, ledger_id: int, kind: OrderKind, *, by: str, why: str, now_s: int) -> None:
        """Write an order down, and what stands since then, in one transaction.

        Args:
            ledger_id: the exhibit.
            kind: what is said of its place.
            by: who says so; ``why``: the reason. Neither may be empty.
            now_s: seconds since 1970 UTC.

        Raises:
            UsageFault: nobody or no reason is named, there is no such exhibit, or it stands so
                already; it says who brought it there.
        """
        if not by.strip() or not why.strip():
            raise UsageFault(f"{kind}: who says so and why have to be named")
        name, begins = _COLUMNS[kind]
        column = ledger.c[name]
        # Asked and written in one statement: of two who hold at the same moment one is refused.
        written = self._connection.execute(
            sa.update(ledger)
            .where(ledger.c.id == ledger_id, column == _NOT if begins else column != _NOT)
            .values({name: now_s if begins else _NOT})
        )
        if written.rowcount != 1:
            raise self._refused(ledger_id, kind)
        values = {"ledger_id": ledger_id, "kind": str(kind), "at_s": now_s, "by": by, "why": why}
        self._connection.execute(sa.insert(queue_orders).values(values))

    def orders_of(self, ledger_id: int) -> tuple[QueueOrder, ...]:
        """Give all orders on an exhibit in the order in which they were given."""
        found = self._connection.execute(
            sa.select(queue_orders)
            .where(queue_orders.c.ledger_id == ledger_id)
            .order_by(queue_orders.c.id)
        )
        return tuple(map(_order, found))

    def holds(self) -> dict[int, QueueOrder]:
        """Give the hold that stands for each exhibit that is held, by its id in the ledger."""
        return self._last(OrderKind.HOLD)

    def bumps(self) -> dict[int, QueueOrder]:
        """Give the bump that stands for each exhibit that goes before all others."""
        return self._last(OrderKind.BUMP)

    def leases(self) -> dict[int, LeaseView]:
        """Give the leases of what stands at a stage of the queue, by its id in the ledger."""
        stages = [one.value for one in leaserows.WORKED]
        found = self._connection.execute(leaserows.views().where(ledger.c.stage.in_(stages)))
        return {row.ledger_id: leaserows.view_of(row) for row in found}

    def _last(self, kind: OrderKind) -> dict[int, QueueOrder]:
        standing = sa.select(ledger.c.id).where(ledger.c[_COLUMNS[kind][0]] != _NOT)
        last = (
            sa.select(sa.func.max(queue_orders.c.id))
            .where(queue_orders.c.ledger_id.in_(standing), queue_orders.c.kind == str(kind))
            .group_by(queue_orders.c.ledger_id)
        )
        found = self._connection.execute(sa.select(queue_orders).where(queue_orders.c.id.in_(last)))
        return {row.ledger_id: _order(row) for row in found}

    def _refused(self, ledger_id: int, kind: OrderKind) -> UsageFault:
        row = self._connection.execute(
            sa.select(ledger.c.case_reference, ledger.c.reference).where(ledger.c.id == ledger_id)
        ).one_or_none()
        if row is None:
            return UsageFault(f"the ledger has no exhibit of number {ledger_id}")
        words = f"{printable(row.reference)} of {printable(row.case_reference)} {_REFUSED[kind]}"
        column, begins = _COLUMNS[kind]
        before = (self.holds() if column == "held_s" else self.bumps()).get(ledger_id)
        if begins and before is not None:
            words += f", by {printable(before.by)}: {printable(before.why)}"
        return UsageFault(words)


def _order(row: sa.Row[tuple[object, ...]]) -> QueueOrder:
    return QueueOrder(kind=OrderKind(row.kind), at_s=row.at_s, by=row.by, why=row.why)
