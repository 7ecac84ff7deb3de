"""The open exhibits that have waited longest, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from triage.metrics.spread import DAY_S
from triage.metrics.timeline import STAGES, Timeline
from triage.model.history import History
from triage.model.kpi import LongWait
from triage.model.ledger import OwnerRole, Stage

SHOWN = 10
_WHERE = {
    Stage.RECEIVED: "received, nothing begun",
    Stage.AWAITING_IMAGING: "waiting to be imaged",
    Stage.IMAGING: "being imaged",
    Stage.QUEUED: "imaged, waiting in the queue for triage",
    Stage.TRIAGE: "in triage, not finished",
    Stage.REVIEW: "triage is done, waiting for a person to review it",
    Stage.REPORTING: "reviewed, the report is not finished",
}
"""What the stage says of an exhibit that is open."""


def longest(history: History, times: Timeline, at_s: int, today: date) -> tuple[LongWait, ...]:
    """Give those open exhibits that have been open longest, the longest first.

    Args:
        today: the day of ``at_s``, with which statutory dates are compared.
    """
    open_, standing = times.spells.at(at_s), times.stints.at(at_s)
    order = np.lexsort((open_.row, open_.start_s))[:SHOWN].tolist()
    places = [
        _Place(
            opened_s=int(open_.start_s[one]),
            stage=Stage(STAGES[int(standing.stage[one])]),
            stage_s=int(standing.start_s[one]),
            came_back=not open_.first[one],
        )
        for one in order
    ]
    rows = [_Row(history, int(open_.row[one])) for one in order]
    return tuple(_wait(row, place, at_s, today) for row, place in zip(rows, places, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an open exhibit stands, and since when."""

    opened_s: int
    stage: Stage
    stage_s: int
    came_back: bool


class _Row:
    """The columns of one exhibit."""

    def __init__(self, history: History, row: int) -> None:
        self._columns, self._row = history.columns, row

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  (columns hold words and numbers)
        column: Sequence[Any] | None = self._columns.get(name)
        return -1 if column is None else column[self._row]

    def since(self, name: str, at_s: int) -> bool:
        """Tell whether a moment is there and has come."""
        return 0 <= int(self[name]) <= at_s


def _wait(row: _Row, place: _Place, at_s: int, today: date) -> LongWait:
    role = row["owner_role"]
    held, bumped = row.since("held_s", at_s), row.since("bumped_s", at_s)
    stage_days = (at_s - place.stage_s) / DAY_S
    why = [f"{_WHERE[place.stage]}, for {_days(stage_days)}"]
    if held:
        why.insert(0, f"held back by a person for {_days((at_s - int(row['held_s'])) / DAY_S)}")
    if bumped:
        why.append("put before all others by a person, and still open")
    if place.came_back:
        why.append("had been released and came back; the age is since then")
    return LongWait(
        case=row["case"],
        exhibit=row["exhibit"],
        age_days=(at_s - place.opened_s) / DAY_S,
        stage=place.stage.value,
        stage_days=stage_days,
        opened_s=place.opened_s,
        stage_s=place.stage_s,
        device_type=row["device_type"],
        owner_role="" if role == OwnerRole.NOT_STATED else role,
        offence=row["offence"],
        risk_band=row["risk_band"],
        is_held=held,
        is_bumped=bumped,
        words=(*why, *_facts(row, today)),
    )


def _facts(row: _Row, today: date) -> list[str]:
    """Tell what of the facts themselves makes an exhibit wait, or should not have."""
    found = []
    if row["outsourced"]:
        found.append("done outside the unit")
    if not row["risk_band"]:
        found.append("no risk band stated, so none counts for it")
    if row["statutory_on"] and row["statutory_on"] < today.isoformat():
        found.append(f"its statutory date was {row['statutory_on']}")
    return found


def _days(days: float) -> str:
    whole = int(days)
    return f"{whole:,} day" if whole == 1 else f"{whole:,} days"
