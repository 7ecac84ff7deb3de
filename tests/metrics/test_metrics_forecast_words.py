"""What is written on the command line, and what it means."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import UsageFault
from triage.metrics.rates import parse_arrivals, parse_capacity, parse_hours
from triage.model.forecast import Change, ChangeKind

P, M, R, E = (
    ChangeKind.PERCENT,
    ChangeKind.MORE,
    ChangeKind.RATE,
    ChangeKind.EXAMINERS,
)


@pytest.mark.parametrize(
    ("words", "kind", "value"),
    [
        ("+17%", P, 17),
        ("-5%", P, -5),
        ("+2.5%", P, 2.5),
        ("30/week", R, 30),
        ("+3/week", M, 3),
        ("-0.5/week", M, -0.5),
    ],
)
def test_arrivals(words: str, kind: ChangeKind, value: float) -> None:
    assert parse_arrivals(words) == Change(kind=kind, value=value)


@pytest.mark.parametrize(
    ("words", "kind", "value"),
    [("+1", E, 1), ("-1", E, -1), ("+0.5", E, 0.5), ("+5/week", M, 5), ("40/week", R, 40)],
)
def test_capacity(words: str, kind: ChangeKind, value: float) -> None:
    assert parse_capacity(words) == Change(kind=kind, value=value)


@pytest.mark.parametrize(
    "words", ["", "+1", "17%", "seventeen", "+17 %%", "nan%", "+1e9%", "30", "-30/month", "+²%"]
)
def test_arrivals_that_could_mean_two_things_are_refused(words: str) -> None:
    with pytest.raises(UsageFault):
        parse_arrivals(words)


@pytest.mark.parametrize("words", ["", "1", "10%", "20h", "+", "one", "1/day"])
def test_capacity_that_could_mean_two_things_is_refused(words: str) -> None:
    with pytest.raises(UsageFault):
        parse_capacity(words)


def test_hours() -> None:
    assert parse_hours("20h") == parse_hours("20") == 20
    for words in ("-3h", "20%", "a lot", ""):
        with pytest.raises(UsageFault):
            parse_hours(words)


@given(st.text(max_size=12))
def test_nothing_else_gets_through(words: str) -> None:
    for parse in (parse_arrivals, parse_capacity, parse_hours):
        with contextlib.suppress(UsageFault):
            parse(words)
            assert set(words.strip()) <= set("+-0123456789.%/weekh")
