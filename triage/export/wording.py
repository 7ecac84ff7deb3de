"""How pages and charts write figures, days and lengths of time."""

from __future__ import annotations

import datetime as dt
from math import floor

MINUS = "\u2212"
NO_FIGURE = "no figure"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS_IN_MONTH = 365.25 / 12
_SMALL = 0.005


def whole(value: float) -> str:
    """Give ``1,234``."""
    return f"{value:,.0f}".replace("-", MINUS)


def tenth(value: float) -> str:
    """Give ``1,234.5``."""
    return f"{value:,.1f}".replace("-", MINUS)


def change(now: float, before: float) -> str:
    """Give ``+12 (+8%)``, or ``no change``; a loss has a real minus sign."""
    difference = now - before
    if difference == 0:
        return "no change"
    sign = "+" if difference > 0 else MINUS
    words = f"{sign}{abs(difference):,.0f}"
    if before <= 0:
        return words
    part = abs(difference) / before
    # "+1 (+0%)" would look like a mistake.
    return f"{words} ({sign}{part:.0%})" if part >= _SMALL else f"{words} ({sign}{part:.1%})"


def share(part: float, every: float) -> str:
    """Give ``12%``, or say that there is no figure."""
    return f"{part / every:.0%}" if every else NO_FIGURE


def day_words(day: str) -> str:
    """Give ``5 Oct 2026`` for ``2026-10-05``; anything else as it is."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        return day
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def month_words(day: str) -> str:
    """Give ``Oct 2026`` for ``2026-10-05``."""
    return day_words(day).split(" ", 1)[-1]


def days_words(days: float) -> str:
    """Give a length of time as people say it: ``5 days``, ``12 weeks``, ``14 months``."""
    if days < 0:
        return NO_FIGURE
    if days < 14:
        return many(full_days(days), "day")
    if days < 26 * 7:
        return many(round(days / 7), "week")
    return many(round(days / _DAYS_IN_MONTH), "month")


def full_days(days: float) -> int:
    """Give the days that are over, as people count an age."""
    # What rounding of a division made a hair less than a day is that day.
    return floor(days + 1e-9)


def moment_words(moment_s: int) -> str:
    """Give ``22 Nov 2026, 06:00 UTC``."""
    moment = dt.datetime.fromtimestamp(moment_s, tz=dt.UTC)
    return f"{day_words(moment.date().isoformat())}, {moment:%H:%M} UTC"


def many(number: float, word: str) -> str:
    """Give ``1 exhibit``, ``2 exhibits``."""
    return f"{whole(number)} {word}{'' if number == 1 else 's'}"
