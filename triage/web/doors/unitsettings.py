"""Settings of the unit for administrators, with who changed what and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from triage.batch.foldercheck import folder_fault, folder_warning
from triage.errors import UsageFault
from triage.grading.scheme import SchemeBook
from triage.model.account import AuditAction, Role
from triage.model.settings import UnitSettings
from triage.store.settingrows import DEFAULTS, RANGES, checked
from triage.store.settings import set_settings, settings_history, settings_of
from triage.web.faults import NotFound
from triage.web.forms import Fields
from triage.web.gate import Door, SeatIn
from triage.web.pages import page
from triage.web.seat import Seat
from triage.web.settingwords import (
    GROUPS,
    SettingGroup,
    hint_of,
    is_list,
    is_number,
    label_of,
    rows_of,
    value_words,
)

DOOR = Door("/administrator/settings", roles=frozenset({Role.ADMINISTRATOR}))
HISTORY = 20
"""Changes of a group that are shown."""
DETAIL_MOST = 1_000
"""Characters of a value in the audit."""


@DOOR.page("")
def settings(seat: SeatIn) -> HTMLResponse:
    """Show all settings by groups."""
    found = settings_of(seat.store.connection)
    return page(
        seat,
        "administrator/settings.html",
        groups=[(group, rows_of(group, found)) for group in GROUPS],
        warnings=_warnings(found),
    )


@DOOR.page("/{key}")
def group(seat: SeatIn, key: str) -> HTMLResponse:
    """Ask for the settings of a group."""
    chosen, fields = _group(key), Fields()
    found = settings_of(seat.store.connection)
    for name in chosen.names:
        fields.fill(name, value_words(getattr(found, name)))
    return _shown(seat, chosen, fields)


@DOOR.form("/{key}")
def change(seat: SeatIn, key: str) -> Response:
    """Change the settings of a group, all or none."""
    chosen, fields = _group(key), seat.form
    values = {name: _value(fields, name) for name in chosen.names}
    if fields.ok:
        _check(seat, fields, values)
    before = settings_of(seat.store.connection)
    changed: tuple[str, ...] = ()
    if fields.ok:
        connection, by = seat.store.connection, seat.account.shown
        try:
            changed = set_settings(connection, values, by=by, now_s=seat.now_s)
        except UsageFault as fault:
            seat.store.rollback()
            _tell(fields, fault, chosen.names[0])
    if not fields.ok:
        return _shown(seat, chosen, fields)
    after = settings_of(seat.store.connection)
    for name in changed:
        seat.audit(
            AuditAction.SETTING_CHANGED,
            setting=name,
            value=value_words(getattr(after, name))[:DETAIL_MOST],
            before=value_words(getattr(before, name))[:DETAIL_MOST],
        )
    seat.commit()
    seat.suite.forget_settings()
    seat.flash(_told(chosen, changed, after))
    return RedirectResponse("/administrator/settings", status_code=303)


def _value(fields: Fields, name: str) -> object:
    """Read one setting; what it cannot be is told at its field."""
    raw: object = fields.raw(name)
    if is_list(name):
        raw = tuple(one.strip() for one in fields.raw(name).splitlines() if one.strip())
    elif is_number(name):
        least, most = RANGES[name]
        told = f"Enter a whole number from {least:,} to {most:,}"
        raw = fields.whole(name, least=least, most=most, missing=told)
    if name in fields.errors:
        return raw
    try:
        return checked(name, raw)
    except UsageFault as fault:
        _tell(fields, fault, name)
        return raw


def _check(seat: Seat, fields: Fields, values: dict[str, Any]) -> None:
    """Check what only this machine knows: its folders and its category schemes."""
    scheme = values.get("grading_scheme", "")
    if scheme and scheme not in SchemeBook(seat.suite.home).ids():
        fields.error("grading_scheme", "Choose one of the schemes")
    for folder in values.get("intake_folders", ()):
        fault = folder_fault(folder, seat.suite.home)
        if fault:
            fields.error("intake_folders", fault)


def _tell(fields: Fields, fault: UsageFault, usual: str) -> None:
    """Tell a fault at the field that it begins with."""
    head, _, rest = fault.message.partition(": ")
    name, words = (head, rest) if head in DEFAULTS else (usual, fault.message)
    for one in DEFAULTS:
        words = words.replace(one, f"“{label_of(one)}”")
    fields.error(name, words[:1].upper() + words[1:])


def _told(chosen: SettingGroup, changed: tuple[str, ...], after: UnitSettings) -> str:
    if not changed:
        return f"{chosen.title}: everything stood so already."
    words = f"{chosen.title}: saved."
    if "intake_folders" in changed:
        words = " ".join((words, *_warnings(after)))
    return words


def _warnings(found: UnitSettings) -> tuple[str, ...]:
    """Say which intake folders cannot be used as they are now."""
    told = ((one, folder_warning(one)) for one in found.intake_folders)
    return tuple(f"Intake folder {one}: {words}." for one, words in told if words)


def _shown(seat: Seat, chosen: SettingGroup, fields: Fields) -> HTMLResponse:
    history = settings_history(seat.store.connection)
    last = [one for one in reversed(history) if one.name in chosen.names][:HISTORY]
    schemes = SchemeBook(Path(seat.suite.home)).all() if "grading_scheme" in chosen.names else ()
    return page(
        seat,
        "administrator/setting.html",
        status=200 if fields.ok else 400,
        group=chosen,
        fields=fields,
        history=[(one, label_of(one.name), value_words(one.value)) for one in last],
        schemes=[(one.id, f"{one.title} ({one.id})") for one in schemes],
        label_of=label_of,
        hint_of=hint_of,
        is_list=is_list,
        is_number=is_number,
    )


def _group(key: str) -> SettingGroup:
    for one in GROUPS:
        if one.key == key:
            return one
    raise NotFound("There is no such group of settings.")
