"""The whole ledger in columns, as metrics take it, and why single exhibits wait."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import sqlalchemy as sa

from triage.model.history import CHANGES, COLUMNS, History
from triage.model.ledger import OrderKind, Stage
from triage.model.queue import LeaseState
from triage.store.ledgertables import leases, ledger, queue_orders, results, stage_changes

_RENAMED = {"case": "case_reference", "exhibit": "reference", "received_s": "arrived_s"}
_NO_RESULT = {"colour": "", "seconds": -1.0}
_STAGES = tuple(ledger.c[f"{stage.value.replace('-', '_')}_s"] for stage in Stage)


class Histories:
    """The history of all exhibits of a database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def history(self) -> History:
        """Give all exhibits in the order in which they were entered."""
        query = sa.select(ledger.c.id, *map(_column, COLUMNS)).select_from(
            ledger.outerjoin(results, results.c.ledger_id == ledger.c.id)
        )
        rows = self._raw(query.order_by(ledger.c.id))
        ids, *columns = _columns(rows, 1 + len(COLUMNS))
        return History(dict(zip(COLUMNS, columns, strict=True)), self._again(ids))

    def remarks(self, case: str, exhibit: str) -> tuple[str, ...]:
        """Tell what people and batches said of why an exhibit waits, in words as they were given.

        Who holds it and why, why it was put before others, and why it was set aside or could not
        be worked; nothing of what is over.
        """
        chosen = sa.select(ledger.c.id, ledger.c.held_s, ledger.c.bumped_s).where(
            ledger.c.case_reference == case, ledger.c.reference == exhibit
        )
        row = self._connection.execute(chosen).one_or_none()
        if row is None:
            return ()
        found = []
        for kind, since_s, words in (
            (OrderKind.HOLD, row.held_s, "held by"),
            (OrderKind.BUMP, row.bumped_s, "put first by"),
        ):
            order = self._last_order(row.id, kind) if since_s >= 0 else None
            if order is not None:
                found.append(f"{words} {order.by}: {order.why}")
        return (*found, *self._trouble(row.id))

    def _last_order(self, ledger_id: int, kind: OrderKind) -> Any:  # noqa: ANN401  (a row has the columns it was asked for)
        columns = queue_orders.c
        chosen = sa.select(columns.by, columns.why).where(
            columns.ledger_id == ledger_id, columns.kind == kind.value
        )
        return self._connection.execute(chosen.order_by(columns.id.desc()).limit(1)).first()

    def _trouble(self, ledger_id: int) -> list[str]:
        chosen = sa.select(leases.c.state, leases.c.reason).where(leases.c.ledger_id == ledger_id)
        row = self._connection.execute(chosen).one_or_none()
        if row is None or row.state not in {LeaseState.SET_ASIDE, LeaseState.AWAY}:
            return []
        words = "set aside" if row.state == LeaseState.SET_ASIDE else "its image is away"
        return [f"{words}: {row.reason}" if row.reason else words]

    def _again(self, known: Sequence[int]) -> dict[str, list[Any]]:
        """Give the changes of exhibits of which the last entries into stages do not tell all.

        Those with more changes than stages entered, and those that entered the first stage later
        than they were received.

        Args:
            known: ids by row; an exhibit that was entered meanwhile is left for the next time.
        """
        changes = stage_changes.c
        counted = (
            sa.select(changes.ledger_id, sa.func.count().label("changes"))
            .group_by(changes.ledger_id)
            .subquery()
        )
        entered = reduce(add, (sa.case((one >= 0, 1), else_=0) for one in _STAGES))
        since = ledger.c.received_s
        chosen = (
            sa.select(ledger.c.id)
            .join(counted, counted.c.ledger_id == ledger.c.id)
            .where((counted.c.changes > entered) | ((since >= 0) & (since != ledger.c.arrived_s)))
        )
        query = (
            sa.select(changes.ledger_id, changes.stage, changes.at_s)
            .where(changes.ledger_id.in_(chosen))
            .order_by(changes.ledger_id, changes.id)
        )
        found = self._raw(query)
        row_of = {one: row for row, one in enumerate(known)} if found else {}
        values = [(row_of[one], *rest) for one, *rest in found if one in row_of]
        return dict(zip(CHANGES, map(list, _columns(values, 3)), strict=True))

    def _raw(self, query: sa.Select[Any]) -> list[Any]:
        """Give rows as the driver has them: a hundred thousand in a third of the time."""
        compiled = query.compile(self._connection, compile_kwargs={"literal_binds": True})
        with self._connection.exec_driver_sql(str(compiled)) as result:
            cursor = result.cursor
            return [] if cursor is None else list(cursor.fetchall())


def _column(name: str) -> sa.ColumnElement[Any]:
    """Give a column of the history by its name."""
    own = _RENAMED.get(name, name)
    if own in ledger.c:
        return ledger.c[own]
    nothing = _NO_RESULT.get(name, -1)
    return sa.func.coalesce(results.c[name], nothing)


def _columns(rows: list[Any], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
