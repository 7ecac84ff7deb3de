"""Turns the rows of the ledger into values and back, and refuses facts that cannot be true."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import (
    ExhibitFacts,
    FactChange,
    LedgerEntry,
    OwnerRole,
    Stage,
    StageChange,
    StatutoryKind,
)
from triage.store.ledgertables import ledger

DAY_S = 86_400
"""Allowance for clocks that disagree and for moments of which only the day is known."""

WORDS_MAX = 10_000
"""Characters of one fact, at most: more is a mistake of whoever made the list."""

_YEAR_10000_S = 253_402_300_800

STAGES = tuple(Stage)
STAGE_COLUMNS = {stage: f"{stage.value.replace('-', '_')}_s" for stage in STAGES}

_RENAMED = {"case": "case_reference", "exhibit": "reference", "received_s": "arrived_s"}
FACT_COLUMNS = {one.name: _RENAMED.get(one.name, one.name) for one in fields(ExhibitFacts)}
"""Name of each fact, and of its column."""

_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_HIDDEN = _CONTROL | {"Cf", "Co"}
_REFERENCES = ("case", "exhibit")
_WORDS = (
    "device_type",
    "offence",
    "risk_band",
    "legal_power",
    "dpn_reference",
    "scope_limits",
    "officer",
    "device_make",
    "device_model",
    "device_serial",
)


def moment(value_s: int) -> str:
    """Give a moment as ISO 8601 in UTC, seconds only where there are any."""
    when = datetime.fromtimestamp(value_s, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ" if when.second else "%Y-%m-%dT%H:%MZ")


def words(name: str, text: str, *, hidden: bool = True) -> str:
    """Give trimmed text.

    Args:
        name: what it is, for the message.
        hidden: whether characters that cannot be seen may stand in it, a joiner for instance.

    Raises:
        UsageFault: it holds control characters, or is too long.
    """
    text = text.strip()
    if text.isascii() and text.isprintable() and len(text) <= WORDS_MAX:
        return text
    if len(text) > WORDS_MAX:
        raise UsageFault(f"{name}: {len(text):,} characters, at most {WORDS_MAX:,} are taken")
    refused = _CONTROL if hidden else _HIDDEN
    for character in text:
        if unicodedata.category(character) in refused:
            raise UsageFault(
                f"{name}: {printable(text[:80])} holds the control or hidden character "
                f"U+{ord(character):04X}"
            )
    return text


def checked(facts: ExhibitFacts, now_s: int) -> dict[str, Any]:
    """Give the columns of facts, words trimmed.

    Raises:
        UsageFault: a reference is missing, a word holds control characters, a day is none, or the
            exhibit would be received in the future.
    """
    values: dict[str, Any] = {name: getattr(facts, name) for name in FACT_COLUMNS}
    for name in _REFERENCES:
        values[name] = words(f"{name} reference", values[name], hidden=False)
        if not values[name]:
            raise UsageFault(f"the {name} reference is empty")
    for name in _WORDS:
        values[name] = words(name.replace("_", " "), values[name])
    _check_days(facts)
    if "\0" in facts.image_path:
        raise UsageFault("the image path holds a NUL byte")
    if not 0 <= facts.received_s <= now_s + DAY_S:
        if facts.received_s < 0:
            raise UsageFault("received before 1970")
        raise UsageFault(f"received {_when(facts.received_s)}: that is in the future")
    if not -1 <= facts.image_bytes < 1 << 63:
        raise UsageFault(f"image size {facts.image_bytes}: no size in bytes")
    values["owner_role"] = facts.owner_role.value
    values["statutory_kind"] = facts.statutory_kind.value
    return {FACT_COLUMNS[name]: value for name, value in values.items()}


def _check_days(facts: ExhibitFacts) -> None:
    for name in ("statutory_on", "seized_on"):
        text = getattr(facts, name)
        try:
            if text and date.fromisoformat(text).isoformat() != text:
                raise UsageFault(f"{name}: {printable(text)} is no day like 2026-11-22")
        except ValueError:
            raise UsageFault(f"{name}: {printable(text)} is no day like 2026-11-22") from None
    if (facts.statutory_kind is StatutoryKind.NONE) != (facts.statutory_on == ""):
        raise UsageFault("a statutory date needs its kind, bail or custody, and a kind its date")


def _when(value_s: int) -> str:
    """Give a moment that may be beyond all calendars."""
    return moment(value_s) if 0 <= value_s < _YEAR_10000_S else f"{value_s} s"


def check_moment(stage: Stage, at_s: int, *, arrived_s: int, now_s: int) -> None:
    """Refuse a moment that cannot be right.

    Raises:
        UsageFault: it lies more than a day before the arrival of the exhibit, or in the future.
    """
    if at_s > now_s + DAY_S:
        raise UsageFault(f"{stage} at {_when(at_s)}: that is in the future")
    if at_s < arrived_s - DAY_S:
        raise UsageFault(
            f"{stage} at {_when(at_s)}: the exhibit arrived later, at {_when(arrived_s)}"
        )


_ROLES = {one.value: one for one in OwnerRole}
_KINDS = {one.value: one for one in StatutoryKind}
_BY_VALUE = {one.value: one for one in Stage}

ENTRY = tuple(
    ledger.c[name]
    for name in (
        *FACT_COLUMNS.values(),
        "id",
        "stage",
        "held_s",
        "bumped_s",
        *STAGE_COLUMNS.values(),
    )
)
"""The columns of an entry, in the order in which :func:`entry_of` takes them."""

_FACTS = len(FACT_COLUMNS)


def entry_of(row: Sequence[Any], devices_in_case: int) -> LedgerEntry:
    """Give an entry from the columns :data:`ENTRY`: by place, as there may be 100,000 of them."""
    facts = dict(zip(FACT_COLUMNS, row, strict=False))
    facts["owner_role"] = _ROLES[facts["owner_role"]]
    facts["statutory_kind"] = _KINDS[facts["statutory_kind"]]
    ledger_id, stage, held_s, bumped_s, *entered = row[_FACTS:]
    return LedgerEntry(
        ledger_id=ledger_id,
        facts=ExhibitFacts(**facts),
        stage=_BY_VALUE[stage],
        entered_s={one: at_s for one, at_s in zip(STAGES, entered, strict=True) if at_s != -1},
        held_s=held_s,
        bumped_s=bumped_s,
        devices_in_case=devices_in_case,
    )


def stage_change_of(row: sa.Row[Any]) -> StageChange:
    """Give a row of the stage changes."""
    return StageChange(
        stage=Stage(row.stage), at_s=row.at_s, recorded_s=row.recorded_s, by=row.by, why=row.why
    )


def fact_change_of(row: sa.Row[Any]) -> FactChange:
    """Give a row of the fact changes."""
    return FactChange(
        name=row.name, before=row.before, after=row.after, recorded_s=row.recorded_s, by=row.by
    )


def fact_words(name: str, value: object) -> str:
    """Give a fact as the list of changes keeps it: text that a person can read."""
    if name == "received_s" and isinstance(value, int):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
