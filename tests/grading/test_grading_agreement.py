"""Kappa against examples that were published, and samples against what they promise."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import UsageFault
from triage.grading.agreement import cohen, fleiss, pairwise
from triage.grading.sampling import rate_of, sample


def pairs(table: list[list[int]]) -> list[tuple[str, str]]:
    """Give the ratings behind a table of agreement."""
    return [
        (str(row), str(column))
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]


def test_cohens_own_example() -> None:
    # J. Cohen, Educational and Psychological Measurement 20 (1960): 200 cases, kappa .492.
    found = cohen(pairs([[88, 14, 18], [10, 40, 10], [2, 6, 12]]))
    assert found.contents == 200
    assert found.observed == pytest.approx(0.70)
    assert found.expected == pytest.approx(0.41)
    assert found.kappa == pytest.approx(0.492, abs=5e-4)


def test_two_readers_of_fifty_proposals() -> None:
    # The usual text-book example: 35 of 50 agree, chance 0.5, kappa 0.4.
    found = cohen(pairs([[20, 5], [10, 15]]))
    assert found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)


FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def counted(rows: list[list[int]]) -> list[dict[str, int]]:
    return [{str(place): count for place, count in enumerate(row)} for row in rows]


def test_the_published_example_of_fleiss_kappa() -> None:
    # Ten subjects, fourteen raters, five categories: observed .378, chance .213, kappa .210.
    found = fleiss(counted(FLEISS))
    assert (found.contents, found.ratings) == (10, 140)
    assert found.observed == pytest.approx(0.378, abs=5e-4)
    assert found.expected == pytest.approx(0.213, abs=5e-4)
    assert found.kappa == pytest.approx(0.210, abs=5e-4)


def test_contents_of_one_vote_say_nothing() -> None:
    assert fleiss([*counted(FLEISS), {"0": 1}, {}]) == fleiss(counted(FLEISS))
    assert (fleiss([]).kappa, cohen([]).kappa) == (None, None)


def test_where_chance_explains_everything_there_is_no_kappa() -> None:
    for found in (cohen([("A", "A")] * 9), fleiss([{"A": 3}] * 9)):
        assert (found.observed, found.expected, found.kappa) == (1.0, 1.0, None)


RATINGS = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), min_size=1)


@given(RATINGS, st.randoms(use_true_random=False))
def test_laws_of_cohens_kappa(said: list[tuple[str, str]], chance: random.Random) -> None:
    found = cohen(said)
    assert cohen([(two, one) for one, two in said]).kappa == found.kappa
    assert cohen(chance.sample(said, len(said))) == found
    assert found.kappa is None or -1 <= found.kappa <= 1
    perfect = all(one == two for one, two in said)
    assert (found.kappa == 1) == (perfect and found.kappa is not None)


@given(st.lists(st.dictionaries(st.sampled_from("ABC"), st.integers(1, 4)), max_size=6))
def test_kappa_of_many_is_at_most_one(said: list[dict[str, int]]) -> None:
    kappa = fleiss(said).kappa
    assert kappa is None or kappa <= 1


def test_every_two_who_graded_in_common_are_compared() -> None:
    said = [{"a": "A", "b": "A"}, {"a": "A", "b": "B", "c": "B"}, {"c": "A"}]
    found = pairwise(said)
    assert [(one, other, kappa.contents) for one, other, kappa in found] == [
        ("a", "b", 2),
        ("a", "c", 1),
        ("b", "c", 1),
    ]
    assert found[0][2] == cohen([("A", "A"), ("A", "B")])


GRADED = st.dictionaries(st.binary(min_size=32, max_size=32), st.sampled_from("ABC"), max_size=40)
RATES = st.fractions(Fraction(1, 100), Fraction(1))


@given(GRADED, RATES, st.text(max_size=3), st.randoms(use_true_random=False))
def test_a_sample_is_the_same_however_the_contents_come(
    graded: dict[bytes, str], rate: Fraction, seed: str, chance: random.Random
) -> None:
    given_ = list(graded.items())
    found = sample(given_, rate, seed)
    assert sample(chance.sample(given_, len(given_)), rate, seed) == found
    for one in found:
        members = {sha256 for sha256, category in given_ if category == one.category}
        assert set(one.chosen) <= members
        exact = len(members) * rate
        assert len(one.chosen) == max(1, -(-exact.numerator // exact.denominator))
    assert {one.category for one in found} == set(graded.values())


@given(GRADED, RATES, RATES)
def test_a_higher_rate_only_adds(graded: dict[bytes, str], one: Fraction, other: Fraction) -> None:
    few, many = (sample(graded.items(), rate, "s") for rate in sorted((one, other)))
    for less, more in zip(few, many, strict=True):
        assert set(less.chosen) <= set(more.chosen)


def test_another_seed_gives_another_sample_and_every_content_has_its_chance() -> None:
    graded = [(number.to_bytes(32, "big"), "A") for number in range(200)]
    times = [0] * 200
    for seed in range(400):
        (found,) = sample(graded, Fraction(1, 20), str(seed))
        for one in found.chosen:
            times[int.from_bytes(one, "big")] += 1
    assert sum(times) == 400 * 10
    # Each is chosen 20 times on average; 4.4 is the deviation to be expected.
    assert min(times) >= 3
    assert max(times) <= 40


def test_rates_are_read_exactly() -> None:
    assert rate_of("5%") == rate_of(" 0.05 ") == Fraction(1, 20)
    assert rate_of("100 %") == rate_of("1") == 1
    for text in ("0", "-1", "1.01", "101%", "nan", "5e999999999", "1e-999999999", "five", "", "%"):
        with pytest.raises(UsageFault, match="--rate"):
            rate_of(text)
