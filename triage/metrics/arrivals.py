"""What came in and what went out, week by week, as the ledger has it up to a moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import UsageFault
from triage.model.forecast import Basis
from triage.model.history import History
from triage.model.ledger import Stage

DAY_S = 86_400
WEEK_DAYS = 7
FEWEST_WEEKS = 8
"""With less no spread can be told from two or three odd weeks."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Days of the period, and what is open at its end.

    Attributes:
        cut_s: the moment after its last day, seconds since 1970 UTC.
        arrivals: exhibits received, shape ``(weeks, 7)``; ``completions``: released, the same.
        busy: of shape ``(weeks,)``: true where at the end of every day something was open.
        open_received_s: of each exhibit open at the cut when it was received, oldest first.
    """

    cut_s: int
    arrivals: Numbers
    completions: Numbers
    busy: NDArray[np.bool_]
    open_received_s: Numbers


def day_name(moment_s: int) -> str:
    """Give the day, in UTC, that a moment lies in."""
    return dt.datetime.fromtimestamp(moment_s, tz=dt.UTC).date().isoformat()


def read_flow(history: History, *, cut_s: int, most_weeks: int) -> Flow:
    """Count whole weeks back from the cut, to the first one after the first release.

    Before anything was released nobody can tell a unit without capacity from a ledger that was
    begun with what was open then; so these weeks are left out. What happened after the cut is not
    looked at: a forecast of the past can be made, and held against what came.

    Args:
        history: all exhibits of the ledger.
        cut_s: a midnight in UTC, seconds since 1970.
        most_weeks: of the last weeks before the cut.

    Raises:
        UsageFault: there are fewer than eight such weeks.
    """
    received = _column(history, "received_s")
    released = _released(history)
    came = received[(received >= 0) & (received < cut_s)]
    gone_mask = (released >= 0) & (released < cut_s) & (received >= 0) & (received < cut_s)
    gone = released[gone_mask]
    weeks = min(most_weeks, _weeks_since(int(gone.min()), cut_s)) if len(gone) else 0
    if weeks < FEWEST_WEEKS:
        raise _too_little(came, gone, weeks, most_weeks, cut_s)
    arrivals, completions = (_by_day(moments, cut_s, weeks) for moments in (came, gone))
    still_open = np.sort(received[(received >= 0) & (received < cut_s) & ~gone_mask])
    return Flow(
        cut_s=cut_s,
        arrivals=arrivals,
        completions=completions,
        busy=_busy(arrivals, completions, len(still_open)),
        open_received_s=still_open,
    )


def basis(flow: Flow) -> Basis:
    """Say what the forecast is drawn from."""
    weeks = len(flow.arrivals)
    waiting = flow.open_received_s
    return Basis(
        from_day=day_name(flow.cut_s - weeks * WEEK_DAYS * DAY_S),
        to_day=day_name(flow.cut_s - DAY_S),
        weeks=weeks,
        arrivals=int(flow.arrivals.sum()),
        completions=int(flow.completions.sum()),
        busy_weeks=int(flow.busy.sum()),
        busy_completions=int(flow.completions[flow.busy].sum()),
        open_now=len(waiting),
        oldest_days=int((flow.cut_s - waiting[0]) // DAY_S) if len(waiting) else -1,
    )


def _column(history: History, name: str) -> Numbers:
    values: Any = history.columns[name]
    return np.asarray(values, dtype=np.int64)


def _released(history: History) -> Numbers:
    """Give when each exhibit left; one that was released once and came back has not left."""
    stages: Any = history.columns["stage"]
    left = np.asarray(stages, dtype=object) == Stage.RELEASED.value
    return np.where(left.astype(np.bool_), _column(history, "released_s"), -1)


def _weeks_since(first_s: int, cut_s: int) -> int:
    """Count the weeks back from the cut that begin on the day of a moment, or later."""
    return (cut_s - (first_s - first_s % DAY_S)) // (WEEK_DAYS * DAY_S)


def _by_day(moments: Numbers, cut_s: int, weeks: int) -> Numbers:
    days = weeks * WEEK_DAYS
    day = days - 1 - (cut_s - 1 - moments) // DAY_S
    return np.bincount(day[day >= 0], minlength=days).astype(np.int64).reshape(weeks, WEEK_DAYS)


def _busy(arrivals: Numbers, completions: Numbers, open_at_cut: int) -> NDArray[np.bool_]:
    """Tell the weeks in which nobody waited for work: their completions are the capacity."""
    change = (arrivals - completions).ravel()
    after = open_at_cut - (change.sum() - np.cumsum(change))
    return np.asarray((after.reshape(arrivals.shape) > 0).all(axis=1), dtype=np.bool_)


def _many(number: int, words: str) -> str:
    return f"{number} {words}{'' if number == 1 else 's'}"


def _too_little(
    came: Numbers, gone: Numbers, weeks: int, most_weeks: int, cut_s: int
) -> UsageFault:
    first = f", the first on {day_name(int(came.min()))}" if len(came) else ""
    out = f", the first on {day_name(int(gone.min()))}" if len(gone) else ""
    there = (
        f"up to {day_name(cut_s - DAY_S)} the ledger has {_many(len(came), 'exhibit')} "
        f"received{first}, and {len(gone)} of them released{out}"
    )
    asked = f"; --history asks for {most_weeks}" if most_weeks < FEWEST_WEEKS else ""
    return UsageFault(
        f"too little history for a forecast: {there}; that makes "
        f"{_many(max(weeks, 0), 'whole week')} in which work was finished, and {FEWEST_WEEKS} are "
        f"needed{asked}",
        hint="Import past exhibits with their dates, released ones too: triage exhibit import.",
    )
