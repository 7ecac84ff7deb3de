"""Nights for the tests: a queue of small images, clocks that can be set, and who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import triage.scheduler
from road import CASE, Road
from triage.batch.clock import Clock, Deadline
from triage.batch.night import Night
from triage.batch.plan import NightPlan
from triage.batch.weights import load_weights
from triage.model.event import Event
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import Holder, Lease, LeaseView, NightEvent, NightLine
from triage.pipeline import counter, digesting
from triage.pipeline.tasks import close_evidence
from triage.scheduler import InlinePool, interrupts
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

START = 1_795_334_400  # 2026-11-22T08:00Z
HOLDER = Holder(name="here", host="here", pid=1)


class SetClock(Clock):
    """Clocks that only move when somebody waits, or is told to."""

    def __init__(self) -> None:
        self.wall = float(START)
        self.steady = 500.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wall += seconds
        self.steady += seconds
        self.on_sleep()


@dataclass(slots=True)
class Heard:
    """Keeps what a night tells."""

    lines: list[NightLine] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    on_event: Callable[[Event], None] = lambda _: None

    def line(self, line: NightLine) -> None:
        self.lines.append(line)

    def begins(self, lease: Lease, number: int, of: int, words: str) -> None:
        assert 1 <= number <= of
        assert words
        self.begun.append(lease.exhibit)

    def ends(self, lease: Lease, words: str) -> None:
        self.ended.append(f"{lease.exhibit} {words}")

    def event(self, event: Event) -> None:
        self.on_event(event)

    def events(self) -> list[NightEvent]:
        return [one.event for one in self.lines]

    def said(self, event: NightEvent) -> list[tuple[str, str]]:
        return [(one.exhibit, one.detail) for one in self.lines if one.event is event]


@dataclass(slots=True)
class Nights:
    """A queue in a database of its own, worked at in this process."""

    road: Road
    clock: SetClock = field(default_factory=SetClock)
    heard: Heard = field(default_factory=Heard)
    asked: str = ""
    server: str = ""

    @property
    def url(self) -> str:
        return self.server or f"sqlite:///{self.road.db}"

    def queue(self, images: Sequence[Path], **facts: Any) -> None:
        with open_store(self.url, create=True) as store:
            ledger = Ledger(store.connection)
            for number, image in enumerate(images, start=1):
                given = {"image_path": str(image), "received_s": START - 1000 + number, **facts}
                one = ExhibitFacts(case=CASE, exhibit=f"ABC/{number}", **given)
                ledger.add(one, stage=Stage.QUEUED, by="A Person", now_s=START)
            store.commit()

    def run(self, *, holder: Holder = HOLDER, until: float | None = None, **plan: Any) -> Night:
        asked = {"once": True, "weights": load_weights(None), "url": self.url, **plan}
        night = Night(
            plan=NightPlan(deadline=Deadline(until), **asked),
            talk=self.heard,
            asked=lambda: self.asked,
            clock=self.clock,
            holder=holder,
        )
        night.run()
        return night

    def stages(self) -> dict[str, Stage]:
        with open_store(self.url) as store:
            return {one.facts.exhibit: one.stage for one in Ledger(store.connection).entries()}

    def lease(self, exhibit: str) -> LeaseView:
        with open_store(self.url) as store:
            entry = Ledger(store.connection).entry(CASE, exhibit)
            view = Leases(store.connection).view(entry.ledger_id)
        assert view is not None
        return view


class OwnPool(InlinePool):
    """A pool of this process that leaves no evidence open, as processes that end do."""

    def close(self) -> None:
        close_evidence()


def work_in_this_process(patch: pytest.MonkeyPatch) -> None:
    """Let a night do without processes, which take a second each to start.

    It tells of each item, and looks after each whether to stop: the small images of tests are read
    within the tenth of a second that lies between two looks otherwise.
    """
    patch.setattr(interrupts, "CHECK_INTERVAL_S", 0.0)
    patch.setattr(digesting, "TELL_INTERVAL_S", -1.0)
    patch.setattr(counter, "TELL_INTERVAL_S", -1.0)

    def pool(*, stopping: Callable[[], bool] | None = None, **_: object) -> OwnPool:
        return OwnPool(stopping=stopping)

    patch.setattr(triage.scheduler, "ProcessPool", pool)
