"""The order in which contents are looked at: what goes before what, and the words for it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.bench.ordering import (
    Band,
    Device,
    Surroundings,
    Traits,
    camera_of,
    placing,
    signs_of,
    sort_key,
)
from triage.model.grade import Category, Standing

SEIZED = date(2026, 6, 1)
PHONE = Device(exhibit="AB/1", make="Apple", model="iPhone 12", serial="F4GH1234")
CASE = Surroundings(devices=(PHONE,), until=SEIZED)


def key(**traits: Any) -> tuple[int, ...]:
    one = Traits(**{"standing": Standing.UNKNOWN, **traits})
    return sort_key(placing([(one, signs_of(one, CASE))]), 1, b"")[:4]


IN_ORDER: list[dict[str, Any]] = [
    {"make": "Apple", "model": "iPhone 12", "serial": "f4gh1234", "located": True},
    {"make": "Apple", "model": "iPhone 12", "serial": "F4GH1234"},
    {"make": "APPLE", "model": "iPhone  12"},
    {"conflict": True, "standing": Standing.KNOWN_BAD, "in_set": True},
    {"standing": Standing.VISUAL, "in_set": True},
    {"make": "Canon", "model": "Canon EOS 80D", "serial": "1", "taken": SEIZED},
    {"located": True},
    {"taken": SEIZED},
    {"series": 5, "taken": date(2001, 1, 1)},
    {},
    {"medium": "video"},
    {"width": 48, "height": 48},
    {"shows": False},
    {"standing": Standing.UNMAPPED, "category": Category.UNMAPPED, "in_set": True},
    {"standing": Standing.KNOWN_BAD, "category": Category.A, "in_set": True},
    {"standing": Standing.KNOWN_GOOD, "category": Category.NON_PERTINENT, "in_set": True},
]


@pytest.mark.parametrize(("one", "other"), list(pairwise(IN_ORDER)))
def test_what_matters_more_comes_first(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(**one) < key(**other)


def test_signs_are_told_in_words_the_strongest_first() -> None:
    one = Traits(
        standing=Standing.UNKNOWN,
        make="Apple",
        model="iPhone 12",
        serial="F4GH1234",
        located=True,
        taken=date(2026, 5, 1),
        series=7,
    )
    assert placing([(one, signs_of(one, CASE))]).reasons == (
        "camera's serial number is that of exhibit AB/1",
        "says where it was taken",
        "says which camera took it, with its serial number",
        "taken in the year before the device came into police hands",
        "one of a series: same camera, same day",
    )


@pytest.mark.parametrize(
    ("days", "recent"), [(0, True), (-365, True), (-366, False), (1, False), (40_000, False)]
)
def test_recent_is_the_year_before_the_device_came_in(days: int, *, recent: bool) -> None:
    one = Traits(standing=Standing.UNKNOWN, taken=SEIZED + timedelta(days=days))
    assert bool(signs_of(one, CASE)) is recent


def test_nothing_is_recent_where_no_day_is_known() -> None:
    one = Traits(standing=Standing.UNKNOWN, taken=SEIZED)
    assert signs_of(one, Surroundings()) == ()


def test_a_make_alone_or_nothing_at_all_is_no_device() -> None:
    bare = Surroundings(devices=(Device(exhibit="X", make="Apple"), Device(exhibit="Y")))
    assert signs_of(Traits(standing=Standing.UNKNOWN, make="Apple"), bare) == ()


@pytest.mark.parametrize(
    ("make", "model", "said"),
    [
        ("Canon", "Canon EOS 80D", "Canon EOS 80D"),
        ("Apple", "iPhone 12", "Apple iPhone 12"),
        ("", "X100", "X100"),
        ("Ricoh ", "", "Ricoh"),
        ("", "", ""),
    ],
)
def test_a_camera_is_named_once(make: str, model: str, said: str) -> None:
    assert camera_of(make, model) == said


TRAITS = st.builds(
    Traits,
    standing=st.sampled_from(Standing),
    conflict=st.booleans(),
    in_set=st.booleans(),
    medium=st.sampled_from(["picture", "video"]),
    serial=st.sampled_from(["", "F4GH1234", "2"]),
    located=st.booleans(),
    taken=st.sampled_from([None, SEIZED, date(1999, 1, 1)]),
    series=st.integers(0, 6),
    width=st.integers(0, 200),
)


@given(st.lists(TRAITS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_stack_is_as_urgent_as_its_most_urgent_member(members: list[Traits], mixed: Any) -> None:
    found = [(one, signs_of(one, CASE)) for one in members]
    place = placing(found)
    alone = [placing([one]) for one in found]
    assert place.band == min(one.band for one in alone)
    assert place.points >= max(one.points for one in alone)
    assert set(place.reasons) == {words for one in alone for words in one.reasons}
    mixed.shuffle(found)
    assert placing(found) == place


@given(TRAITS)
def test_known_good_comes_last_and_signs_never_lower_a_band(one: Traits) -> None:
    band = placing([(one, signs_of(one, CASE))]).band
    assert (band is Band.KNOWN_GOOD) == (one.standing is Standing.KNOWN_GOOD and not one.conflict)
    assert band <= placing([(one, ())]).band
