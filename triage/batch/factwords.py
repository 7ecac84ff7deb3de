"""Takes facts of exhibits as people and spreadsheets write them: days, moments, roles, sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from pathlib import PurePosixPath, PureWindowsPath

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import OwnerRole, Stage

_UK_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?")
_SIZE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*([kMGT]i?B|B|bytes)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "bytes": 1} | {
    f"{letter}{mark}b": (1024 if mark else 1000) ** power
    for power, letter in enumerate("kmgt", 1)
    for mark in ("", "i")
}
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0", ""})
_WANTED_DAY = "a day is written 2026-11-22 or 22/11/2026"
_WANTED_MOMENT = "a moment is written 2026-11-22T14:30, 2026-11-22 or 22/11/2026 14:30"


def as_day(text: str, formats: Sequence[str] = ()) -> str:
    """Give ``YYYY-MM-DD`` of a day in ISO or UK order, or in one of the formats of ``strptime``.

    Raises:
        UsageFault: it is none; two digits for a year are never guessed at.
    """
    return _day(text.strip(), tuple(formats))


@lru_cache(maxsize=20_000)
def _day(text: str, formats: tuple[str, ...]) -> str:
    for one in formats:
        found = _by_format(text, one)
        if found is not None:
            return found.date().isoformat()
    found_day = _plain_day(text)
    if found_day is None:
        raise UsageFault(f"{_shown(text)} is no day: {_WANTED_DAY}")
    return found_day.isoformat()


def as_moment(text: str, zone: tzinfo | None = None, formats: Sequence[str] = ()) -> int:
    """Give seconds since 1970 UTC of a moment; of a day alone, its first second.

    Args:
        zone: of a moment that names none; ``None`` is the local one of this machine.
        formats: of ``strptime``, tried before ISO and UK order.

    Raises:
        UsageFault: it is none.
    """
    text = text.strip()
    if not formats:
        day, _, clock = text.partition("T" if "T" in text else " ")
        midnight_s, after_s = _midnight(day, zone), _after_midnight(clock)
        if midnight_s is not None and after_s is not None:
            return midnight_s + after_s
    return _moment(text, zone, tuple(formats))


@lru_cache(maxsize=20_000)
def _midnight(text: str, zone: tzinfo | None) -> int | None:
    """Give the first second of a day on which no clock is changed; a list has few days."""
    day = _plain_day(text)
    if day is None:
        return None
    try:
        first = _seconds(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001  (given there)
        following = datetime.fromordinal(day.toordinal() + 1)
        return first if _seconds(following, zone) - first == 86_400 else None
    except (OverflowError, OSError, ValueError):
        return None


@lru_cache(maxsize=20_000)
def _after_midnight(text: str) -> int | None:
    """Give the second of a day that a clock shows, where it names no zone."""
    match = _CLOCK.fullmatch(text.strip() or "0:00")
    if match is None or match[4]:
        return None
    hour, minute, second = (int(one or 0) for one in match.groups()[:3])
    return hour * 3600 + minute * 60 + second if hour < 24 and max(minute, second) < 60 else None


def _moment(text: str, zone: tzinfo | None, formats: tuple[str, ...]) -> int:
    found = next((one for one in (_by_format(text, way) for way in formats) if one), None)
    found = found or _plain_moment(text)
    if found is None:
        raise UsageFault(f"{_shown(text)} is no moment: {_WANTED_MOMENT}")
    try:
        return _seconds(found, zone)
    except (OverflowError, OSError, ValueError) as error:
        raise UsageFault(f"{_shown(text)}: no calendar here goes so far") from error


def _seconds(when: datetime, zone: tzinfo | None) -> int:
    if when.tzinfo is None:
        when = when.astimezone() if zone is None else when.replace(tzinfo=zone)
    return int(when.timestamp())


def _by_format(text: str, way: str) -> datetime | None:
    try:
        return datetime.strptime(text, way)  # noqa: DTZ007  (a zone is given to it afterwards)
    except ValueError:
        return None


def _plain_day(text: str) -> date | None:
    if match := _UK_DAY.fullmatch(text):
        day, month, year = map(int, match.groups())
    elif match := _ISO_DAY.fullmatch(text):
        year, month, day = map(int, match.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _plain_moment(text: str) -> datetime | None:
    before, _, clock = text.replace("T", " ", 1).partition(" ")
    day = _plain_day(before)
    if day is None:
        return None
    if not clock.strip():
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a zone is given afterwards)
    match = _CLOCK.fullmatch(clock.strip())
    if match is None:
        return None
    hour, minute, second, zone = match.groups(default="")
    words = f"{day.isoformat()}T{int(hour):02d}:{minute}:{second or '00'}{zone}"
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return None


def zone_words(zone: tzinfo | None, at_s: int) -> str:
    """Give the name of a time zone at a moment, with its offset."""
    when = datetime.fromtimestamp(at_s, UTC)
    when = when.astimezone() if zone is None else when.astimezone(zone)
    return f"{zone or when.tzname()} (UTC{when.strftime('%z')[:3]}:{when.strftime('%z')[3:5]})"


def as_owner(text: str) -> OwnerRole:
    """Give whose device it is.

    Raises:
        UsageFault: it is none of the roles.
    """
    return OwnerRole(_one_of(text, text.strip().lower() or "not-stated", [*OwnerRole], "owner"))


def as_stage(text: str) -> Stage:
    """Give a stage by its name; blanks and underscores stand for hyphens.

    Raises:
        UsageFault: there is no such stage.
    """
    name = re.sub(r"[\s_]+", "-", text.strip().lower())
    return Stage(_one_of(text, name, [*Stage], "stage"))


def _one_of(text: str, name: str, known: Sequence[str], what: str) -> str:
    if name not in known:
        raise UsageFault(f"{_shown(text)} is no {what}: {', '.join(map(str, known))}")
    return name


def as_yes(text: str) -> bool:
    """Tell yes from no.

    Raises:
        UsageFault: it is neither.
    """
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise UsageFault(f"{_shown(text)} is neither yes nor no")
    return word in _YES


def as_size(text: str) -> int:
    """Give bytes of ``512000000000``, ``512 GB`` (decimal) or ``476 GiB``.

    Raises:
        UsageFault: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageFault(f"{_shown(text)} is no size: it is written 512 GB, 476 GiB or in bytes")
    whole, fraction, unit = match.groups(default="")
    number = float(whole.replace(",", "") + fraction) if fraction else int(whole.replace(",", ""))
    size = int(number * _UNITS[unit.lower()])
    if size >= 1 << 63:
        raise UsageFault(f"{_shown(text)} is no size of a medium")
    return size


def as_location(text: str, folder: str = "") -> str:
    """Give where an image lies; a relative place belongs to ``folder``.

    Raises:
        UsageFault: it is relative, and there is no folder.
    """
    place = text.strip()
    if PurePosixPath(place).is_absolute() or PureWindowsPath(place).is_absolute():
        return place
    if not folder:
        raise UsageFault(f"{_shown(place)} is no absolute path: the map names the folder, 'images'")
    windows = "\\" in folder or PureWindowsPath(folder).drive
    kind = PureWindowsPath if windows else PurePosixPath
    return str(kind(folder) / place)


def _shown(text: str) -> str:
    return repr(printable(text[:60]) + ("…" if len(text) > 60 else ""))
