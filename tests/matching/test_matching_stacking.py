"""Stacks never drift, never depend on the order asked, and never keep apart what is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.matching import stacking
from triage.matching.stacking import stacked, tells
from triage.model.digest import Pdq, PdqRecipe


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def flipped(value: bytes, places: frozenset[int] | set[int]) -> bytes:
    number = int.from_bytes(value, "big")
    for place in places:
        number ^= 1 << place
    return number.to_bytes(32, "big")


PLACES = st.frozensets(st.integers(0, 255), max_size=12)


@st.composite
def crowds(draw: st.DrawFn) -> list[bytes]:
    """Make hashes of which many lie near others, in stars and in chains."""
    crowd = [draw(st.binary(min_size=32, max_size=32))]
    for _ in range(draw(st.integers(0, 40))):
        origin = draw(st.sampled_from(crowd))
        crowd.append(flipped(origin, draw(PLACES)))
    return crowd


def check_laws(hashes: list[bytes], radius: int) -> None:
    places = dict(zip(hashes, stacked(hashes, radius), strict=True))
    leaders = {place.leader for place in places.values()}
    for value, place in places.items():
        distances = {leader: apart(value, leader) for leader in leaders}
        assert place.distance_bits == distances[place.leader] <= radius
        assert place.distance_bits == min(distances.values())
    assert all(places[leader] == (leader, 0) for leader in leaders)
    for leader in leaders:
        assert all(apart(leader, other) > radius for other in leaders - {leader})
    for value, place in places.items():
        for other, its in places.items():
            assert place.leader != its.leader or apart(value, other) <= 2 * radius


@settings(max_examples=60, deadline=None)
@given(crowds(), st.sampled_from([0, 4, 10, 31]))
def test_nothing_drifts_and_leaders_are_apart(hashes: list[bytes], radius: int) -> None:
    check_laws(hashes, radius)


@settings(max_examples=40, deadline=None)
@given(crowds(), st.randoms(use_true_random=False), st.sampled_from([4, 31]))
def test_the_order_asked_and_repetitions_change_nothing(
    hashes: list[bytes], dice: object, radius: int
) -> None:
    before = dict(zip(hashes, stacked(hashes, radius), strict=True))
    mixed = [*hashes, *hashes[: len(hashes) // 2]]
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert dict(zip(mixed, stacked(mixed, radius), strict=True)) == before


@pytest.mark.parametrize("asked", [1, 2, 5])
def test_laws_hold_over_many_rounds(asked: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacking, "_LEAST_ASKED", asked)
    monkeypatch.setattr(stacking, "_MOST_ASKED", asked)
    monkeypatch.setattr(stacking, "_CENTRES_ASKED", 2)
    rng = np.random.default_rng(asked)
    hashes = []
    for _ in range(6):
        value = rng.bytes(32)
        for _ in range(25):
            value = flipped(value, set(rng.integers(0, 256, 9).tolist()))
            hashes.append(value)
    check_laws(hashes, 31)


def test_a_chain_is_cut_where_it_has_drifted() -> None:
    chain = [flipped(bytes(32), set(range(8 * step))) for step in range(32)]
    places = stacked(chain)
    assert len({place.leader for place in places}) >= 256 // 63
    assert max(place.distance_bits for place in places) <= 31


def test_a_family_around_an_original_is_one_stack_whatever_comes_first() -> None:
    rng = np.random.default_rng(3)
    original = b"\x7f" + rng.bytes(31)
    copies = [
        flipped(original, set(rng.choice(256, 24, replace=False).tolist())) for _ in range(300)
    ]
    # copies lie 40 and more bits from each other: only the middle sees all of them
    assert {place.leader for place in stacked([*copies, original])} == {original}


def test_nothing_and_one() -> None:
    assert stacked([]) == []
    assert stacked([bytes(32)]) == [(bytes(32), 0)]


@pytest.mark.parametrize(
    ("quality", "phash", "expected"),
    [
        (50, 0xF, True),
        (49, 0xF, False),
        (100, 0x7, False),
        (100, (1 << 60) - 1, True),
        (100, (1 << 61) - 1, False),
    ],
)
def test_featureless_pictures_are_left_out(quality: int, phash: int, expected: bool) -> None:  # noqa: FBT001  (a parameter)
    pdq = Pdq(bits=bytes(32), quality=quality, recipe=PdqRecipe.SQUEEZED_512)
    assert tells(pdq, phash.to_bytes(8, "big")) is expected
