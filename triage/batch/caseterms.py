"""Turns one row of a case system into facts and stages, naming each cell that has no meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from triage.batch import factwords
from triage.batch.caserows import CaseFile, plain
from triage.batch.columnmap import WORDS, ColumnMap
from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.ledger import OwnerRole, Stage, StatutoryKind
from triage.store.ledger import Step
from triage.store.ledgerrows import DAY_S, STAGES, moment, words

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_ERRORS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
_NOTHING: Mapping[str, object] = {
    **dict.fromkeys((*WORDS, "seized_on", "image_path"), ""),
    "owner_role": OwnerRole.NOT_STATED,
    "image_bytes": -1,
    "outsourced": False,
}
"""What is known of a fact that was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a row says.

    Attributes:
        facts: those that it says, by their names in :class:`triage.model.ledger.ExhibitFacts`.
        steps: stages with their times, in the order of time; the arrival is not among them.
        stands: the stage where it stands now, where the row says it without a time.
    """

    case: str
    exhibit: str
    facts: Mapping[str, Any]
    steps: tuple[Step, ...]
    stands: Stage | None


class NoMeaning(Exception):  # noqa: N818  (a row to be named, no failure)
    """A row that cannot be taken.

    Attributes:
        cells: name of a column and what is wrong there, for each.
    """

    def __init__(self, cells: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{column}: {reason}" for column, reason in cells))
        self.cells = tuple(cells)


@dataclass(slots=True)
class Terms:
    """How the rows of one file are to be taken.

    Raises:
        UsageFault: the file has no such column, or a constant has no meaning.
    """

    of: ColumnMap
    file: CaseFile
    _places: dict[str, int] = field(default_factory=dict)
    _stages: dict[Stage, int] = field(default_factory=dict)
    _takes: dict[str, Callable[[str], Any]] = field(default_factory=dict)
    _constants: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        there = {plain(name): place for place, name in enumerate(self.file.header)}
        missing = [name for name in self.of.named() if plain(name) not in there]
        if missing:
            columns = ", ".join(
                printable(name.strip()) for name in self.file.header if name.strip()
            )
            raise UsageFault(
                f"the file has no column {', '.join(map(printable, missing))}; it has: {columns}",
                hint="Change the names in the map, or take out what the file does not have.",
            )
        self._places = {name: there[plain(column)] for name, column in self.of.columns.items()}
        self._stages = {stage: there[plain(column)] for stage, column in self.of.stages.items()}
        self._takes = self._ways()
        for name, text in self.of.constants.items():
            try:
                self._constants[name] = self._takes[name](self._meant(name, text))
            except UsageFault as error:
                raise UsageFault(f"[constants] {name}: {error.message}") from error

    def take(self, cells: Sequence[str]) -> Told:
        """Give what a row says.

        Raises:
            NoMeaning: a cell is not what its column is mapped to.
        """
        found, wrong = dict(self._constants), list[tuple[str, str]]()
        for name, place in self._places.items():
            try:
                text = self._meant(name, _cell(cells[place]))
                if text:
                    found[name] = self._takes[name](text)
                elif self.of.clears and name in _NOTHING:
                    found[name] = _NOTHING[name]
            except UsageFault as error:
                wrong.append((self.of.columns[name], error.message))
        steps = self._steps(cells, found, wrong)
        for name in ("case", "exhibit"):
            if name not in found and not wrong:
                wrong.append((self.of.columns[name], f"the {name} reference is empty"))
        if not wrong:
            _check_seizure(found, self.of, wrong)
        if wrong:
            raise NoMeaning(wrong)
        timed = "stage_at" in found
        stands = None if timed else found.get("stage")
        for name in ("stage", "stage_at"):
            found.pop(name, None)
        return Told(
            case=found.pop("case"),
            exhibit=found.pop("exhibit"),
            facts=self._statutory(found),
            steps=steps,
            stands=stands,
        )

    def _steps(
        self, cells: Sequence[str], found: Mapping[str, Any], wrong: list[tuple[str, str]]
    ) -> tuple[Step, ...]:
        times: dict[Stage, int] = {}
        if "stage" in found and "stage_at" in found:
            times[found["stage"]] = found["stage_at"]
        for stage, column in self._stages.items():
            try:
                text = _cell(cells[column])
                if text:
                    times[stage] = self._moment(text)
            except UsageFault as error:
                wrong.append((self.of.stages[stage], error.message))
        times.pop(Stage.RECEIVED, None)
        in_order = sorted(times.items(), key=lambda one: (one[1], STAGES.index(one[0])))
        return tuple(Step(stage=stage, at_s=at_s) for stage, at_s in in_order)

    def _statutory(self, found: dict[str, Any]) -> dict[str, Any]:
        """Give the facts with the earlier one of the two dates in place of both."""
        mapped = {"bail_on", "custody_on"} & (self.of.columns.keys() | self.of.constants.keys())
        days = [
            (found.pop(name), kind)
            for name, kind in (
                ("bail_on", StatutoryKind.BAIL),
                ("custody_on", StatutoryKind.CUSTODY),
            )
            if name in found
        ]
        if days:
            found["statutory_on"], found["statutory_kind"] = min(days)
        elif mapped and self.of.clears:
            found["statutory_on"], found["statutory_kind"] = "", StatutoryKind.NONE
        if "received" in found:
            found["received_s"] = found.pop("received")
        return found

    def _meant(self, name: str, text: str) -> str:
        meant = self.of.values.get(name)
        return text if meant is None else meant.get(plain(text), text)

    def _moment(self, text: str) -> int:
        return factwords.as_moment(text, self.of.zone, self.of.moment_formats + self.of.day_formats)

    def _day(self, text: str) -> str:
        """Give a day; systems write midnight behind one."""
        try:
            return factwords.as_day(text, self.of.day_formats)
        except UsageFault:
            day, _, clock = text.replace("T", " ", 1).rpartition(" ")
            if clock in {"00:00", "00:00:00", "0:00", "0:00:00"}:
                return factwords.as_day(day, self.of.day_formats)
            raise

    def _ways(self) -> dict[str, Callable[[str], Any]]:
        ways: dict[str, Callable[[str], Any]] = dict.fromkeys(WORDS, _one_line)
        return ways | {
            "case": _reference,
            "exhibit": _reference,
            "scope_limits": lambda text: _plain_words(" ".join(text.split())),
            "received": self._moment,
            "owner_role": factwords.as_owner,
            "bail_on": self._day,
            "custody_on": self._day,
            "seized_on": self._day,
            "image_path": lambda text: factwords.as_location(_plain_words(text), self.of.images),
            "image_bytes": factwords.as_size,
            "outsourced": factwords.as_yes,
            "stage": factwords.as_stage,
            "stage_at": self._moment,
        }


def _cell(text: str) -> str:
    """Give what a spreadsheet shows of a cell: ``="0012"`` is 0012, and ``'=x`` is =x.

    Raises:
        UsageFault: the cell holds an error of the spreadsheet instead of a value.
    """
    text = text.strip()
    if not text or text[0] not in "='#":
        return text
    if text in _ERRORS or not text.strip("#"):
        raise UsageFault(f"{text[:20]} is an error of the spreadsheet, no value")
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].replace('""', '"').strip()
    return text[1:] if text[0] == "'" and text[1:].startswith(_FORMULA) else text


def _one_line(text: str) -> str:
    """Give words that a spreadsheet may show on several lines of a cell."""
    return _plain_words(_BREAKS.sub(" ", text))


def _plain_words(text: str) -> str:
    return words("text", text)


def _reference(text: str) -> str:
    return words("reference", text, hidden=False)


def _check_seizure(found: Mapping[str, Any], of: ColumnMap, wrong: list[tuple[str, str]]) -> None:
    seized, received = found.get("seized_on"), found.get("received")
    if seized and isinstance(received, int) and 0 <= received < 1 << 37:
        arrived = moment(received + DAY_S)[:10]
        if seized > arrived:
            column = of.columns.get("seized_on", "seized_on")
            wrong.append((column, f"seized {seized}, after it was received"))
