"""Which pictures were taken at one place, held to the distance on the sphere."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.bench.places import crowded, places

Point = tuple[float, float]
METRE = 1 / 111_195.0
"""Degrees of latitude: a quarter of a meridian of the mean sphere is 10,007.557 km."""


def metres(one: Point, other: Point) -> float:
    """Give the distance by the haversine formula."""
    (north, east), (north2, east2) = (tuple(map(math.radians, point)) for point in (one, other))
    half = (
        math.sin((north2 - north) / 2) ** 2
        + math.cos(north) * math.cos(north2) * math.sin((east2 - east) / 2) ** 2
    )
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(half)))


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ((54.4858, -0.6206), (54.4858 + 95 * METRE, -0.6206), True),
        ((54.4858, -0.6206), (54.4858 + 105 * METRE, -0.6206), False),
        ((60.0, 10.0), (60.0, 10.0 + 190 * METRE), True),  # half as long at 60 degrees north
        ((0.0, 10.0), (0.0, 10.0 + 190 * METRE), False),
        ((12.0, 180.0), (12.0, -180.0 + 50 * METRE), True),
        ((90.0, 0.0), (90.0, 137.0), True),
        ((-89.9999, 10.0), (-89.9999, -170.0), True),
        ((54.0, -1.0), (-54.0, 179.0), False),
    ],
)
def test_a_place_is_a_hundred_metres_wherever_on_earth(
    one: Point, other: Point, *, together: bool
) -> None:
    assert (len(places({"a": one, "b": other})) == 1) is together


def test_a_road_is_no_single_place() -> None:
    road = {step: (54.0 + step * 60 * METRE, -1.0) for step in range(20)}
    found = places(road)
    assert len(found) > 5
    assert sorted(name for one in found for name in one) == sorted(road)


def test_what_is_several_is_counted_for_each_of_a_place() -> None:
    points = {"a": (1.0, 1.0), "b": (1.0, 1.0), "c": (1.0, 1.0), "d": (2.0, 2.0), "e": (2.0, 2.0)}
    assert crowded(places(points), 3) == {"a": 3, "b": 3, "c": 3}


NEAR = st.tuples(
    st.floats(-0.004, 0.004).map(lambda north: 51.5 + north),
    st.floats(-0.004, 0.004).map(lambda east: -0.1 + east),
)
ANYWHERE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(st.lists(st.one_of(NEAR, ANYWHERE), max_size=40), st.randoms(use_true_random=False))
def test_all_of_a_place_lie_near_its_first_and_firsts_apart(
    points: list[Point], chance: random.Random
) -> None:
    named = {f"{number:02}": point for number, point in enumerate(points)}
    found = places(named)
    assert sorted(name for one in found for name in one) == sorted(named)
    for one in found:
        assert all(metres(named[one[0]], named[name]) <= 100.01 for name in one)
    firsts = [named[one[0]] for one in found]
    assert all(metres(one, other) > 99.99 for at, one in enumerate(firsts) for other in firsts[:at])
    turned = list(named.items())
    chance.shuffle(turned)
    assert places(dict(turned)) == found
