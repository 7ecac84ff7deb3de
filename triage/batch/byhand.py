"""A run by hand of an exhibit that stands in the queue: under a lease, as a night works at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from triage.batch.clock import Clock, local
from triage.batch.devicefacts import note_device
from triage.batch.holder import is_surely_dead, own_holder, shown
from triage.batch.working import LeasedWork, Settings, work
from triage.errors import EvidenceGone, Interrupted, LeaseLost, TriageError, UsageFault
from triage.model.display import printable
from triage.model.event import Event
from triage.model.ledger import Stage
from triage.model.queue import AttemptEnd, Lease, LeaseState, LeaseView
from triage.pipeline.run import RunRequest
from triage.scheduler import Pool
from triage.store.database import Store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

BEAT_S = 10.0
NO_LIMIT = 1 << 30
"""What a person tries is never set aside."""


@dataclass(slots=True, kw_only=True)
class RunByHand:
    """What ``triage run`` does; an exhibit that is not in the queue has no lease.

    Attributes:
        url: of the database that ``store`` is.
    """

    url: str
    settings: Settings
    tell: Callable[[Event], None]
    pool: Pool | None = None
    clock: Clock = field(default_factory=Clock)

    def run(self, request: RunRequest, store: Store) -> None:
        """Work at an exhibit, and record its result where it stands in the queue.

        Raises:
            UsageFault: somebody works at it.
            HashSetError, EvidenceError, EvidenceGone, Interrupted: as :meth:`ExhibitRun.run`.
        """
        lease = self._lease(request, store)
        if lease is None:
            work(request, store, self.settings, tell=self.tell, pool=self.pool)
            note_device(store, request.case, request.exhibit, now_s=self.clock.now_s())
            return
        under = LeasedWork(
            url=self.url,
            lease=lease,
            settings=self.settings,
            tell=self.tell,
            beat_s=BEAT_S,
            clock=self.clock,
            pool=self.pool,
        )
        try:
            under.run(request, store)
        except LeaseLost:
            raise
        except TriageError as error:
            self._give_back(under, store, error)
            raise

    def _lease(self, request: RunRequest, store: Store) -> Lease | None:
        """Take the lease of an exhibit in the queue; ``None`` where it is not in the queue."""
        entry = Ledger(store.connection).find(request.case, request.exhibit)
        store.rollback()
        if entry is None or not entry.facts.image_path:
            return None
        if entry.stage not in (Stage.QUEUED, Stage.TRIAGE):
            return None
        leases, now_s = Leases(store.connection), self.clock.now_s()
        view = leases.view(entry.ledger_id)
        holder = own_holder()
        if view is not None and view.state is LeaseState.LEASED:
            lease = None
            if is_surely_dead(view.holder):
                lease = leases.take_over(view, holder, now_s, limit_failures=NO_LIMIT)
        else:
            if view is not None and view.state is LeaseState.SET_ASIDE:
                why = "run by hand"
                leases.retry(entry.ledger_id, by=holder.name, why=why, now_s=now_s)
            lease = leases.take([entry.ledger_id], holder, now_s)
        if lease is None:
            raise _refused(request, leases.view(entry.ledger_id), held=entry.held_s >= 0)
        return lease

    def _give_back(self, under: LeasedWork, store: Store, error: TriageError) -> None:
        end = AttemptEnd.AWAY if isinstance(error, EvidenceGone) else AttemptEnd.STOPPED
        words = "by hand" if isinstance(error, Interrupted) else f"by hand: {error.message}"
        store.rollback()
        read_bytes = under.read_bytes(store)
        store.rollback()
        Leases(store.connection).stop(
            under.lease,
            seconds=under.seconds,
            read_bytes=read_bytes,
            now_s=self.clock.now_s(),
            end=end,
            reason=words,
            limit_failures=NO_LIMIT,
        )


def _refused(request: RunRequest, view: LeaseView | None, *, held: bool) -> UsageFault:
    name = printable(f"{request.case} {request.exhibit}")
    if view is not None and view.state is LeaseState.LEASED:
        who = f"{shown(view.holder)} on {view.host} works at it since {local(view.taken_s)}"
        return UsageFault(
            f"{name}: {who}",
            hint="Wait for it, or let a batch process take it over if that machine is dead.",
        )
    if held:
        hint = "'triage queue why' says by whom and why; 'triage queue release' ends that."
        return UsageFault(f"{name}: is held back", hint=hint)
    return UsageFault(f"{name}: is not to be worked at now", hint="'triage queue why' says why.")
