"""The values that a case can be filtered by, with the number of contents that have each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from triage.bench.layout import Layout
from triage.bench.told import ToldFilters, ToldFolder, ToldValue
from triage.model.display import printable
from triage.model.grade import Category


def filters_of(layout: Layout) -> ToldFilters:
    """Count facts of contents; nothing that anybody said of them."""
    every = layout.contents
    named = [reference for _, reference in layout.case.exhibits]
    days = [one.day for one in every if one.day > 0]
    exhibits = Counter(place for one in every for place in one.exhibits)
    return ToldFilters(
        exhibits=tuple(
            ToldValue(value=name, contents=exhibits[place]) for place, name in enumerate(named)
        ),
        standings=_values(one.standing for one in every),
        categories=_values(one.category or Category.UNCATEGORISED for one in every),
        sets=_values(name for one in every for name in one.sets),
        cameras=tuple(
            ToldValue(value=name, contents=count) for name, count in layout.offered_cameras()
        ),
        media=_values(one.medium for one in every),
        folders=tuple(
            ToldFolder(exhibit=printable(named[place]), folder=path, contents=count)
            for place, path, count in layout.offered_folders()
        ),
        first_day=date.fromordinal(min(days)).isoformat() if days else "",
        last_day=date.fromordinal(max(days)).isoformat() if days else "",
    )


def _values(found: Iterable[str]) -> tuple[ToldValue, ...]:
    counted = Counter(map(str, found))
    return tuple(ToldValue(value=name, contents=counted[name]) for name in sorted(counted))
