"""Tables of what graders looked at: loads, never a picture."""

from __future__ import annotations

from collections.abc import Sequence

from triage.export.drawing import Table
from triage.export.wording import tenth, whole
from triage.model.load import GraderLoad

_CATEGORIES = {"": "Not graded", "UNCATEGORISED": "Uncategorised", "NON_PERTINENT": "Not relevant"}


def category_words(category: str) -> str:
    """Name a category for people."""
    return _CATEGORIES.get(category) or category.replace("_", " ").capitalize()


def loads_table(found: Sequence[GraderLoad]) -> Table:
    """Give a line a grader."""
    return Table(
        caption="Load of each grader",
        header=(
            "Grader",
            "Pictures shown",
            "Different",
            "Minutes",
            "Graded",
            "Measures lifted",
            "Breaks",
            "Limits reached",
            "Days that reached a soft limit",
        ),
        rows=tuple(
            (
                one.shown,
                whole(one.pictures),
                whole(one.contents),
                tenth(one.minutes),
                *map(whole, (one.graded, one.lifts, one.breaks, one.limits, one.over_soft)),
            )
            for one in found
        ),
    )


def categories_table(found: Sequence[GraderLoad]) -> Table:
    """Give different pictures by what they are graded as, a column a category that occurs."""
    columns = sorted({category for one in found for category, _ in one.categories})
    columns.sort(key=lambda one: not one)
    rows = []
    for one in found:
        counted = dict(one.categories)
        rows.append((one.shown, *(whole(counted.get(name, 0)) for name in columns)))
    return Table(
        caption="Different pictures by category",
        header=("Grader", *map(category_words, columns)),
        rows=tuple(rows),
    )
