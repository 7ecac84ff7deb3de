"""The queue itself: what is open after each step, how old the oldest is, how long one waits.

Work is counted in thousandths of an exhibit, as whole numbers: sums of them are the same on every
machine, whatever the order, and a tenth of an exhibit a week is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
PARTS = 1000
"""Parts of work that make an exhibit."""
NOT_WITHIN = np.iinfo(np.int64).max
"""Stands where something does not happen before the last step; it is above all that does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Runs of the queue; all of shape ``(runs, steps)``, in parts, at the end of each step.

    Attributes:
        arrived: in all since the start, without what was open then.
        backlog: open.
    """

    start: int
    arrived: Numbers
    backlog: Numbers

    def done(self) -> Numbers:
        """Give what was finished in all since the start."""
        return np.asarray(self.start + self.arrived - self.backlog, dtype=np.int64)


def walk(
    start: int, arrivals: Numbers, capacity: Numbers, *, idle_below: Numbers | int = 0
) -> Walk:
    """Follow the backlog: what comes in is added, what capacity there is takes off, down to zero.

    This is Lindley's recursion. What arrives in a step may be finished in it; capacity that finds
    no work is lost, not saved up.

    Args:
        start: parts open at the start.
        arrivals: parts that arrive, shape ``(runs, steps)``; ``capacity``: that could be finished.
        idle_below: capacity of a step takes the backlog down to this, and no further: with several
            servers one that has no exhibit of its own does nothing for those of others.
    """
    backlog = np.empty_like(arrivals)
    floors = np.broadcast_to(np.asarray(idle_below, dtype=np.int64), arrivals.shape)
    now = np.full(len(arrivals), start, dtype=np.int64)
    for step in range(arrivals.shape[1]):
        there = now + arrivals[:, step]
        now = np.maximum(there - capacity[:, step], np.minimum(there, floors[:, step]))
        backlog[:, step] = now
    return Walk(start=start, arrived=np.cumsum(arrivals, axis=1), backlog=backlog)


def oldest_ages_s(walked: Walk, ages_s: Numbers, step_s: int) -> Numbers:
    """Give the age of the oldest open exhibit at the end of each step, first come first served.

    Exhibits that arrive within a step are taken to come evenly spread over it.

    Args:
        walked: of this start: ``len(ages_s)`` exhibits.
        ages_s: ages at the start of those open then, oldest first, seconds.
        step_s: length of a step, seconds.

    Returns:
        Seconds, shape ``(runs, steps)``; 0 where nothing is open.
    """
    done = walked.done()
    runs, steps = done.shape
    ends = np.arange(1, steps + 1, dtype=np.int64) * step_s
    new = done - walked.start
    at, before, came = _arrival_step(walked.arrived, np.maximum(new, 0))
    received = at * step_s + (np.maximum(new, 0) - before) * step_s // np.maximum(came, 1)
    ages = ends - received
    if len(ages_s):
        first = np.minimum(done // PARTS, len(ages_s) - 1)
        ages = np.where(new < 0, ends + ages_s[first], ages)
    return np.where(walked.backlog > 0, ages, 0).reshape(runs, steps)


def _arrival_step(arrived: Numbers, parts: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Find, run by run, the step in which so many parts had not all arrived before its end.

    Returns:
        The step, what had arrived before it, and what arrived in it.
    """
    runs, steps = arrived.shape
    apart = int(arrived[:, -1].max(initial=0)) + 1
    shift = (np.arange(runs, dtype=np.int64) * apart)[:, None]
    flat = np.searchsorted((arrived + shift).ravel(), (parts + shift).ravel(), side="right")
    start_of_run = (np.arange(runs, dtype=np.int64) * steps)[:, None]
    at = np.minimum(flat.reshape(runs, steps) - start_of_run, steps - 1)
    upto = np.take_along_axis(arrived, at, axis=1)
    before = np.where(
        at > 0, np.take_along_axis(arrived, np.maximum(at - 1, 0), axis=1), np.int64(0)
    )
    return at, before, upto - before


def first_step_at(backlog: Numbers, parts: int) -> Numbers:
    """Give for each run the first step after which no more than ``parts`` are open."""
    there = backlog <= parts
    return np.where(there.any(axis=1), there.argmax(axis=1), NOT_WITHIN)


def wait_s(walked: Walk, step_s: int) -> Numbers:
    """Give for each run how long an exhibit waits that is received at the start, behind all others.

    Returns:
        Seconds until it is finished, shape ``(runs,)``; :data:`NOT_WITHIN` where it is not.
    """
    done = walked.done()
    need = walked.start + PARTS
    over = done >= need
    at = over.argmax(axis=1)[:, None]
    upto = np.take_along_axis(done, at, axis=1)
    before = np.where(at > 0, np.take_along_axis(done, np.maximum(at - 1, 0), axis=1), np.int64(0))
    seconds = at * step_s + (need - before) * step_s // np.maximum(upto - before, 1)
    return np.where(over.any(axis=1), seconds[:, 0], NOT_WITHIN)
