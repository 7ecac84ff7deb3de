"""Spares graders: measures on until lifted by hand, what was seen today, and more allowed."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from triage.bench.exposure import Exposure, exposure_of, limits_of
from triage.errors import UsageFault
from triage.model.account import Account, AuditAction
from triage.model.rendition import Measures
from triage.model.settings import UnitSettings
from triage.scheduler.latch import Latch
from triage.store import welfare
from triage.store.audit import Audit
from triage.store.welfare import BACK, Allowance

MEASURES = ("grey", "blur", "size")
"""What can be lifted, each for itself."""

DAY_MS = 86_400_000
LATE_MS = 60_000
"""A line of the audit may turn up after one with a later moment, though not later than this."""

MOST_WATCHED = 200
MORE_PICTURES, MORE_MINUTES = 10_000, 600
"""What may be allowed at once, at most."""

_SHOWN, _BREAK = AuditAction.PICTURE_SHOWN.value, AuditAction.BREAK_TAKEN.value
Connection = Any
"""One of the store's; this room does not name the library that it comes from."""


def measures(connection: Connection, session_id: int, sha256: bytes) -> Measures:
    """Give what spares a grader from a content: everything that was not lifted in the session."""
    off = welfare.lifted(connection, session_id, sha256)
    return Measures(grey="grey" not in off, blur="blur" not in off, small="size" not in off)


def lift(  # noqa: PLR0913  (what is lifted, where and for whom)
    connection: Connection,
    session_id: int,
    case_id: int,
    digests: Sequence[bytes],
    what: Sequence[str],
    *,
    now_s: int,
    back: bool = False,
) -> None:
    """Lift measures for contents in a session, or put them back; the caller commits.

    Raises:
        UsageFault: there is no such measure.
    """
    for word in what:
        if word not in MEASURES:
            raise UsageFault("there is no such measure", hint=f"Measures: {', '.join(MEASURES)}")
    words = [f"{BACK}{word}" if back else word for word in dict.fromkeys(what)]
    welfare.add_lifts(connection, session_id, case_id, digests, words, now_s=now_s)


def day_of(now_ms: int) -> str:
    """Give the day, in UTC, that a moment counts for."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).date().isoformat()


def allow(  # noqa: PLR0913  (who allows whom what, and why)
    connection: Connection,
    grader: Account,
    supervisor: Account,
    *,
    pictures: int,
    minutes: int,
    why: str,
    now_ms: int,
) -> None:
    """Allow a grader more today, above the hard limits; the caller commits.

    Raises:
        UsageFault: it is nothing or too much, no reason is given, or it is for oneself.
    """
    if grader.user_id == supervisor.user_id:
        raise UsageFault("nobody allows more to themselves", hint="Ask another supervisor.")
    if not why.strip():
        raise UsageFault("say why")
    if not (0 <= pictures <= MORE_PICTURES and 0 <= minutes <= MORE_MINUTES):
        raise UsageFault(f"at most {MORE_PICTURES:,} pictures and {MORE_MINUTES} minutes at once")
    if not pictures and not minutes:
        raise UsageFault("allow some pictures, some minutes, or both")
    allowance = Allowance(
        pictures=pictures, minutes=minutes, by=supervisor.shown, why=why.strip(),
        at_s=now_ms // 1000,
    )  # fmt: skip
    welfare.allow(connection, grader.user_id, day_of(now_ms), allowance)


@dataclass(slots=True)
class _Today:
    """Moments of a grader on one day: all of them, and those of pictures and breaks."""

    day: int
    moments: list[tuple[int, str]]


class Watch:
    """Knows what graders looked at today: reads the day once, then only what is new."""

    def __init__(self) -> None:
        self._latch = Latch()
        self._today: OrderedDict[str, _Today] = OrderedDict()
        self._told: set[tuple[str, int, int, int]] = set()

    def exposure(
        self, connection: Connection, grader: Account, settings: UnitSettings, *, now_ms: int
    ) -> Exposure:
        """Give what a grader has looked at today, as the audit has it."""
        moments = self._moments(connection, grader.name, now_ms)
        more = welfare.allowed(connection, grader.user_id, day_of(now_ms))
        limits = limits_of(
            settings,
            more_pictures=sum(one.pictures for one in more),
            more_minutes=sum(one.minutes for one in more),
        )
        shown = [at_ms for at_ms, action in moments if action == _SHOWN]
        breaks = [at_ms for at_ms, action in moments if action == _BREAK]
        return exposure_of(shown, breaks, limits, now_ms=now_ms)

    def is_news(
        self, connection: Connection, grader: Account, found: Exposure, *, now_ms: int
    ) -> bool:
        """Tell, once, that it is not yet written down that a limit was reached as it is now."""
        day = now_ms // DAY_MS
        limits = found.limits
        key = grader.name, day, limits.hard_pictures, limits.hard_minutes
        with self._latch:
            if key in self._told:
                return False
            self._told = {one for one in self._told if one[1] == day} | {key}
        return _needs_telling(connection, grader, now_ms)

    def _moments(self, connection: Connection, name: str, now_ms: int) -> Sequence[tuple[int, str]]:
        day = now_ms // DAY_MS
        with self._latch:
            kept = self._today.get(name)
            before = kept.moments if kept and kept.day == day else []
        since_ms = max(day * DAY_MS, before[-1][0] - LATE_MS) if before else day * DAY_MS
        actions = (AuditAction.PICTURE_SHOWN, AuditAction.BREAK_TAKEN)
        fresh = Audit(connection).times(name, actions, since_ms)
        moments = [*before[: bisect_left(before, (since_ms, ""))], *fresh]
        with self._latch:
            self._today[name] = _Today(day, moments)
            self._today.move_to_end(name)
            while len(self._today) > MOST_WATCHED:
                self._today.popitem(last=False)
        return moments


def _needs_telling(connection: Connection, grader: Account, now_ms: int) -> bool:
    """Tell whether no line of today says so, or none since more was allowed."""
    since_ms = now_ms // DAY_MS * DAY_MS
    for one in welfare.allowed(connection, grader.user_id, day_of(now_ms)):
        since_ms = max(since_ms, one.at_s * 1000)
    return not Audit(connection).times(grader.name, (AuditAction.LIMIT_REACHED,), since_ms)
