"""The whole ledger in columns, as metrics take it, and why single exhibits wait."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from functools import reduce
from itertools import compress
from operator import add
from typing import Any

import sqlalchemy as sa

from triage.model.history import CHANGES, COLUMNS, History
from triage.model.ledger import OrderKind, Stage
from triage.model.queue import LeaseState
from triage.store.ledgertables import leases, ledger, queue_orders, results, stage_changes

_RENAMED = {"case": "case_reference", "exhibit": "reference", "received_s": "arrived_s"}
_PAGE = 200
"""Rows fetched at a time: turned into columns while they are still near the processor."""
_STAGES = tuple(ledger.c[f"{stage.value.replace('-', '_')}_s"] for stage in Stage)


class Histories:
    """The history of all exhibits of a database."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def history(self, *, since_s: int = 0) -> History:
        """Give all exhibits in the order in which they were entered.

        Args:
            since_s: leave out those that were released, and have their result, before this moment;
                they are counted.
        """
        query = sa.select(ledger.c.id, *map(_column, COLUMNS)).select_from(
            ledger.outerjoin(results, results.c.ledger_id == ledger.c.id)
        )
        if since_s > 0:
            query = query.where(_since(since_s) | (results.c.done_s >= since_s))
        ids, *columns = self._columns(query.order_by(ledger.c.id), "q" + _CODES)
        every = self._connection.scalar(sa.select(sa.func.count()).select_from(ledger))
        return History(
            dict(zip(COLUMNS, columns, strict=True)),
            self._again(ids, since_s),
            earlier=max(int(every or 0) - len(ids), 0),
        )

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

    def _again(self, known: Sequence[int], since_s: int) -> dict[str, Sequence[Any]]:
        """Give the changes of exhibits of which the last entries into stages do not tell all.

        Those with more changes than stages entered, and those that entered the first stage later
        than they were received.

        Args:
            known: ids by row; an exhibit that was entered meanwhile is left for the next time.
        """
        changes = stage_changes.c
        counted = (
            sa.select(sa.func.count()).where(changes.ledger_id == ledger.c.id).scalar_subquery()
        )
        entered = reduce(add, (sa.case((one >= 0, 1), else_=0) for one in _STAGES))
        since = ledger.c.received_s
        again = (counted > entered) | ((since >= 0) & (since != ledger.c.arrived_s))
        ids = sa.select(ledger.c.id).where(_since(since_s) if since_s > 0 else sa.true(), again)
        query = (
            sa.select(changes.ledger_id, changes.stage, changes.at_s)
            .where(changes.ledger_id.in_(ids))
            .order_by(changes.ledger_id, changes.id)
        )
        found = self._columns(query, "qwq")
        row_of = {one: row for row, one in enumerate(known)} if found[0] else {}
        there = [one in row_of for one in found[0]]
        kept = [list(compress(column, there)) for column in found]
        return dict(zip(CHANGES, ([row_of[one] for one in kept[0]], *kept[1:]), strict=True))

    def _columns(self, query: sa.Select[Any], codes: str) -> list[Any]:
        """Give the columns of a query, as the driver has them.

        Args:
            codes: of each column, ``q`` whole numbers, ``d`` figures, which take eight bytes each;
                ``w`` words.
        """
        compiled = query.compile(self._connection, compile_kwargs={"literal_binds": True})
        columns: list[Any] = [[] if code == "w" else array(code) for code in codes]
        with self._connection.exec_driver_sql(str(compiled)) as result:
            while result.cursor is not None and (rows := result.cursor.fetchmany(_PAGE)):
                for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                    _extend(column, values)
        return columns


def _extend(column: Any, values: tuple[Any, ...]) -> None:  # noqa: ANN401  (a list or an array)
    """Add a page to a column, what is not there as it stands for it."""
    words = isinstance(column, list)
    if None in values:
        values = tuple(("" if words else -1) if one is None else one for one in values)
    if words:
        column.extend(values)
    else:
        # Eight times as fast as ``column.extend``, which takes one after the other.
        column.frombytes(struct.pack(f"{len(values)}{column.typecode}", *values))


def _since(since_s: int) -> sa.ColumnElement[bool]:
    """Choose exhibits that may have been open at or after a moment."""
    own = ledger.c
    return sa.or_(
        own.stage != Stage.RELEASED.value,
        own.released_s < 0,
        own.released_s >= since_s,
        own.arrived_s >= since_s,
    )


def _column(name: str) -> sa.ColumnElement[Any]:
    """Give a column of the history by its name."""
    own = _RENAMED.get(name, name)
    if own in ledger.c:
        return ledger.c[own]
    column: sa.ColumnElement[Any] = results.c[name]
    return column


_FIGURES = frozenset({"seconds"})
_WORDS = frozenset(
    {"case", "exhibit", "device_type", "owner_role", "offence", "risk_band"}
    | {"statutory_on", "seized_on", "stage", "colour"}
)
_CODES = "".join("d" if one in _FIGURES else "w" if one in _WORDS else "q" for one in COLUMNS)
