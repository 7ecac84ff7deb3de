"""The night: takes exhibits from the queue and works at them, one after the other, unattended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from triage.batch.clock import Clock, Jumps, local
from triage.batch.diary import Diary
from triage.batch.exhibitwork import ExhibitWork
from triage.batch.fits import minutes
from triage.batch.holder import own_holder
from triage.batch.looking import Looking, Taken
from triage.batch.plan import NightPlan, Talk
from triage.batch.room import Room
from triage.batch.watch import Watch
from triage.errors import LeaseLost, StoreError, TriageError
from triage.model.queue import AttemptEnd, Holder, NightEvent
from triage.store.database import open_store

SLICE_S = 0.2
"""A request to stop is seen after so long, at the latest."""
BACK_OFF_S = (1.0, 60.0)
"""First and longest wait for a database that is away; each is twice the one before."""

_WRONG = (AttemptEnd.FAILED, AttemptEnd.AWAY, AttemptEnd.STORE)
_TROUBLE = frozenset({NightEvent.IMAGE_AWAY, NightEvent.SET_ASIDE, NightEvent.DISK_FULL})


@dataclass(slots=True, kw_only=True)
class Night:
    """One batch process.

    Attributes:
        asked: gives the name of the signal that asked to stop, ``""`` while none has.
        since_s: when it began.
        ends: how many exhibits ended how, by this process.
    """

    plan: NightPlan
    talk: Talk
    asked: Callable[[], str]
    clock: Clock = field(default_factory=Clock)
    holder: Holder = field(default_factory=own_holder)
    since_s: int = 0
    ends: dict[AttemptEnd, int] = field(default_factory=dict)
    stopped_by: str = ""
    _taken: int = 0
    _back_off_s: float = BACK_OFF_S[0]
    _diary: Diary = field(init=False)
    _looking: Looking = field(init=False)
    _jumps: Jumps = field(init=False)

    def __post_init__(self) -> None:
        """Set up what it is made of."""
        self._diary = Diary(holder=self.holder, clock=self.clock, talk=self.talk)
        self._jumps = Jumps(self.clock)
        self._looking = Looking(
            plan=self.plan,
            holder=self.holder,
            clock=self.clock,
            diary=self._diary,
            room=Room(self._diary),
            watch=Watch(own=self.holder.name, dead_after_s=self.plan.dead_after_s),
        )

    def run(self) -> None:
        """Work until the deadline, a request to stop, or, if asked for, the end of the queue.

        Raises:
            HashSetError: a reference pack cannot be loaded: nothing may be triaged without it.
        """
        self.since_s = self.clock.now_s()
        self._diary.say(NightEvent.STARTED, detail=self._intent())
        try:
            while not self.is_over():
                self._look_at_clock()
                taken = self._next()
                if taken is not None:
                    self._work(taken)
                elif self.plan.once and not self._looking.may_come() and not self._is_away():
                    break
                else:
                    self.wait(self._looking.rest_s)
            self._say_end()
        except TriageError as error:
            self._diary.say(NightEvent.STOPPED, detail=error.message)
            raise
        finally:
            self._write()

    def is_over(self) -> bool:
        """Tell whether nothing more is to be begun, or gone on with."""
        if self.asked():
            self.stopped_by = self.stopped_by or self.asked()
        full = 0 < self.plan.max_exhibits <= self._taken
        return bool(self.stopped_by) or full or not self.plan.deadline.left_s(self.clock)

    @property
    def went_wrong(self) -> bool:
        """Tell whether an exhibit failed, or could not be worked at for an image or a database."""
        return any(self.ends.get(one, 0) for one in _WRONG) or self._diary.told_any(_TROUBLE)

    def is_to_stop(self) -> bool:
        """Tell whether the work at an exhibit is to be cut off."""
        return bool(self.asked()) or not self.plan.deadline.left_s(self.clock)

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, less if the night ends."""
        ends = self.clock.monotonic() + seconds
        while (left := ends - self.clock.monotonic()) > 0 and not self.is_to_stop():
            self.clock.sleep(min(SLICE_S, left))

    def store_is_away(self, error: StoreError) -> None:
        """Say that the database is away, and wait a while, each time twice as long."""
        self._diary.say_once(NightEvent.STORE_AWAY, detail=error.message)
        self.wait(self._back_off_s)
        self._back_off_s = min(2 * self._back_off_s, BACK_OFF_S[1])

    def store_is_back(self) -> None:
        """Say that the database is back, where it was away."""
        self._back_off_s = BACK_OFF_S[0]
        if self._diary.over(NightEvent.STORE_AWAY):
            self._diary.say(NightEvent.STORE_BACK)

    def _is_away(self) -> bool:
        return self._diary.is_told(NightEvent.STORE_AWAY)

    def _next(self) -> Taken | None:
        try:
            with open_store(self.plan.url) as store:
                self._diary.write(store)
                taken = self._looking.next(store)
                self.store_is_back()  # not before: what can be opened may still refuse to answer
                return taken
        except LeaseLost:
            self._looking.rest_s = 0.0
        except StoreError as error:
            self.store_is_away(error)
            self._looking.rest_s = 0.0
        return None

    def _work(self, taken: Taken) -> None:
        self._taken += 1
        lease = taken.lease
        words = ("goes on, " if lease.goes_on else "") + f"forecast {taken.time.words()}"
        self.talk.begins(lease, self._taken, self._taken + taken.waiting - 1, words)
        end = ExhibitWork(night=self, lease=lease, diary=self._diary).run()
        self.ends[end] = self.ends.get(end, 0) + 1
        if end is AttemptEnd.FAILED:
            self._looking.failed.add(lease.ledger_id)
        elif end is AttemptEnd.AWAY:
            back_off_s = self.plan.poll_s if Path(lease.image_path).exists() else 0.0
            self._looking.later[lease.ledger_id] = self.clock.monotonic() + back_off_s

    def _look_at_clock(self) -> None:
        jump = self._jumps.look()
        if jump:
            left = self.plan.deadline.left_s(self.clock)
            words = f"the wall clock jumped by {jump:+.0f} s; {minutes(left)} left now"
            self._diary.say(NightEvent.CLOCK_JUMP, detail=words)

    def _say_end(self) -> None:
        self._look_at_clock()
        if self.stopped_by:
            self._diary.say(NightEvent.STOPPED, detail=f"asked to by {self.stopped_by}")
        elif not self.plan.deadline.left_s(self.clock):
            self._diary.say(NightEvent.DEADLINE)
        self._diary.say(NightEvent.ENDED, detail=f"{self._taken} exhibits worked at")

    def _write(self) -> None:
        """Record what is still kept, if that can be done now."""
        try:
            with open_store(self.plan.url) as store:
                self._diary.write(store)
        except StoreError:
            return

    def _intent(self) -> str:
        parts = [f"{self.plan.workers} workers"]
        if self.plan.deadline.at is not None:
            parts.append(f"until {local(self.plan.deadline.at)}")
        if self.plan.max_exhibits:
            parts.append(f"{self.plan.max_exhibits} exhibits at most")
        if self.plan.once:
            parts.append("until nothing is left")
        return ", ".join(parts)
