"""What a grader has looked at in a day, and what follows: a reminder, a break, an end; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.bench.loads import minutes_of
from triage.model.settings import UnitSettings

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for one grader on one day; 0 for no limit.

    Attributes:
        hard_pictures, hard_minutes: with what a supervisor allowed above them.
    """

    soft_pictures: int
    hard_pictures: int
    soft_minutes: int
    hard_minutes: int
    break_after_minutes: int
    break_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What a grader has looked at today.

    Attributes:
        pictures: shown, each time anew.
        minutes: of looking; a gap of more than five minutes between two pictures is none.
        since_break_minutes: of looking since the last gap as long as a break.
        break_until_ms: end of a break that is being taken, -1 where none is.
    """

    pictures: int
    minutes: float
    since_break_minutes: float
    break_until_ms: int
    limits: Limits

    @property
    def is_over_soft(self) -> bool:
        """Tell whether the page is to remind."""
        most, longest = self.limits.soft_pictures, self.limits.soft_minutes
        return _reached(self.pictures, most) or _reached(self.minutes, longest)

    @property
    def is_over_hard(self) -> bool:
        """Tell whether a supervisor has to allow more."""
        most, longest = self.limits.hard_pictures, self.limits.hard_minutes
        return _reached(self.pictures, most) or _reached(self.minutes, longest)

    @property
    def is_break_due(self) -> bool:
        """Tell whether the grader has looked for as long as one should without a break."""
        return not self.is_on_break and _reached(
            self.since_break_minutes, self.limits.break_after_minutes
        )

    @property
    def is_on_break(self) -> bool:
        """Tell whether a break is being taken."""
        return self.break_until_ms >= 0


def limits_of(settings: UnitSettings, *, more_pictures: int = 0, more_minutes: int = 0) -> Limits:
    """Give the limits of a grader for whom more was allowed today."""
    hard_pictures, hard_minutes = settings.pictures_hard, settings.minutes_hard
    return Limits(
        soft_pictures=settings.pictures_soft,
        hard_pictures=hard_pictures + more_pictures if hard_pictures else 0,
        soft_minutes=settings.minutes_soft,
        hard_minutes=hard_minutes + more_minutes if hard_minutes else 0,
        break_after_minutes=settings.break_after_minutes,
        break_minutes=settings.break_minutes,
    )


def exposure_of(
    shown_ms: Sequence[int], breaks_ms: Sequence[int], limits: Limits, *, now_ms: int
) -> Exposure:
    """Tell what a grader has looked at.

    Args:
        shown_ms: moments at which pictures were shown today, in order, milliseconds since 1970.
        breaks_ms: moments at which breaks began today, in order.
        limits: what holds for the grader today.
        now_ms: this moment.
    """
    until_ms = breaks_ms[-1] + limits.break_minutes * MINUTE_MS if breaks_ms else -1
    return Exposure(
        pictures=len(shown_ms),
        minutes=minutes_of(shown_ms),
        since_break_minutes=minutes_of(_stretch(shown_ms, limits.break_minutes, now_ms)),
        break_until_ms=until_ms if until_ms > now_ms else -1,
        limits=limits,
    )


def _stretch(shown_ms: Sequence[int], break_minutes: int, now_ms: int) -> Sequence[int]:
    """Give the moments since the last gap that was as long as a break."""
    long_ms = max(1, break_minutes) * MINUTE_MS
    if not shown_ms or now_ms - shown_ms[-1] >= long_ms:
        return ()
    began = 0
    for nth, (one, later) in enumerate(pairwise(shown_ms), 1):
        if later - one >= long_ms:
            began = nth
    return shown_ms[began:]


def _reached(value: float, limit: int) -> bool:
    return limit > 0 and value >= limit
