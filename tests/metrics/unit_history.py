"""Histories for the tests of figures, written exhibit by exhibit as a person would tell them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from triage.model.history import CHANGES, COLUMNS, Count, CountKind, History
from triage.model.ledger import Stage

DAY_S = 86_400
_WORDS = {"device_type": "", "owner_role": "not-stated", "offence": "", "risk_band": ""}
_EMPTY = {"statutory_on": "", "seized_on": "", "outsourced": False, "colour": ""}


def at(words: str) -> int:
    """Give a moment in UTC, ``2026-11-22`` or ``2026-11-22T09:00``."""
    return int(datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp())


@dataclass(slots=True)
class Told:
    """An exhibit: when it came in, the stages it entered in the order of recording, its facts."""

    arrived_s: int
    changes: list[tuple[Stage, int]]
    facts: dict[str, Any] = field(default_factory=dict)


def told(arrived: str, *steps: tuple[Stage, str], **facts: Any) -> Told:
    """Give an exhibit that entered its first stage when it came in."""
    moment = at(arrived)
    changes = [(Stage.RECEIVED, moment), *((stage, at(words)) for stage, words in steps)]
    return Told(moment, changes, facts)


def history(exhibits: Iterable[Told]) -> History:
    """Give the columns that a ledger would: the last entry into each stage, and what went back."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    again: dict[str, list[Any]] = {name: [] for name in CHANGES}
    for row, one in enumerate(exhibits):
        entered = dict(one.changes)
        stages = {f"{stage.replace('-', '_')}_s": entered.get(stage, -1) for stage in Stage}
        values = {"case": "OP", "exhibit": f"E/{row}", **_WORDS, **_EMPTY, **stages}
        values |= {"stage": one.changes[-1][0].value, "received_s": one.arrived_s, **one.facts}
        for name, column in columns.items():
            column.append(values.get(name, -1))
        if len(entered) < len(one.changes) or entered.get(Stage.RECEIVED, -1) not in {
            -1,
            one.arrived_s,
        }:
            for stage, moment in one.changes:
                for name, value in zip(CHANGES, (row, stage.value, moment), strict=True):
                    again[name].append(value)
    return History(columns, again)


def count(on: str, kind: CountKind, value: float, subject: str = "") -> Count:
    """Give a figure of a day."""
    return Count(on=on, kind=kind, subject=subject, value=value, by="a tester", recorded_s=0)
