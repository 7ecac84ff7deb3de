"""How old what is open is, over all and in each group of a split."""

from __future__ import annotations

import numpy as np

from triage.metrics.backlog import Flow, Span, flow
from triage.metrics.columns import Ints, Words
from triage.metrics.spread import ages_sorted
from triage.metrics.timeline import RELEASED, STAGES, Stints, Timeline
from triage.model.kpi import Ages, Group, Split, SplitBy


def ages(open_: Stints, at_s: int) -> Ages:
    """Tell the ages of open spells at a moment."""
    return ages_sorted(np.sort(at_s - open_.start_s))


def split(by: SplitBy, property_: Words, times: Timeline, span: Span, at_s: int) -> Split:
    """Split the backlog by a property of the exhibits, the largest group first."""
    spells, names = times.spells, property_.names
    counts = flow(spells, property_.codes[spells.row], len(names), span)
    open_ = spells.at(at_s)
    groups = _groups(names, counts, property_.codes[open_.row], at_s - open_.start_s)
    return Split(
        by=by,
        groups=tuple(sorted(groups, key=lambda one: (one.name == "", -one.ages.days.n, one.name))),
    )


def split_by_stage(times: Timeline, span: Span, at_s: int) -> Split:
    """Split the backlog by the stage in which exhibits stood; ages are since they came in."""
    stints, names = times.stints, STAGES[:RELEASED]
    counts = flow(stints, stints.stage, len(names), span)
    standing, open_ = stints.at(at_s), times.spells.at(at_s)
    # Both hold the open exhibits, each once and in the same order.
    groups = _groups(names, counts, standing.stage, at_s - open_.start_s)
    return Split(by=SplitBy.STAGE, groups=groups)


def _groups(names: tuple[str, ...], counts: Flow, codes: Ints, ages_s: Ints) -> tuple[Group, ...]:
    """Give all groups that anything is known of.

    Args:
        codes: the group of each open exhibit; ``ages_s``: its age.
    """
    order = np.lexsort((ages_s, codes))
    ordered = ages_s[order]
    edges = codes[order].searchsorted(np.arange(len(names) + 1))
    found = []
    for number, name in enumerate(names):
        opened, closed, end = (part[number] for part in (counts.opened, counts.closed, counts.end))
        if not (counts.start[number] or opened.any() or closed.any()):
            continue
        found.append(
            Group(
                name=name,
                open_start=int(counts.start[number]),
                opened=int(opened.sum()),
                closed=int(closed.sum()),
                ages=ages_sorted(ordered[edges[number] : edges[number + 1]]),
                weeks=tuple(zip(opened.tolist(), closed.tolist(), end.tolist(), strict=True)),
            )
        )
    return tuple(found)
