"""What is open, opened and closed, week by week and by group; cases behind it; what is outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.metrics.calendar import WeekSpan
from triage.metrics.columns import Flags, Ints, Words
from triage.metrics.spread import spread
from triage.metrics.timeline import Stints
from triage.model.kpi import Cases, Outsourced, Share, Week


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The period as moments.

    Attributes:
        edges_s: where its weeks begin, ascending, and where the last one ends; none is in the
            future: what has not come yet begins and ends one second after now.
        now_s: the moment of asking.
    """

    weeks: tuple[WeekSpan, ...]
    edges_s: Ints
    now_s: int

    @property
    def from_s(self) -> int:
        """Give the first moment of the period."""
        return int(self.edges_s[0])

    @property
    def before_s(self) -> int:
        """Give the first moment after the period."""
        return int(self.edges_s[-1])

    def holds(self, moments_s: Ints) -> Flags:
        """Tell which moments lie in the period."""
        return (self.from_s <= moments_s) & (moments_s < self.before_s)


def span_of(weeks: tuple[WeekSpan, ...], now_s: int) -> Span:
    """Give the moments of a period, as far as it has come."""
    edges = [weeks[0].from_s, *(week.before_s for week in weeks)]
    return Span(weeks=weeks, edges_s=np.minimum(np.array(edges, np.int64), now_s + 1), now_s=now_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Stays counted by group and week, (groups, weeks); ``start``: by group, at the beginning."""

    start: Ints
    opened: Ints
    closed: Ints
    end: Ints


def flow(stays: Stints, group: Ints, groups: int, span: Span) -> Flow:
    """Count which stays were there at the start, began and ended.

    Args:
        group: the group of each stay, below ``groups``.
    """
    begun, ended = (
        _counted(moments, group, groups, span) for moments in (stays.start_s, stays.end_s)
    )
    start = begun[:, 0] - ended[:, 0]
    opened, closed = begun[:, 1:-1], ended[:, 1:-1]
    end = start[:, None] + np.cumsum(opened - closed, axis=1)
    return Flow(start=start, opened=opened, closed=closed, end=end)


def _counted(moments_s: Ints, group: Ints, groups: int, span: Span) -> Ints:
    """Count moments by group and week; what lies before and after has a column at each end."""
    wide = len(span.edges_s) + 1
    place = span.edges_s.searchsorted(moments_s, "right")
    return np.bincount(group * wide + place, minlength=groups * wide).reshape(groups, wide)


def weekly(total: Flow, span: Span) -> tuple[Week, ...]:
    """Tell the weeks of a period from the flow of a single group."""
    counts = zip(total.opened[0], total.closed[0], total.end[0], strict=True)
    return tuple(
        Week(
            name=week.name,
            first_on=week.first.isoformat(),
            last_on=week.last.isoformat(),
            is_whole=week.days == 7 and week.before_s <= span.now_s + 1,
            opened=int(opened),
            closed=int(closed),
            open_end=int(end),
        )
        for week, (opened, closed, end) in zip(span.weeks, counts, strict=True)
    )


def cases(case: Words, open_rows: Ints, spells: Stints, span: Span) -> Cases:
    """Count the investigations that open exhibits belong to."""
    held = np.bincount(case.codes[open_rows], minlength=len(case.names))
    held = held[held > 0]
    active = spells.row[(spells.start_s < span.before_s) & (spells.end_s >= span.from_s)]
    return Cases(open=len(held), active=len(np.unique(case.codes[active])), exhibits=spread(held))


def outsourced(outside: Flags, open_rows: Ints, spells: Stints, span: Span) -> Outsourced:
    """Tell which part of the open, opened and closed exhibits is done outside."""
    opened, closed = (spells.row[span.holds(moments)] for moments in (spells.start_s, spells.end_s))
    parts: Sequence[Share] = [
        Share(part=int(outside[rows].sum()), whole=len(rows))
        for rows in (open_rows, opened, closed)
    ]
    return Outsourced(open=parts[0], opened=parts[1], closed=parts[2])
