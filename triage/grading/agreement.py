"""How far graders agree beyond chance: Cohen's and Fleiss' kappa; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

PAIR = 2
"""Graders that Cohen's kappa compares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kappa:
    """An agreement statistic.

    Attributes:
        contents: on which it rests.
        ratings: votes on these.
        observed: share of pairs of votes on one content that agree.
        expected: the share that chance alone would give.
        kappa: ``None`` where it is not defined: nothing to compare, or only one category in use,
            so that chance explains everything.
    """

    contents: int
    ratings: int
    observed: float | None
    expected: float | None
    kappa: float | None


def cohen(pairs: Sequence[tuple[str, str]]) -> Kappa:
    """Compare two graders (J. Cohen, 1960: A coefficient of agreement for nominal scales).

    Args:
        pairs: for each content that both graded, what the one and the other said.
    """
    total = len(pairs)
    if not total:
        return Kappa(contents=0, ratings=0, observed=None, expected=None, kappa=None)
    one, other = Counter(said for said, _ in pairs), Counter(said for _, said in pairs)
    agreed = sum(first == second for first, second in pairs)
    chance = sum(count * other[category] for category, count in one.items())
    # Whole numbers as long as can be, so that the same votes give the same digits everywhere.
    below = total * total - chance
    return Kappa(
        contents=total,
        ratings=2 * total,
        observed=agreed / total,
        expected=chance / (total * total),
        kappa=(agreed * total - chance) / below if below else None,
    )


def fleiss(counts: Sequence[Mapping[str, int]]) -> Kappa:
    """Compare any number of graders (J. L. Fleiss, 1971).

    Contents may have different numbers of votes: each content's agreement counts once, and chance
    is taken from all votes. With equal numbers this is Fleiss' formula as published.

    Args:
        counts: for each content, how many graders said which category; those of fewer than two
            votes say nothing and are left out.
    """
    rated = [one for one in counts if sum(one.values()) >= PAIR]
    ratings = sum(sum(one.values()) for one in rated)
    if not rated:
        return Kappa(contents=0, ratings=0, observed=None, expected=None, kappa=None)
    observed = sum(_agreement(one) for one in rated) / len(rated)
    totals: Counter[str] = Counter()
    for one in rated:
        totals.update(one)
    expected = sum(count * count for count in totals.values()) / (ratings * ratings)
    only_one = sum(1 for count in totals.values() if count) == 1
    return Kappa(
        contents=len(rated),
        ratings=ratings,
        observed=observed,
        expected=expected,
        kappa=None if only_one else (observed - expected) / (1 - expected),
    )


def pairwise(said: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str, Kappa], ...]:
    """Compare every two graders who have graded a content in common, by their names.

    Args:
        said: for each content, what each grader said.
    """
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in said:
        for first, second in combinations(sorted(one), PAIR):
            pairs.setdefault((first, second), []).append((one[first], one[second]))
    return tuple((*names, cohen(pairs[names])) for names in sorted(pairs))


def _agreement(one: Mapping[str, int]) -> float:
    votes = sum(one.values())
    return sum(count * (count - 1) for count in one.values()) / (votes * (votes - 1))
