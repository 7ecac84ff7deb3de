"""Finds the next exhibit of the queue that can be worked at now, and takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from triage.batch.clock import Clock
from triage.batch.diary import Diary
from triage.batch.fits import TimeForecast, forecast, image_size, left_out
from triage.batch.holder import shown
from triage.batch.order import in_order
from triage.batch.plan import NightPlan
from triage.batch.room import POLL_S, Room
from triage.batch.watch import LOOKS, Watch
from triage.model.ledger import LedgerEntry
from triage.model.queue import AttemptEnd, Holder, Lease, LeaseState, LeaseView, NightEvent
from triage.store.database import Store
from triage.store.figures import Effort, recent_efforts, remaining_of
from triage.store.leases import Leases
from triage.store.ledger import Ledger

IMAGE_AWAY = "its image is not where the ledger says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An exhibit that is ours now; ``waiting`` counts it and what comes after it in the queue."""

    lease: Lease
    time: TimeForecast
    waiting: int


@dataclass(slots=True, kw_only=True)
class Looking:
    """Looks through the queue in its order.

    Attributes:
        later: exhibits that are not tried again before a moment of the clock that nobody sets:
            their image went away in the middle.
        failed: exhibits that failed here, which come after all others.
        rest_s: how long the last look asks to wait, where it found nothing.
    """

    plan: NightPlan
    holder: Holder
    clock: Clock
    diary: Diary
    room: Room
    watch: Watch
    later: dict[int, float] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    rest_s: float = 0.0

    def next(self, store: Store) -> Taken | None:
        """Take the first exhibit that is there and fits; ``None`` where there is none now."""
        leases = Leases(store.connection)
        views = self.watch.dead(leases.leased(), self.clock.monotonic())
        dead = {one.ledger_id: one for one in views}
        entries = self._in_order(store, leases, dead)
        efforts = recent_efforts(store.connection)
        self.rest_s = self.plan.poll_s
        if self.watch.in_doubt():
            self.rest_s = min(self.rest_s, self.plan.dead_after_s / LOOKS)
        for number, entry in enumerate(entries):
            store.rollback()  # only read so far; a lease takes a transaction of its own
            path, view = Path(entry.facts.image_path), dead.get(entry.ledger_id)
            if not is_there(path):
                self._away(leases, entry, view)
                continue
            size_bytes = image_size(path, entry.facts.image_bytes)
            if not self.room.is_for(store, size_bytes):
                self.rest_s = POLL_S
                return None
            time = self._time(store, entry, efforts, size_bytes)
            if time is not None and (lease := self._take(store, leases, entry, view)):
                return Taken(lease=lease, time=time, waiting=len(entries) - number)
        store.rollback()
        return None

    def may_come(self) -> bool:
        """Tell whether something may turn up by itself: held up, in doubt, or put off by us."""
        now = self.clock.monotonic()
        waits = any(at > now for at in self.later.values())
        return waits or self.room.full or self.watch.in_doubt()

    def _in_order(
        self, store: Store, leases: Leases, dead: Mapping[int, LeaseView]
    ) -> list[LedgerEntry]:
        """Give what can be taken, and what dead workers hold, in the order of the queue."""
        now = self.clock.monotonic()
        found = {one.ledger_id: one for one in leases.candidates()}
        ledger = Ledger(store.connection)
        for view in dead.values():
            entry = ledger.find(view.case, view.exhibit)
            if entry is not None:
                found[entry.ledger_id] = entry
        ready = [one for one in found.values() if self.later.get(one.ledger_id, now) <= now]
        placed = in_order(ready, self.plan.weights, self.clock.now_s())
        return sorted((one for one, _ in placed), key=lambda one: one.ledger_id in self.failed)

    def _away(self, leases: Leases, entry: LedgerEntry, dead: LeaseView | None) -> None:
        """Say that an image is not there, for all who look at the queue, once."""
        name = named(entry.facts.case, entry.facts.exhibit)
        if self.diary.is_told(NightEvent.IMAGE_AWAY, name) and dead is None:
            return
        view = leases.view(entry.ledger_id)
        if view is None or view.state is not LeaseState.AWAY:
            lease = self._lease(leases, entry, dead)
            if lease is None:
                return
            leases.stop(
                lease,
                seconds=0.0,
                read_bytes=0,
                now_s=self.clock.now_s(),
                end=AttemptEnd.AWAY,
                reason=IMAGE_AWAY,
                limit_failures=self.plan.limit_failures,
            )
        self.diary.say_once(NightEvent.IMAGE_AWAY, name, IMAGE_AWAY)

    def _time(
        self, store: Store, entry: LedgerEntry, efforts: tuple[Effort, ...], size_bytes: int
    ) -> TimeForecast | None:
        """Forecast the time; ``None`` where the exhibit is left for another night."""
        facts = entry.facts
        remaining = remaining_of(store.connection, facts.case, facts.exhibit)
        time = forecast(efforts, facts.device_type, size_bytes, remaining)
        why = left_out(time, self.plan.deadline.left_s(self.clock))
        if why:
            name = named(facts.case, facts.exhibit)
            self.diary.say_once(NightEvent.NOT_STARTED, name, why)
            return None
        return time

    def _take(
        self, store: Store, leases: Leases, entry: LedgerEntry, dead: LeaseView | None
    ) -> Lease | None:
        store.rollback()
        name = named(entry.facts.case, entry.facts.exhibit)
        before = leases.view(entry.ledger_id)
        lease = self._lease(leases, entry, dead)
        if lease is not None:
            was_away = before is not None and before.state is LeaseState.AWAY
            if self.diary.over(NightEvent.IMAGE_AWAY, name) or was_away:
                self.diary.say(NightEvent.IMAGE_BACK, name)
        return lease

    def _lease(self, leases: Leases, entry: LedgerEntry, dead: LeaseView | None) -> Lease | None:
        """Take an exhibit that nobody has, or take it over from a dead worker."""
        now_s = self.clock.now_s()
        if dead is None:
            return leases.take([entry.ledger_id], self.holder, now_s)
        limit = self.plan.limit_failures
        lease = leases.take_over(dead, self.holder, now_s, limit_failures=limit)
        name = named(dead.case, dead.exhibit)
        if lease is not None:
            self.diary.say(NightEvent.TAKEN_OVER, name, f"from {shown(dead.holder)}")
            return lease
        view = leases.view(entry.ledger_id)
        if view is not None and (view.state, view.token) == (LeaseState.SET_ASIDE, dead.token):
            self.diary.say(NightEvent.SET_ASIDE, name, view.reason)
        return None


def named(case: str, exhibit: str) -> str:
    """Give an exhibit as the record names it."""
    return f"{case} {exhibit}"


def is_there(path: Path) -> bool:
    """Tell whether an image can be seen; a share that answers with an error is not there."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True
