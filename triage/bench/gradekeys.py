"""Which key gives which grade: the letter that people know, else the next free figure; pure."""

from __future__ import annotations

from dataclasses import dataclass

from triage.grading.scheme import Scheme
from triage.model.grade import Category

_KEYS = {
    Category.A: "A",
    Category.B: "B",
    Category.C: "C",
    Category.PROHIBITED: "P",
    Category.EXTREME: "E",
    Category.INDICATIVE: "I",
    Category.OTHER_NOTABLE: "O",
    Category.NON_PERTINENT: "R",
}
"""None of them has another meaning on the bench."""

WORDS = {
    Category.A: "Category A",
    Category.B: "Category B",
    Category.C: "Category C",
    Category.PROHIBITED: "Prohibited",
    Category.EXTREME: "Extreme",
    Category.INDICATIVE: "Indicative",
    Category.OTHER_NOTABLE: "Other notable",
    Category.NON_PERTINENT: "Not relevant",
    Category.UNCATEGORISED: "Uncategorised",
    Category.KNOWN_BAD: "Known bad, no category",
    Category.UNMAPPED: "Code without a meaning",
}
_NO_GRADE = frozenset({Category.UNCATEGORISED, Category.UNMAPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeKey:
    """A grade of the unit's scheme, and the key that gives it; ``""`` where none is left."""

    key: str
    code: str
    category: Category
    words: str


def grade_keys(scheme: Scheme) -> tuple[GradeKey, ...]:
    """Give the grades that a scheme has, gravest first, each with a key of its own."""
    order = list(Category)
    coded = [(code, one) for code, one in scheme.codes if one not in _NO_GRADE]
    coded.sort(key=lambda pair: (order.index(pair[1]), pair[0]))
    figures = [str(one) for one in range(1, 10)]
    used: set[str] = set()
    found = []
    for code, category in coded:
        wanted = [_KEYS.get(category, ""), *figures]
        key = next((one for one in wanted if one and one not in used), "")
        used.add(key)
        found.append(GradeKey(key=key, code=code, category=category, words=WORDS[category]))
    return tuple(found)
