"""The map from the columns of a unit's own case system to the facts of the ledger, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from triage.batch import factwords
from triage.batch.caserows import plain
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import Stage

WORDS = (
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
"""Facts that are taken as they are written."""

FACTS = (
    "case",
    "exhibit",
    "received",
    *WORDS,
    "owner_role",
    "bail_on",
    "custody_on",
    "seized_on",
    "image_path",
    "image_bytes",
    "outsourced",
    "stage",
    "stage_at",
)
"""What a column may be, besides the time of a stage."""

_NEEDED = ("case", "exhibit", "received")
_TABLES = ("columns", "stages", "constants", "values")
_TEXTS = ("delimiter", "encoding", "time_zone", "images", "empty")
_LISTS = ("day_formats", "moment_formats")

EXAMPLE = Path(__file__).with_name("columnmap.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """Which column is which fact, and how its words are to be taken.

    Attributes:
        columns: name of the column of each fact of :data:`FACTS`.
        stages: name of the column that says when an exhibit entered a stage.
        constants: facts that are the same for every exhibit of the file.
        values: for a fact, what stands in the file (compared without regard to case) and what it
            means.
        delimiter: ``""`` to be told from the header; ``encoding``: ``""`` to be told from the file.
        zone: of moments that name none; ``None`` for that of this machine.
        images: folder that relative image paths belong to.
        clears: an empty cell takes away what the ledger knows, instead of saying nothing.
    """

    columns: Mapping[str, str]
    stages: Mapping[Stage, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delimiter: str = ""
    encoding: str = ""
    day_formats: tuple[str, ...] = ()
    moment_formats: tuple[str, ...] = ()
    zone: tzinfo | None = None
    images: str = ""
    clears: bool = False

    def named(self) -> tuple[str, ...]:
        """Give the names of all columns that are needed."""
        return (*self.columns.values(), *self.stages.values())


def load_map(path: Path) -> ColumnMap:
    """Read a map.

    Raises:
        UsageFault: it cannot be read, or says something that has no meaning.
    """
    shown = printable(path.name)
    try:
        told = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageFault(
            f"{shown}: {error}", hint="--print-map shows how one is written."
        ) from error
    try:
        return _map(told)
    except UsageFault as error:
        raise UsageFault(
            f"{shown}: {error.message}", hint="--print-map shows how one is written."
        ) from error


def _map(told: Mapping[str, Any]) -> ColumnMap:
    _refuse_unknown(told, (*_TABLES, *_TEXTS, *_LISTS), "the map")
    columns, constants = _words(told, "columns"), _words(told, "constants")
    _refuse_unknown(columns, FACTS, "[columns]")
    _refuse_unknown(constants, FACTS, "[constants]")
    values = {
        name: {plain(said): meant for said, meant in _words(told["values"], name).items()}
        for name in _table(told, "values")
    }
    _refuse_unknown(values, FACTS, "[values]")
    both = sorted(columns.keys() & constants.keys())
    if both:
        raise UsageFault(f"{both[0]} is both a column and a constant")
    missing = [name for name in _NEEDED if name not in columns | constants]
    if missing:
        raise UsageFault(f"[columns] does not say which column is {missing[0]}")
    if "stage_at" in columns and "stage" not in columns:
        raise UsageFault("[columns] names stage_at, but no stage that it is the time of")
    texts = {name: _text(told, name) for name in _TEXTS}
    if texts["empty"] not in {"", "keep", "clear"}:
        raise UsageFault("empty is either 'keep' or 'clear'")
    if len(texts["delimiter"]) > 1:
        raise UsageFault("delimiter is one character")
    return ColumnMap(
        columns=columns,
        stages=_stages(told),
        constants=constants,
        values=values,
        delimiter=texts["delimiter"],
        encoding=_encoding(texts["encoding"]),
        day_formats=_list(told, "day_formats"),
        moment_formats=_list(told, "moment_formats"),
        zone=_zone(texts["time_zone"]),
        images=texts["images"],
        clears=texts["empty"] == "clear",
    )


def _refuse_unknown(told: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in told:
        if name not in known:
            raise UsageFault(
                f"{where}: {printable(name)!r} has no meaning; there are: {', '.join(known)}"
            )


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise UsageFault(f"{name} is no table: it is written [{name}]")
    return cast("Mapping[str, Any]", found)


def _words(told: Mapping[str, Any], name: str) -> dict[str, str]:
    """Give a table of texts; truth and numbers are taken as they are written."""
    found = {}
    for key, value in _table(told, name).items():
        if isinstance(value, bool):
            found[key] = "yes" if value else "no"
        elif isinstance(value, str | int):
            found[key] = str(value)
        else:
            raise UsageFault(f"[{name}]: {printable(key)} is not text")
    return found


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name, "")
    if not isinstance(found, str):
        raise UsageFault(f"{name} is not text")
    return found


def _list(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = told.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise UsageFault(f"{name} is no list of texts")
    return tuple(found)


def _stages(told: Mapping[str, Any]) -> dict[Stage, str]:
    found: dict[Stage, str] = {}
    for name, column in _words(told, "stages").items():
        stage = factwords.as_stage(name)
        if stage is Stage.RECEIVED:
            raise UsageFault("[stages]: when an exhibit was received stands in [columns], received")
        found[stage] = column
    return found


def _encoding(name: str) -> str:
    try:
        "a".encode(name or "utf-8")
    except (LookupError, UnicodeError) as error:
        raise UsageFault(f"encoding: there is no {printable(name)!r}") from error
    return name


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageFault(
            f"time_zone: this machine knows no {printable(name)!r}; leave it out to use its own"
        ) from error
