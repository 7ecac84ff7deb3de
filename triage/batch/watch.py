"""Tells which holders of leases are dead, by our own clock and what we saw of their beats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from triage.batch.holder import is_surely_dead
from triage.model.queue import LeaseView

LOOKS = 4
"""A beat has to stand still over so many looks: one long absence of ours proves nothing."""


@dataclass(slots=True)
class _Seen:
    token: int
    beat: int
    still_s: float = 0.0
    alive: bool = False


@dataclass(slots=True, kw_only=True)
class Watch:
    """Watches the leases of others.

    No clock of another machine is ever compared with ours. Between two looks not more than a
    fourth of ``dead_after_s`` counts: while the database was away from us, others could not beat
    either.

    Attributes:
        own: name of our own holder, whose leases are left out.
    """

    own: str
    dead_after_s: float
    surely_dead: Callable[[str], bool] = is_surely_dead
    _seen: dict[int, _Seen] = field(default_factory=dict)
    _looked_at: float | None = None

    def dead(self, views: Iterable[LeaseView], now: float) -> tuple[LeaseView, ...]:
        """Look at the leases that stand, and give those whose holder is dead.

        Args:
            now: a clock that nobody sets.
        """
        passed = 0.0 if self._looked_at is None else now - self._looked_at
        passed = min(max(0.0, passed), self.dead_after_s / LOOKS)
        self._looked_at = now
        found: list[LeaseView] = []
        standing: dict[int, _Seen] = {}
        for view in views:
            if view.holder == self.own:
                continue
            seen = standing[view.ledger_id] = self._updated(view, passed)
            if seen.still_s >= self.dead_after_s or self.surely_dead(view.holder):
                found.append(view)
        self._seen = standing
        return tuple(found)

    def in_doubt(self) -> bool:
        """Tell whether a holder may be dead: its beat has not grown since we first saw it."""
        return any(not seen.alive for seen in self._seen.values())

    def _updated(self, view: LeaseView, passed: float) -> _Seen:
        before = self._seen.get(view.ledger_id)
        if before is None or before.token != view.token:
            return _Seen(view.token, view.beat)
        if before.beat != view.beat:
            return _Seen(view.token, view.beat, alive=True)
        alive = before.alive and before.still_s + passed < self.dead_after_s
        return _Seen(view.token, view.beat, before.still_s + passed, alive)
