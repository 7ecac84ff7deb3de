"""What people count: CAID contributions, graders' load, weeks of action, beside the year before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from triage.model.history import Count, CountKind
from triage.model.kpi import Compared, Figure, Grader

LEVELS = frozenset({CountKind.CAID_AWAITING_SECOND_VOTE})
"""What is a level, not an amount: its last figure stands, days are not summed."""
_ORDER = {kind: number for number, kind in enumerate(CountKind)}
Days = Mapping[str, float]
"""Figures by day, ``YYYY-MM-DD``."""


def compared(
    counts: Iterable[Count], period: tuple[str, str], before: tuple[str, str]
) -> tuple[Compared, ...]:
    """Give every kind of count, over all and by subject, beside that of the year before.

    Args:
        period: first and last day; ``before``: those of the year before.
    """
    known = list(counts)
    now, then = _by_kind(known, period), _by_kind(known, before)
    keys = {(kind, name) for sums in (now, then) for kind, part in sums.items() for name in part}
    keys |= {(kind, "") for kind, _ in keys}
    return tuple(
        Compared(
            kind=kind,
            subject=name,
            now=_figure(kind, name, now.get(kind, {})),
            before=_figure(kind, name, then.get(kind, {})),
        )
        for kind, name in sorted(keys, key=lambda key: (_ORDER[key[0]], key[1]))
    )


def graders(counts: Iterable[Count], period: tuple[str, str]) -> tuple[Grader, ...]:
    """Give what each person viewed and graded, by name."""
    sums = _by_kind(counts, period)
    viewed, hours, graded = (
        sums.get(kind, {})
        for kind in (CountKind.VIEWED, CountKind.GRADING_HOURS, CountKind.CAID_GRADED)
    )
    names = sorted((viewed.keys() | hours.keys() | graded.keys()) - {""})
    return tuple(
        Grader(
            name=name,
            viewed=_sum(viewed.get(name, {})),
            hours=_sum(hours.get(name, {})),
            graded=_sum(graded.get(name, {})),
            an_hour=_rate(viewed.get(name, {}), hours.get(name, {})),
        )
        for name in names
    )


def _by_kind(
    counts: Iterable[Count], period: tuple[str, str]
) -> dict[CountKind, dict[str, dict[str, float]]]:
    """Give the figures of a period by kind, subject and day; the one recorded last stands."""
    found: dict[CountKind, dict[str, dict[str, float]]] = {}
    for one in counts:
        if period[0] <= one.on <= period[1]:
            found.setdefault(one.kind, {}).setdefault(one.subject, {})[one.on] = one.value
    return found


def _figure(kind: CountKind, name: str, subjects: Mapping[str, Days]) -> Figure:
    if kind in LEVELS:
        return _level(subjects) if name == "" else _last(subjects.get(name, {}))
    return _sum(_of_all(subjects) if name == "" else subjects.get(name, {}))


def _of_all(subjects: Mapping[str, Days]) -> Days:
    """Give the figure of each day over all: the one given for all, else the sum of the subjects."""
    found: dict[str, float] = defaultdict(float)
    for name, days in subjects.items():
        if name:
            for day, value in days.items():
                found[day] += value
    return {**found, **subjects.get("", {})}


def _level(subjects: Mapping[str, Days]) -> Figure:
    """Give the last level over all: the one given for all, else the sum of each one's last."""
    if subjects.get(""):
        return _last(subjects[""])
    lasts = [_last(days) for days in subjects.values()]
    days = {day for part in subjects.values() for day in part}
    return Figure(days=len(days), value=sum(one.value for one in lasts))


def _sum(days: Days) -> Figure:
    return Figure(days=len(days), value=sum(days[day] for day in sorted(days)))


def _last(days: Days) -> Figure:
    return Figure(days=len(days), value=days[max(days)]) if days else Figure()


def _rate(viewed: Days, hours: Days) -> Figure:
    both = [day for day in sorted(viewed) if hours.get(day, 0) > 0]
    spent = sum(hours[day] for day in both)
    return Figure(days=len(both), value=sum(viewed[day] for day in both) / spent if both else 0.0)
