"""The nearest hash: against a linear scan, for any hashes."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from triage.matching.nearest import nearest


def bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def scanned(asked: bytes, among: list[bytes], radius: int) -> tuple[int, int] | None:
    found = [(bits_apart(asked, other), place) for place, other in enumerate(among)]
    best = min(found, default=None)
    return (best[1], best[0]) if best is not None and best[0] <= radius else None


def changed(start: bytes, places: list[int]) -> bytes:
    number = int.from_bytes(start)
    for place in places:
        number ^= 1 << place
    return number.to_bytes(32)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    many=st.integers(0, 40),
    radius=st.sampled_from([0, 8, 31]),
)
def test_nearest_is_what_a_linear_scan_finds(seed: int, many: int, radius: int) -> None:
    draw = random.Random(seed)  # noqa: S311  (a seeded generator)
    among = [draw.randbytes(32) for _ in range(many)]
    among += [
        changed(one, draw.sample(range(256), draw.randrange(40))) for one in among for _ in range(2)
    ]
    asked = [changed(one, draw.sample(range(256), draw.randrange(36))) for one in among[::2]]
    asked.append(draw.randbytes(32))
    assert nearest(asked, among, radius) == [scanned(one, among, radius) for one in asked]


def test_many_rows_give_what_few_give() -> None:
    draw = random.Random(5)  # noqa: S311  (a seeded generator)
    among = [draw.randbytes(32) for _ in range(3000)]
    asked = [changed(among[at], draw.sample(range(256), 31)) for at in range(0, 3000, 500)]
    assert nearest(asked, among) == [scanned(one, among, 31) for one in asked]
