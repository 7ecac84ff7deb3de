"""The clocks of a night: the wall's for deadlines, and one that nobody sets for everything else."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day

from triage.errors import UsageFault

JUMP_S = 30.0
"""The wall clock is set right by less than this now and then; more is recorded."""


class Clock:
    """The clocks of this machine; tests have others."""

    def now(self) -> float:
        """Give the wall clock, seconds since 1970 UTC."""
        return time.time()

    def now_s(self) -> int:
        """Give the wall clock in whole seconds."""
        return int(self.now())

    def monotonic(self) -> float:
        """Give a clock that nobody sets, in seconds from anywhere."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""
        time.sleep(seconds)


class Jumps:
    """Notices that the wall clock was set, or that the machine slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._difference = self._now()

    def look(self) -> float:
        """Give by how many seconds the wall clock has jumped since the last look; 0.0 if not."""
        difference = self._now()
        jump = difference - self._difference
        self._difference = difference
        return jump if abs(jump) > JUMP_S else 0.0

    def _now(self) -> float:
        return self._clock.now() - self._clock.monotonic()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by the wall clock, ``None`` for no end; it stays where it is if the clock is set."""

    at: float | None = None

    def left_s(self, clock: Clock) -> float:
        """Give the seconds left, infinite without an end, never negative."""
        return float("inf") if self.at is None else max(0.0, self.at - clock.now())


def deadline(words: str | None, now: float) -> Deadline:
    """Read ``HH:MM``, the next such local time, or a moment as ISO 8601 writes it.

    The local time of the day that it falls on counts, so that a night in which the clocks change
    ends at the hour that was said. A moment without an offset is local.

    Raises:
        UsageFault: it is neither, or lies in the past.
    """
    if words is None:
        return Deadline()
    if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", words):
        return Deadline(_next(words, now))
    return Deadline(_moment(words, now))


def moment(words: str, now: float) -> int:
    """Read ``HH:MM``, the last such local time, or a moment as ISO 8601 writes it.

    Raises:
        UsageFault: it is neither.
    """
    if not re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", words):
        return int(_parsed(words))
    today = datetime.fromtimestamp(now).date()  # noqa: DTZ006  (local time is what is meant)
    found = _at(words, datetime.combine(today, time_of_day()))
    if found > now:
        found = _at(words, datetime.combine(today - timedelta(days=1), time_of_day()))
    return int(found)


def local(at_s: float) -> str:
    """Give a moment as people read it: local time with its offset."""
    found = datetime.fromtimestamp(at_s).astimezone()
    offset = found.strftime("%z")
    return f"{found:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:5]}"


def hour(at_s: float) -> str:
    """Give the local time of day of a moment, ``18:05``."""
    return f"{datetime.fromtimestamp(at_s).astimezone():%H:%M}"


def _next(words: str, now: float) -> float:
    today = datetime.fromtimestamp(now).date()  # noqa: DTZ006  (local time is what is meant)
    for days in range(3):
        day = datetime.combine(today + timedelta(days=days), time_of_day())
        found = _at(words, day)
        if found > now:
            return found
    raise UsageFault(f"--until: {words} does not come")


def _at(words: str, day: datetime) -> float:
    hour, _, minute = words.partition(":")
    try:
        return day.replace(hour=int(hour), minute=int(minute)).timestamp()
    except ValueError as error:
        raise UsageFault(f"{words}: there is no such time of day") from error


def _moment(words: str, now: float) -> float:
    found = _parsed(words)
    if found <= now:
        raise UsageFault(f"--until: {words} is past")
    return found


def _parsed(words: str) -> float:
    try:
        return datetime.fromisoformat(words).timestamp()
    except ValueError as error:
        raise UsageFault(
            f"{words}: is neither a time of day nor a moment",
            hint="Say 06:00, or 2026-11-23T06:00, with an offset if it is not local time.",
        ) from error
