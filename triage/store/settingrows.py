"""Checks what a unit decides about its pages, and turns it into JSON and back."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import PurePosixPath, PureWindowsPath

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.settings import UnitSettings
from triage.store.ledgerrows import words

Value = str | int | tuple[str, ...]

DEFAULTS: Mapping[str, Value] = {
    one.name: getattr(UnitSettings(), one.name) for one in fields(UnitSettings)
}

RANGES: Mapping[str, tuple[int, int]] = {
    "trusted_votes": (1, 9),
    "pictures_soft": (0, 1_000_000),
    "pictures_hard": (0, 1_000_000),
    "minutes_soft": (0, 1_440),
    "minutes_hard": (0, 1_440),
    "break_after_minutes": (1, 480),
    "break_minutes": (1, 120),
    "idle_minutes": (1, 720),
    "session_hours": (1, 24),
    "lock_failures": (1, 100),
    "lock_minutes": (1, 1_440),
    "upload_max_gb": (1, 100_000),
    "upload_free_gb": (0, 100_000),
}
"""The least and the most that a number may be."""

LINES_MAX = 100
LINE_CHARACTERS = 200
_MAY_BE_EMPTY = frozenset({"intake_folders"})
_LIMITS = (("pictures_soft", "pictures_hard"), ("minutes_soft", "minutes_hard"))
_RATE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%")


def checked(name: str, value: object) -> Value:
    """Give a value of a setting as it is kept: words trimmed, lists as tuples.

    Raises:
        UsageFault: there is no such setting, or the value is of another kind or out of range; it
            begins with the name of the setting.
    """
    standard = DEFAULTS.get(name)
    if standard is None:
        raise UsageFault(f"{printable(name[:LINE_CHARACTERS])}: there is no such setting")
    if isinstance(standard, int):
        return _number(name, value)
    if isinstance(standard, str):
        return _rate(name, value) if name == "dip_rate" else _line(name, value)
    if not isinstance(value, list | tuple):
        raise UsageFault(f"{name}: a list of lines is needed")
    return _lines(name, value)


def check_together(settings: UnitSettings, changed: Collection[str]) -> None:
    """Refuse limits that contradict each other.

    Raises:
        UsageFault: it begins with the name of one that was changed.
    """
    for soft, hard in _LIMITS:
        least: int = getattr(settings, soft)
        most: int = getattr(settings, hard)
        if not most or least <= most:
            continue
        if soft in changed:
            raise UsageFault(f"{soft}: must not be above {hard}, which is {most:,}")
        raise UsageFault(f"{hard}: must not be below {soft}, which is {least:,}, or 0 for none")


def _number(name: str, value: object) -> int:
    least, most = RANGES[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageFault(f"{name}: a whole number from {least:,} to {most:,} is needed")
    return value


def _line(name: str, value: object) -> str:
    found = words(name, value, hidden=False) if isinstance(value, str) else ""
    if not found or len(found) > LINE_CHARACTERS:
        raise UsageFault(f"{name}: 1 to {LINE_CHARACTERS} characters are needed")
    return found


def _lines(name: str, value: list[object] | tuple[object, ...]) -> tuple[str, ...]:
    found = tuple(_line(name, one) for one in value)
    if len(found) > LINES_MAX or not (found or name in _MAY_BE_EMPTY):
        raise UsageFault(f"{name}: 1 to {LINES_MAX} lines are needed")
    if len(set(map(str.casefold, found))) != len(found):
        raise UsageFault(f"{name}: a line stands there twice")
    if name == "intake_folders":
        for one in found:
            _check_folder(name, one)
    return found


def _check_folder(name: str, path: str) -> None:
    """Refuse what is no whole path; a server may run on Windows or not."""
    for kind in (PurePosixPath, PureWindowsPath):
        if kind(path).is_absolute() and ".." not in kind(path).parts:
            return
    raise UsageFault(f"{name}: {printable(path)} is no whole path, like /srv/intake or D:\\Intake")


def _rate(name: str, value: object) -> str:
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 0 < float(found[1]) <= 100:
        raise UsageFault(f"{name}: a share above 0% and up to 100% is needed, like 5%")
    return found[0]
