"""What a unit decides about its pages, in the database: appended only, the last word stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from triage.errors import StoreError, UsageFault
from triage.model.display import printable
from triage.model.settings import UnitSettings
from triage.store import settingrows
from triage.store.accounttables import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """A setting that somebody changed, and to what.

    Attributes:
        at_s: seconds since 1970 UTC.
    """

    name: str
    value: settingrows.Value
    by: str
    at_s: int


def settings_of(connection: sa.Connection) -> UnitSettings:
    """Give the settings as they stand.

    Raises:
        StoreError: one of them is none that this program wrote.
    """
    last = sa.select(sa.func.max(settings.c.id)).group_by(settings.c.name)
    found = connection.execute(sa.select(settings).where(settings.c.id.in_(last)))
    known: dict[str, Any] = {
        row.name: _value(row) for row in found if row.name in settingrows.DEFAULTS
    }
    return replace(UnitSettings(), **known)


def set_settings(
    connection: sa.Connection, changes: Mapping[str, object], *, by: str, now_s: int
) -> tuple[str, ...]:
    """Change settings, all or none, and give the names of those that differ from what stood.

    Args:
        changes: values by the names of :class:`UnitSettings`.
        by: who says so.
        now_s: seconds since 1970 UTC.

    Raises:
        UsageFault: nobody is named, or a value cannot be; it begins with the name of the setting.
    """
    if not by.strip():
        raise UsageFault("who says so? A name is needed")
    before = settings_of(connection)
    values: dict[str, Any] = {
        name: settingrows.checked(name, value) for name, value in changes.items()
    }
    settingrows.check_together(replace(before, **values), changes.keys())
    changed = tuple(name for name, value in values.items() if value != getattr(before, name))
    for name in changed:
        row = {"name": name, "value": json.dumps(values[name]), "by": by, "at_s": now_s}
        connection.execute(sa.insert(settings).values(row))
    return changed


def settings_history(connection: sa.Connection) -> tuple[SettingChange, ...]:
    """Give every change in the order in which they were made.

    Raises:
        StoreError: one of them is none that this program wrote.
    """
    found = connection.execute(sa.select(settings).order_by(settings.c.id))
    return tuple(
        SettingChange(name=row.name, value=_value(row), by=row.by, at_s=row.at_s)
        for row in found
        if row.name in settingrows.DEFAULTS
    )


def _value(row: sa.Row[Any]) -> settingrows.Value:
    try:
        return settingrows.checked(row.name, json.loads(row.value))
    except (ValueError, UsageFault) as error:
        raise StoreError(f"setting {printable(row.name)}, row {row.id}: {error}") from error
