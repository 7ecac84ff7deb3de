"""What is written for a lease, row by row, inside a transaction of :mod:`triage.store.leases`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triage.errors import LeaseLost, UsageFault
from triage.model.display import printable
from triage.model.ledger import Stage
from triage.model.queue import AttemptEnd, ExhibitResult, Holder, Lease, LeaseState
from triage.store import leaserows as rows
from triage.store.ledgertables import attempts, leases, ledger, results, stage_changes
from triage.store.settled import settled

Row = Any
"""A row of ``leases`` or ``ledger`` as it stands once it is locked."""


class Leasing:
    """The rows of leases; each method writes one step, and commits nothing.

    The row of the ledger is locked first, then that of the lease, so that two transactions never
    wait for each other. SQLite locks the database as a whole.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock_database(self) -> None:
        """Have the write lock before anything is read, where there is one for all.

        A statement that changes no row takes it as well, and waits for it as long as is set; a
        transaction that has read before would be refused at once.
        """
        if self._connection.dialect.name == "sqlite":
            none = sa.update(leases).where(leases.c.ledger_id == -1)
            self._connection.execute(none.values(token=leases.c.token))

    def locked(self, ledger_id: int) -> tuple[Row, Row | None]:
        """Lock an exhibit and its lease, and give both rows, the second if there is one.

        Raises:
            UsageFault: there is no such exhibit.
        """
        asked = sa.select(ledger).where(ledger.c.id == ledger_id)
        exhibit = self._connection.execute(
            asked.with_for_update(key_share=True)  # others may go on to refer to the row
        ).one_or_none()
        if exhibit is None:
            raise UsageFault(f"there is no line {ledger_id} in the ledger")
        return exhibit, self._lease(ledger_id)

    def still_open(self, page: Sequence[int]) -> set[int]:
        """Tell which exhibits can be taken, as far as is seen without locking them."""
        asked = sa.select(ledger.c.id).select_from(rows.with_lease())
        asked = asked.where(ledger.c.id.in_(page), rows.in_queue(), rows.is_open())
        return set(self._connection.execute(asked).scalars())

    def is_in_queue(self, ledger_id: int) -> bool:
        """Tell whether an exhibit may be worked at, by the ledger."""
        asked = sa.select(ledger.c.id).where(ledger.c.id == ledger_id, rows.in_queue())
        return self._connection.execute(asked).scalar() is not None

    def take(self, ledger_id: int, holder: Holder, now_s: int) -> Lease | None:
        """Take an exhibit, unless another process has it, or just has its row in hand."""
        asked = sa.select(ledger).where(ledger.c.id == ledger_id, rows.in_queue())
        exhibit = self._connection.execute(
            asked.with_for_update(key_share=True, skip_locked=True)
        ).one_or_none()
        if exhibit is None or not self.still_open([ledger_id]):  # asked anew, under the lock
            return None
        return self.give(exhibit, self._lease(ledger_id), holder, now_s, counted=0)

    def give(
        self, exhibit: Row, former: Row | None, holder: Holder, now_s: int, *, counted: int
    ) -> Lease:
        """Write a new lease of an exhibit and open the attempt.

        Args:
            counted: failures that come to those of the former lease.
        """
        token = 1 if former is None else former.token + 1
        failures = counted + (0 if former is None else former.failures)
        come = settled(self._connection, exhibit.case_reference, exhibit.reference)
        held: rows.Values = {"holder": holder.name, "host": holder.host, "pid": holder.pid}
        held |= {"state": LeaseState.LEASED.value, "token": token, "beat": 0, "reason": ""}
        held |= {"taken_s": now_s, "beaten_s": now_s, "failures": failures, "settled": come}
        if former is None:
            self._connection.execute(leases.insert().values(ledger_id=exhibit.id, **held))
        else:
            self.change(exhibit.id, **held)
        attempt: rows.Values = {"ledger_id": exhibit.id, "token": token, "holder": holder.name}
        attempt |= {"started_s": now_s, "end": AttemptEnd.RUNNING.value}
        self._connection.execute(attempts.insert().values(attempt))
        if exhibit.stage != Stage.TRIAGE:
            self.move(exhibit.id, Stage.TRIAGE, holder.name, "", now_s)
        return rows.lease_of(exhibit, token, failures, come)

    def beat(self, lease: Lease, now_s: int, seconds: float | None) -> bool:
        """Raise the beat of a lease, if it is still ours."""
        beaten = self._connection.execute(
            sa.update(leases)
            .where(rows.is_ours(lease))
            .values(beat=leases.c.beat + 1, beaten_s=now_s)
        ).rowcount
        if beaten and seconds is not None:
            of_lease = _attempt(lease.ledger_id, lease.token)
            self._connection.execute(sa.update(attempts).where(of_lease).values(seconds=seconds))
        return bool(beaten)

    def hold(self, lease: Lease) -> None:
        """Keep others from taking a lease over until the transaction ends.

        Raises:
            LeaseLost: somebody has done so before.
        """
        asked = sa.select(leases.c.token).where(rows.is_ours(lease))
        if self._connection.execute(asked.with_for_update(read=True)).scalar() is None:
            raise _lost(lease)

    def claimed(self, lease: Lease, end: AttemptEnd) -> tuple[Row, Row, bool]:
        """Lock the exhibit of a lease that is ours, or whose attempt has ended so already.

        Returns:
            both rows, and whether it has.

        Raises:
            LeaseLost: the lease is not ours any more.
        """
        exhibit, row = self.locked(lease.ledger_id)
        if row is None:
            raise _lost(lease)
        if (row.token, row.state) == (lease.token, LeaseState.LEASED.value):
            return exhibit, row, False
        asked = sa.select(attempts.c.end).where(_attempt(lease.ledger_id, lease.token))
        if self._connection.execute(asked).scalar() != end.value:
            raise _lost(lease)
        return exhibit, row, True

    def close(
        self, row: Row, end: AttemptEnd, now_s: int, reason: str = "", **figures: float
    ) -> None:
        """Close the attempt of a lease."""
        closed: rows.Values = {"ended_s": now_s, "end": end.value, "reason": reason, **figures}
        of_lease = _attempt(row.ledger_id, row.token)
        self._connection.execute(sa.update(attempts).where(of_lease).values(closed))

    def change(self, ledger_id: int, **values: object) -> None:
        """Write columns of a lease."""
        of_exhibit = leases.c.ledger_id == ledger_id
        self._connection.execute(sa.update(leases).where(of_exhibit).values(**values))

    def put_result(self, ledger_id: int, result: ExhibitResult) -> None:
        """Write the result of an exhibit in place of an earlier one."""
        self._connection.execute(sa.delete(results).where(results.c.ledger_id == ledger_id))
        values = rows.result_values(ledger_id, result)
        self._connection.execute(results.insert().values(values))

    def move(self, ledger_id: int, stage: Stage, by: str, why: str, now_s: int) -> None:
        """Append a change of stage, and let the ledger say it.

        The moment is taken as it is: a machine whose clock is wrong has to go on all the same.
        """
        changed: rows.Values = {"ledger_id": ledger_id, "stage": stage.value, "by": by, "why": why}
        changed |= {"at_s": now_s, "recorded_s": now_s}
        self._connection.execute(stage_changes.insert().values(changed))
        entered = {"stage": stage.value, stage.value.replace("-", "_") + "_s": now_s}
        of_exhibit = ledger.c.id == ledger_id
        self._connection.execute(sa.update(ledger).where(of_exhibit).values(entered))

    def _lease(self, ledger_id: int) -> Row | None:
        asked = sa.select(leases).where(leases.c.ledger_id == ledger_id)
        return self._connection.execute(asked.with_for_update()).one_or_none()


def _attempt(ledger_id: int, token: int) -> sa.ColumnElement[bool]:
    return sa.and_(attempts.c.ledger_id == ledger_id, attempts.c.token == token)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        f"{printable(lease.case)} {printable(lease.exhibit)}: the lease was lost, "
        "nothing more is written under it",
        hint="Another process goes on with the exhibit from what was written before.",
    )
