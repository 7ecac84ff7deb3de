"""How long things take: days in a stage, from seizure or receipt to a result, work an exhibit."""

from __future__ import annotations

from datetime import date, tzinfo

import numpy as np

from triage.metrics.backlog import Span
from triage.metrics.calendar import FIRST_YEAR, LAST_YEAR, start_s
from triage.metrics.columns import Flags, Floats, Ints, Words, figures, moments, whole
from triage.metrics.spread import DAY_S, spread
from triage.metrics.timeline import RECEIVED, RELEASED, STAGES, Stints, Timeline
from triage.model.history import History
from triage.model.kpi import Delay, Effort, StageTime

_GB = 1e9
NO_DAY, BAD_DAY = -1, -2


def stage_times(times: Timeline, span: Span, at_s: int) -> tuple[StageTime, ...]:
    """Tell the days that exhibits spent in each stage.

    A first stage of no length at all was not waited in: the exhibit was entered in a later one.
    """
    stints = times.stints
    passed = (stints.stage == RECEIVED) & (stints.start_s == stints.end_s)
    left = stints.chosen(span.holds(stints.end_s) & ~passed)
    there = stints.at(at_s)
    return tuple(
        StageTime(
            stage=name,
            left=spread((left.end_s - left.start_s)[left.stage == number], DAY_S),
            waiting=spread((at_s - there.start_s)[there.stage == number], DAY_S),
        )
        for number, name in enumerate(STAGES[:RELEASED])
    )


def seized_s(days: Words, zone: tzinfo | None) -> Ints:
    """Give when the day of seizure of each row begins, :data:`NO_DAY` or :data:`BAD_DAY`."""
    found = np.array([_day_s(text, zone) for text in days.names] or [NO_DAY], np.int64)
    return found[days.codes]


def _day_s(text: str, zone: tzinfo | None) -> int:
    if not text:
        return NO_DAY
    try:
        day = date.fromisoformat(text)
        return start_s(day, zone) if FIRST_YEAR <= day.year <= LAST_YEAR else BAD_DAY
    except (ValueError, OverflowError, OSError):
        return BAD_DAY


def delays(history: History, times: Timeline, seized: Ints, span: Span) -> tuple[Delay, ...]:
    """Tell the days from seizure and receipt to the result and to the release.

    Args:
        seized: see :func:`seized_s`; a day counts from its beginning.
    """
    done = moments(history, "done_s")
    results = np.flatnonzero(span.holds(done)).astype(np.int64)
    arrived = moments(history, "received_s")
    released = times.spells.chosen(span.holds(times.spells.end_s))
    return (
        _delay("seizure to result", seized[results], done[results]),
        _delay("receipt to result", arrived[results], done[results]),
        _delay("seizure to release", seized[released.row], released.end_s),
        _delay("receipt to release", _received(released, arrived), released.end_s),
    )


def _received(released: Stints, arrived: Ints) -> Ints:
    """Give since when released exhibits were here; one that was released first says nothing."""
    zero = released.start_s == released.end_s
    unknown = zero | (released.first & (arrived[released.row] < 0))
    return np.where(unknown, NO_DAY, released.start_s)


def _delay(name: str, from_s: Ints, to_s: Ints) -> Delay:
    known = (from_s >= 0) & (from_s <= to_s)
    return Delay(
        name=name,
        days=spread((to_s - from_s)[known], DAY_S),
        unknown=int((~known).sum()),
    )


def effort(history: History, finished: Flags) -> Effort:
    """Tell the work and the amount of the exhibits whose triage was finished."""
    return Effort(
        minutes=spread(_known(figures(history, "seconds"), finished), 60.0),
        image_gb=spread(_known(whole(history, "image_bytes").astype(np.float64), finished), _GB),
        read_gb=spread(_known(whole(history, "read_bytes").astype(np.float64), finished), _GB),
    )


def _known(values: Floats, finished: Flags) -> Floats:
    return values[finished & (values >= 0)]
