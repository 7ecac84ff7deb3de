"""Leases: each exhibit of the queue is worked at by exactly one process, and never by none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.ledger import LedgerEntry, Stage
from triage.model.queue import (
    Attempt,
    AttemptEnd,
    ExhibitResult,
    Holder,
    Lease,
    LeaseState,
    LeaseView,
)
from triage.store import leaserows as rows
from triage.store.candidates import candidates
from triage.store.leasing import Leasing
from triage.store.ledgertables import attempts, leases, results
from triage.store.settled import settled

PAGE = 32
"""Exhibits that are looked at in one statement when one is to be taken."""

_STATES_AFTER = {
    AttemptEnd.STOPPED: LeaseState.FREE,
    AttemptEnd.FAILED: LeaseState.FREE,
    AttemptEnd.AWAY: LeaseState.AWAY,
    AttemptEnd.STORE: LeaseState.FREE,
}


class Leases:
    """The leases of one database, by a connection of the caller's own.

    Everything that writes is one transaction, which it commits, or drops where it raises. What
    only reads leaves no transaction open.

    Moments are for people. That a holder is dead is told by its ``beat``, which stands still for
    too long by the clock of the one who looks on; no two clocks are ever compared.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._rows = Leasing(connection)

    def candidates(self) -> tuple[LedgerEntry, ...]:
        """Give the exhibits that may be taken, by id: in the queue, not held back, nobody has them.

        Those whose image was away are among them: it may be back.
        """
        with self._reading():
            return candidates(self._connection)

    def take(self, ledger_ids: Sequence[int], holder: Holder, now_s: int) -> Lease | None:
        """Take the first of some exhibits, in order of preference, that nobody has.

        One that another process is just taking is passed over, without waiting for it. Gives
        ``None`` where none can be taken.
        """
        with self._writing():
            for start in range(0, len(ledger_ids), PAGE):
                page = ledger_ids[start : start + PAGE]
                still = self._rows.still_open(page)
                for ledger_id in page:
                    lease = (
                        self._rows.take(ledger_id, holder, now_s) if ledger_id in still else None
                    )
                    if lease is not None:
                        return lease
        return None

    def beat(self, lease: Lease, now_s: int, seconds: float | None = None) -> bool:
        """Show that the holder lives; ``False`` if the lease is no longer its own.

        Args:
            seconds: work of this attempt so far, which counts if the holder should die.
        """
        with self._writing():
            return self._rows.beat(lease, now_s, seconds)

    def leased(self) -> tuple[LeaseView, ...]:
        """Give the leases that somebody has, by exhibit."""
        asked = rows.views().where(leases.c.state == LeaseState.LEASED.value)
        with self._reading():
            found = self._connection.execute(asked.order_by(leases.c.ledger_id)).all()
        return tuple(rows.view_of(row) for row in found)

    def view(self, ledger_id: int) -> LeaseView | None:
        """Give the lease of an exhibit, ``None`` where it was never taken."""
        asked = rows.views().where(leases.c.ledger_id == ledger_id)
        with self._reading():
            row = self._connection.execute(asked).one_or_none()
        return None if row is None else rows.view_of(row)

    def take_over(
        self, view: LeaseView, holder: Holder, now_s: int, *, limit_failures: int
    ) -> Lease | None:
        """Take the exhibit of a holder that is dead: its beat still is the one that was seen.

        A death that came without any progress counts as a failure. Gives ``None`` where the holder
        lives after all or another process was faster, where the exhibit has failed too often and
        is set aside, and where a person holds it back or has moved it on: it is free then.
        """
        with self._writing():
            exhibit, row = self._rows.locked(view.ledger_id)
            seen = (LeaseState.LEASED.value, view.token, view.beat)
            if row is None or (row.state, row.token, row.beat) != seen:
                return None
            come = settled(self._connection, exhibit.case_reference, exhibit.reference)
            counted = int(come <= row.settled)
            self._rows.close(row, AttemptEnd.LOST, now_s, "its holder was not heard of any more")
            failures = row.failures + counted
            if counted and failures >= limit_failures:
                reason = f"died {_times(failures)} without getting any further"
                self._set_aside(row.ledger_id, failures, f"{reason}; last holder {row.holder}")
                return None
            if not self._rows.is_in_queue(row.ledger_id):
                self._rows.change(row.ledger_id, state=LeaseState.FREE.value, failures=failures)
                return None
            return self._rows.give(exhibit, row, holder, now_s, counted=counted)

    def finish(
        self, lease: Lease, result: ExhibitResult, *, seconds: float, read_bytes: int, now_s: int
    ) -> None:
        """Record a result and give the lease back; the exhibit goes on to its review.

        Repeating it, after an answer of the database was lost, changes nothing.

        Args:
            seconds: work of this attempt; time in the queue is no part of it.

        Raises:
            LeaseLost: another process works at the exhibit by now; nothing is recorded.
        """
        with self._writing():
            exhibit, row, closed = self._rows.claimed(lease, AttemptEnd.DONE)
            if closed:
                return
            self._rows.put_result(lease.ledger_id, result)
            self._rows.close(row, AttemptEnd.DONE, now_s, seconds=seconds, read_bytes=read_bytes)
            self._rows.change(lease.ledger_id, state=LeaseState.DONE.value, failures=0, reason="")
            if exhibit.stage in rows.WORKED:  # else a person has moved it on meanwhile
                self._rows.move(lease.ledger_id, Stage.REVIEW, row.holder, "", now_s)

    def stop(  # noqa: PLR0913  (all that is said of an attempt when it ends)
        self,
        lease: Lease,
        *,
        seconds: float,
        read_bytes: int,
        now_s: int,
        end: AttemptEnd,
        reason: str,
        limit_failures: int,
    ) -> LeaseState:
        """Give a lease back before the exhibit is done, and say what stands of it then.

        Only :attr:`AttemptEnd.FAILED` counts against the exhibit. Repeating it changes nothing.

        Raises:
            LeaseLost: another process works at the exhibit by now; nothing is recorded.
        """
        state = _STATES_AFTER[end]
        failed = end is AttemptEnd.FAILED
        with self._writing():
            _, row, closed = self._rows.claimed(lease, end)
            if closed:
                return LeaseState(row.state)
            self._rows.close(row, end, now_s, reason, seconds=seconds, read_bytes=read_bytes)
            failures = row.failures + failed
            if failed and failures >= limit_failures:
                return self._set_aside(
                    lease.ledger_id, failures, f"failed {_times(failures)}, last: {reason}"
                )
            self._rows.change(lease.ledger_id, state=state.value, failures=failures, reason=reason)
        return state

    def retry(self, ledger_id: int, *, by: str, why: str, now_s: int) -> None:
        """Let an exhibit be taken again that was set aside, failed or is done; a person's act.

        Raises:
            UsageFault: there is no such exhibit, it waits already, or it is being worked at.
        """
        with self._writing():
            self.wait_again(ledger_id, by=by, why=why, now_s=now_s)

    def wait_again(self, ledger_id: int, *, by: str, why: str, now_s: int) -> None:
        """Do what :meth:`retry` does as a part of the caller's transaction, which is not committed.

        Raises:
            UsageFault: as there.
        """
        self._rows.lock_database()
        _, row = self._rows.locked(ledger_id)
        if row is None or (row.state == LeaseState.FREE.value and not row.failures):
            raise UsageFault("the exhibit neither failed nor is it done: it needs no retry")
        if row.state == LeaseState.LEASED.value:
            raise UsageFault(f"the exhibit is being worked at by {row.holder}")
        self._rows.change(ledger_id, state=LeaseState.FREE.value, failures=0, reason="")
        self._rows.move(ledger_id, Stage.QUEUED, by, why, now_s)

    def attempts(self, *, since_s: int = 0, ledger_id: int | None = None) -> tuple[Attempt, ...]:
        """Give the attempts that run or have ended since a moment, in the order they began."""
        columns = attempts.c
        asked = rows.all_attempts().where((columns.ended_s >= since_s) | (columns.ended_s == -1))
        if ledger_id is not None:
            asked = asked.where(columns.ledger_id == ledger_id)
        with self._reading():
            return tuple(rows.attempt_of(row) for row in self._connection.execute(asked).all())

    def result_of(self, ledger_id: int) -> ExhibitResult | None:
        """Give the last result of an exhibit."""
        asked = rows.all_results().where(results.c.ledger_id == ledger_id)
        with self._reading():
            row = self._connection.execute(asked).one_or_none()
        return None if row is None else rows.result_of(row)

    def results_since(self, since_s: int) -> tuple[tuple[str, str, ExhibitResult], ...]:
        """Give case, exhibit and result of what was done since a moment, in that order."""
        asked = rows.all_results().where(results.c.done_s >= since_s)
        with self._reading():
            found = self._connection.execute(asked).all()
        return tuple((row.case_name, row.exhibit_name, rows.result_of(row)) for row in found)

    def guard(self, lease: Lease) -> None:
        """Hold the lease until the transaction ends, in which something was written under it.

        Who would take it over waits for this transaction; who has done so before is seen here.

        Raises:
            LeaseLost: the lease is not ours any more: nothing of this transaction may stay.
        """
        self._rows.lock_database()
        self._rows.hold(lease)

    def _set_aside(self, ledger_id: int, failures: int, reason: str) -> LeaseState:
        state = LeaseState.SET_ASIDE
        self._rows.change(ledger_id, state=state.value, failures=failures, reason=reason)
        return state

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Commit what is written here, or nothing of it."""
        try:
            self._rows.lock_database()
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Leave no transaction open that was not there before."""
        was_open = self._connection.in_transaction()
        yield
        if not was_open:
            self._connection.rollback()


def _times(failures: int) -> str:
    return "once" if failures == 1 else f"{failures} times"
