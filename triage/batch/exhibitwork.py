"""One exhibit of a night: whatever happens to it ends in a named state, and the night goes on."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from triage.batch.clock import Clock
from triage.batch.diary import Diary
from triage.batch.fits import minutes
from triage.batch.looking import is_there, named
from triage.batch.plan import NightPlan, Talk
from triage.batch.working import LeasedWork
from triage.errors import (
    EvidenceError,
    EvidenceGone,
    HashSetError,
    Interrupted,
    LeaseLost,
    StoreError,
    TriageError,
)
from triage.model.display import printable
from triage.model.queue import AttemptEnd, ExhibitResult, Lease, LeaseState, NightEvent
from triage.pipeline.run import RunRequest
from triage.store.database import open_store
from triage.store.leases import Leases

REFUSALS = 3
"""A database that is there and fails so often at one exhibit fails for what the exhibit holds."""
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 0.0)
"""Between attempts to give a lease back, also when the night is to end."""


class Keeper(Protocol):
    """The night, as far as an exhibit has to do with it."""

    stopped_by: str

    @property
    def plan(self) -> NightPlan:
        """Give what was asked for."""

    @property
    def talk(self) -> Talk:
        """Give who watches."""

    @property
    def clock(self) -> Clock:
        """Give the clocks."""

    @property
    def asked(self) -> Callable[[], str]:
        """Give what tells the signal that asked to stop."""

    def is_to_stop(self) -> bool:
        """Tell whether work is to be cut off."""

    def store_is_away(self, error: StoreError) -> None:
        """Take note that the database is away, and wait a while."""

    def store_is_back(self) -> None:
        """Take note that it is not."""


@dataclass(slots=True, kw_only=True)
class ExhibitWork:
    """The work of a night at one exhibit."""

    night: Keeper
    lease: Lease
    diary: Diary
    _work: LeasedWork = field(init=False)
    _refused: int = 0

    def __post_init__(self) -> None:
        """Set up the run."""
        plan = self.night.plan
        self._work = LeasedWork(
            url=plan.url,
            lease=self.lease,
            settings=plan.settings,
            tell=self.night.talk.event,
            beat_s=plan.beat_s,
            clock=self.night.clock,
            stopping=self.night.is_to_stop,
        )

    def run(self) -> AttemptEnd:
        """Work at it until it is done or cannot be gone on with; say how it ended.

        Raises:
            HashSetError: a reference pack cannot be loaded; the lease is given back.
        """
        while True:
            try:
                return self._done(self._attempt())
            except LeaseLost:
                return self._lost()
            except StoreError as error:
                if not self._comes_back(error):
                    return AttemptEnd.STORE
                if self._refused >= REFUSALS:
                    return self._ended(
                        AttemptEnd.FAILED, f"the database refuses it: {error.message}"
                    )
            except HashSetError as error:
                self._ended(AttemptEnd.STOPPED, f"reference pack: {error.message}")
                raise
            except Exception as error:  # noqa: BLE001  (the border of one exhibit)
                end, reason = self._fault(error)
                return self._ended(end, reason)

    def _attempt(self) -> ExhibitResult:
        plan = self.night.plan
        request = RunRequest(
            case=self.lease.case,
            exhibit=self.lease.exhibit,
            images=(Path(self.lease.image_path),),
            sets=plan.sets,
            workers=plan.workers,
            limits=plan.limits,
            pictures=plan.pictures,
            turned=plan.turned,
            videos=plan.videos,
            video_limits=plan.video_limits,
            video_share=plan.video_share,
            carve=plan.carve,
        )
        with open_store(plan.url) as store:
            self.diary.write(store)
            self.night.store_is_back()
            return self._work.run(request, store)

    def _fault(self, error: Exception) -> tuple[AttemptEnd, str]:
        """Tell whose fault it is that a run ended before its end."""
        if isinstance(error, Interrupted):
            return AttemptEnd.STOPPED, self._why_stopped()
        if isinstance(error, EvidenceGone):
            return AttemptEnd.AWAY, error.message
        if isinstance(error, EvidenceError) and not is_there(Path(self.lease.image_path)):
            return AttemptEnd.AWAY, error.message
        if isinstance(error, TriageError):
            return AttemptEnd.FAILED, f"{error.title}: {error.message}"
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return AttemptEnd.STORE, f"disk full: {error.strerror}"
        return AttemptEnd.FAILED, _place(error)

    def _why_stopped(self) -> str:
        asked = self.night.asked()
        if asked or self.night.plan.deadline.left_s(self.night.clock):
            self.night.stopped_by = asked or "SIGTERM"
            return f"asked to by {self.night.stopped_by}"
        return "the deadline came"

    def _done(self, result: ExhibitResult) -> AttemptEnd:
        words = f"done: {result.colour}, {result.files:,} files, {minutes(result.seconds)}"
        self.night.talk.ends(self.lease, words)
        return AttemptEnd.DONE

    def _lost(self) -> AttemptEnd:
        self.diary.say(NightEvent.LEASE_LOST, self._name, "another process works at it by now")
        return AttemptEnd.LOST

    def _comes_back(self, error: StoreError) -> bool:
        """Wait until the database can be written to; tell whether to go on."""
        while True:
            self.night.store_is_away(error)
            if self.night.is_to_stop():
                return False  # nobody can be told; who looks next finds the lease of nobody
            try:
                with open_store(self.night.plan.url) as store:
                    self.diary.write(store)
            except StoreError as again:
                error = again
                continue
            self._refused += "locked" not in error.message and "full" not in error.message
            return True

    def _ended(self, end: AttemptEnd, reason: str) -> AttemptEnd:
        """Give the lease back, and say so; a database that is away is waited for a while."""
        for pause_s in PAUSES_S:
            try:
                with open_store(self.night.plan.url) as store:
                    read_bytes = self._work.read_bytes(store)
                    store.rollback()
                    state = self._stop(Leases(store.connection), end, reason, read_bytes)
            except LeaseLost:
                return self._lost()
            except StoreError as error:
                self.diary.say_once(NightEvent.STORE_AWAY, detail=error.message)
                self.night.clock.sleep(pause_s)
                continue
            self._say(end, reason, state)
            return end
        return AttemptEnd.STORE

    def _stop(self, leases: Leases, end: AttemptEnd, reason: str, read_bytes: int) -> LeaseState:
        return leases.stop(
            self.lease,
            seconds=self._work.seconds,
            read_bytes=read_bytes,
            now_s=self.night.clock.now_s(),
            end=end,
            reason=reason,
            limit_failures=self.night.plan.limit_failures,
        )

    def _say(self, end: AttemptEnd, reason: str, state: LeaseState) -> None:
        self.night.talk.ends(self.lease, f"{end.value}: {reason}")
        if state is LeaseState.SET_ASIDE:
            self.diary.say(NightEvent.SET_ASIDE, self._name, reason)
        elif state is LeaseState.AWAY:
            self.diary.say_once(NightEvent.IMAGE_AWAY, self._name, reason)

    @property
    def _name(self) -> str:
        return named(self.lease.case, self.lease.exhibit)


def _place(error: Exception) -> str:
    """Say what a defect of ours was, and where in the program."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return printable(f"internal error: {type(error).__name__}{where}: {error}")
