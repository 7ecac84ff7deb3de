"""When each exhibit was open and in which stage, worked out from the moments of a ledger.

An exhibit is open from the moment it was received until the moment it is released, and again from
the moment it comes back. What contradicts itself is put right as little as possible, counted and
named: no exhibit is left out but one that has no moment at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from triage.metrics.columns import LATEST_S, Flags, Ints, moments, words
from triage.model.history import History
from triage.model.kpi import Faulty
from triage.model.ledger import Stage

STAGES = tuple(stage.value for stage in Stage)
_NUMBER = {name: number for number, name in enumerate(STAGES)}
RECEIVED, RELEASED = _NUMBER[Stage.RECEIVED], _NUMBER[Stage.RELEASED]
NEVER_S = 1 << 42
"""The end of what has not ended; later than any moment."""
_PRESENT = 15
"""In the order of stages entered in one second, that in which an exhibit stands comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stints:
    """Stays of exhibits in a stage, or open; ``end_s`` is the first moment after.

    Those of one exhibit lie together, in order of time.

    Attributes:
        first: it is the first one of its exhibit.
    """

    row: Ints
    stage: Ints
    start_s: Ints
    end_s: Ints
    first: Flags

    def chosen(self, flags: Flags) -> Stints:
        """Give some of them."""
        return Stints(
            row=self.row[flags],
            stage=self.stage[flags],
            start_s=self.start_s[flags],
            end_s=self.end_s[flags],
            first=self.first[flags],
        )

    def at(self, moment_s: int) -> Stints:
        """Give those that lasted at a moment."""
        return self.chosen((self.start_s <= moment_s) & (moment_s < self.end_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The stays of all exhibits.

    Attributes:
        stints: in each stage, ``released`` left out.
        spells: open, whatever the stage.
        uncounted: rows without any moment.
        faults: rows that contradict themselves.
    """

    stints: Stints
    spells: Stints
    uncounted: Ints
    faults: dict[Faulty, Ints]


def timeline(history: History, now_s: int) -> Timeline:
    """Work out when exhibits were open and where they stood."""
    entered = np.stack([moments(history, _column(name)) for name in STAGES], axis=1)
    present = _present(history)
    faults: dict[Faulty, Ints] = {}
    known, faults[Faulty.NO_RECEIPT] = (
        entered.max(axis=1) >= 0,
        _rows(np.less(entered[:, RECEIVED], 0)),
    )
    faults[Faulty.FUTURE] = _rows(
        np.maximum(entered.max(axis=1), moments(history, "done_s")) > now_s
    )
    far = np.where(entered < 0, NEVER_S, entered)
    entered[:, RECEIVED] = np.where(
        known & (entered[:, RECEIVED] < 0), far.min(axis=1), entered[:, RECEIVED]
    )
    faults |= _settle(entered, present, known)
    again = _again(history, entered[:, RECEIVED])
    once = known.copy()
    once[again[0]] = False
    row, stage, at_s = (
        np.concatenate(pair) for pair in zip(_once(entered, present, once), again, strict=True)
    )
    stints, spells = _joined(row, stage, at_s)
    return Timeline(stints=stints, spells=spells, uncounted=_rows(~known), faults=faults)


def _column(stage: str) -> str:
    return f"{stage.replace('-', '_')}_s"


def _rows(flags: Flags) -> Ints:
    return np.flatnonzero(flags).astype(np.int64)


def _present(history: History) -> Ints:
    found = words(history.columns["stage"])
    numbers = np.array([_NUMBER.get(name, RECEIVED) for name in found.names] or [0], np.int64)
    return numbers[found.codes]


def _settle(entered: Ints, present: Ints, known: Flags) -> dict[Faulty, Ints]:
    """Put right in place: no stage before the receipt, none after the one it stands in.

    Args:
        entered: when each row entered each stage, -1 where it did not.
    """
    rows = np.arange(len(entered))
    arrived = entered[:, RECEIVED].copy()
    missing = known & (entered[rows, present] < 0)
    entered[rows[missing], present[missing]] = entered[missing].max(axis=1)
    there = entered >= 0
    early = there & (entered < arrived[:, None])
    released_first = early[:, RELEASED].copy()
    stage_first: Flags = np.any(early[:, :RELEASED], axis=1)
    np.copyto(entered, arrived[:, None], where=early)
    standing = entered[rows, present]
    late = there & (entered > standing[:, None])
    np.copyto(entered, standing[:, None], where=late)
    return {
        Faulty.NO_STAGE_MOMENT: _rows(missing),
        Faulty.RELEASED_FIRST: _rows(released_first),
        Faulty.STAGE_FIRST: _rows(stage_first),
        Faulty.LATER_STAGE: _rows(np.any(late, axis=1)),
    }


def _once(entered: Ints, present: Ints, once: Flags) -> tuple[Ints, Ints, Ints]:
    """Give row, stage and moment of what each exhibit entered, in order, where it did so once."""
    rows = _rows(once)
    table = entered[rows]
    order = np.broadcast_to(np.arange(len(STAGES)), table.shape).copy()
    order[np.arange(len(rows)), present[rows]] = _PRESENT
    keys = np.where(table < 0, NEVER_S, table) * 16 + order
    keys.sort(axis=1)
    flat = keys.ravel()
    there = flat < NEVER_S * 16
    row = np.repeat(rows, len(STAGES))[there]
    stage = flat[there] & _PRESENT
    stage = np.where(stage == _PRESENT, present[row], stage)
    return row, stage, flat[there] >> 4


def _again(history: History, arrived: Ints) -> tuple[Ints, Ints, Ints]:
    """Give row, stage and moment of every change of exhibits that entered a stage again.

    Said twice in a row, a stage was corrected: the moment said last holds. No change is later than
    one that was recorded after it.
    """
    none = np.zeros(0, np.int64)
    if not history.again or not len(history.again["row"]):
        return none, none, none
    row = np.asarray(history.again["row"], np.int64)
    found = words(history.again["stage"])
    stage = np.array([_NUMBER.get(name, RECEIVED) for name in found.names], np.int64)[found.codes]
    at_s = np.clip(np.asarray(history.again["at_s"], np.int64), 0, LATEST_S)
    corrected = np.zeros(len(row), np.bool_)
    corrected[:-1] = (row[1:] == row[:-1]) & (stage[1:] == stage[:-1])
    row, stage, at_s = row[~corrected], stage[~corrected], at_s[~corrected]
    # Rows ascend, so a running minimum from the end that carries the row never leaves it.
    carried = row * NEVER_S + np.maximum(at_s, arrived[row])
    at_s = np.minimum.accumulate(carried[::-1])[::-1] - row * NEVER_S
    heads = np.unique(row)
    row = np.concatenate((heads, row))
    stage = np.concatenate((np.full(len(heads), RECEIVED), stage))
    at_s = np.concatenate((arrived[heads], at_s))
    order = np.argsort(row, kind="stable")
    return row[order], stage[order], at_s[order]


def _joined(row: Ints, stage: Ints, at_s: Ints) -> tuple[Stints, Stints]:
    """Give stays in stages and open spells from changes in the order of each exhibit."""
    head = np.ones(len(row), np.bool_)
    head[1:] = row[1:] != row[:-1]
    open_ = stage != RELEASED
    begins = head.copy()
    begins[1:] |= stage[1:] != stage[:-1]
    stints = _stays(row, stage, at_s, begins)
    turns = head.copy()
    turns[1:] |= open_[1:] != open_[:-1]
    spells = _stays(row, stage, at_s, turns)
    return stints.chosen(stints.stage != RELEASED), spells.chosen(spells.stage != RELEASED)


def _stays(row: Ints, stage: Ints, at_s: Ints, begins: Flags) -> Stints:
    row, stage, start_s = row[begins], stage[begins], at_s[begins]
    end_s = np.full(len(row), NEVER_S, np.int64)
    follows = row[1:] == row[:-1]
    end_s[:-1][follows] = start_s[1:][follows]
    first = np.concatenate((np.ones(min(len(row), 1), np.bool_), ~follows))
    return Stints(row=row, stage=stage, start_s=start_s, end_s=end_s, first=first)
