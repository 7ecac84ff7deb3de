"""Days and ISO weeks of a time zone as moments, right also where a clock is put forward or back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

WEEKS = 13
"""Weeks of a period where none is said: a quarter."""
FIRST_YEAR, LAST_YEAR = 1970, 9000
"""Years of which days are known as moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSpan:
    """An ISO week as far as it lies in a period; ``before_s`` is the first moment after it."""

    name: str
    first: date
    last: date
    from_s: int
    before_s: int

    @property
    def days(self) -> int:
        """Give the number of its days in the period."""
        return (self.last - self.first).days + 1


def start_s(day: date, zone: tzinfo | None) -> int:
    """Give the moment at which a day begins, seconds since 1970 UTC.

    Args:
        zone: ``None`` for the zone of this machine.
    """
    # A moment without a zone is one of this machine's: the standard library asks the system.
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def day_of(moment_s: int, zone: tzinfo | None) -> date:
    """Give the day on which a moment lies."""
    return datetime.fromtimestamp(moment_s, UTC).astimezone(zone).date()


def zone_words(zone: tzinfo | None, now_s: int) -> str:
    """Name a zone for people, with its offset now."""
    now = datetime.fromtimestamp(now_s, UTC).astimezone(zone)
    name = getattr(zone, "key", None) or now.tzname() or "local time"
    offset = f"{now:%z}"
    return f"{name} (UTC{offset[:3]}:{offset[3:5]})" if now.utcoffset() else name


def weeks(first: date, last: date, zone: tzinfo | None) -> tuple[WeekSpan, ...]:
    """Cut a period into its ISO weeks, the first and the last as far as they lie in it."""
    found = []
    start = first
    while start <= last:
        end = min(start + timedelta(days=6 - start.weekday()), last)
        year, week, _ = start.isocalendar()
        after = end + timedelta(days=1)
        found.append(
            WeekSpan(
                name=f"{year}-W{week:02d}",
                first=start,
                last=end,
                from_s=start_s(start, zone),
                before_s=start_s(after, zone),
            )
        )
        start = after
    return tuple(found)


def default_period(today: date) -> tuple[date, date]:
    """Give the ISO week of a day, as far as it has come, and the twelve before it."""
    monday = today - timedelta(days=today.weekday())
    return monday - timedelta(weeks=WEEKS - 1), today


def year_before(day: date) -> date:
    """Give the same day of the year before; the 28th for a 29th of February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
