"""Records what happens in a night, also while the database that it is recorded in is away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from triage.batch.clock import Clock
from triage.batch.plan import Talk
from triage.model.queue import Holder, NightEvent, NightLine
from triage.store.database import Store
from triage.store.nights import Nights


@dataclass(slots=True, kw_only=True)
class Diary:
    """Tells at once, and keeps what is to be written until it can be."""

    holder: Holder
    clock: Clock
    talk: Talk
    _pending: list[NightLine] = field(default_factory=list)
    _told: set[NightEvent] = field(default_factory=set)
    _standing: set[tuple[NightEvent, str]] = field(default_factory=set)

    def say(self, event: NightEvent, exhibit: str = "", detail: str = "") -> None:
        """Tell of an event and keep it for the record."""
        line = NightLine(
            at_s=self.clock.now_s(),
            holder=self.holder.name,
            event=event,
            exhibit=exhibit,
            detail=detail,
        )
        self.talk.line(line)
        self._told.add(event)
        self._pending.append(line)

    def say_once(self, event: NightEvent, exhibit: str = "", detail: str = "") -> None:
        """Tell of a state, unless it was told and is not over."""
        if (event, exhibit) not in self._standing:
            self._standing.add((event, exhibit))
            self.say(event, exhibit, detail)

    def is_told(self, event: NightEvent, exhibit: str = "") -> bool:
        """Tell whether a state was told and is not over."""
        return (event, exhibit) in self._standing

    def told_any(self, events: Collection[NightEvent]) -> bool:
        """Tell whether any of some events was ever told."""
        return not self._told.isdisjoint(events)

    def over(self, event: NightEvent, exhibit: str = "") -> bool:
        """Note that a state is over; tell whether it was one."""
        was = (event, exhibit) in self._standing
        self._standing.discard((event, exhibit))
        return was

    def write(self, store: Store) -> None:
        """Record what is kept; a transaction of its own, which stays kept if it fails."""
        Nights(store.connection).say(*self._pending)
        self._pending.clear()
