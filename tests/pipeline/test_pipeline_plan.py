"""Portions keep the order, lose nothing and stay within their limits."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from triage.pipeline.plan import BATCH_BYTES, BATCH_ITEMS, TimeLimits, portions

SIZES = st.one_of(
    st.integers(0, 4096),
    st.integers(BATCH_BYTES // 3, BATCH_BYTES),
    st.integers(BATCH_BYTES, 1 << 40),
)
ITEMS = st.lists(st.tuples(SIZES, st.booleans()), max_size=300)


@given(ITEMS)
def test_nothing_is_lost_and_the_order_is_kept(items: list[tuple[int, bool]]) -> None:
    cut = list(portions(items, size_bytes=lambda one: one[0], alone=lambda one: one[1]))
    assert [one for part in cut for one in part] == items
    assert all(cut)


@given(ITEMS)
def test_limits_hold_and_what_is_huge_or_suspect_stands_alone(
    items: list[tuple[int, bool]],
) -> None:
    for part in portions(items, size_bytes=lambda one: one[0], alone=lambda one: one[1]):
        assert len(part) <= BATCH_ITEMS
        if len(part) > 1:
            assert sum(size for size, _ in part) <= BATCH_BYTES
            assert not any(alone for _, alone in part)
            assert all(size < BATCH_BYTES for size, _ in part)


@given(st.lists(st.integers(0, BATCH_BYTES - 1), max_size=300))
def test_no_portion_is_cut_sooner_than_it_must(sizes: list[int]) -> None:
    cut = list(portions(sizes, size_bytes=lambda size: size))
    for part, following in pairwise(cut):
        assert len(part) == BATCH_ITEMS or sum(part) + following[0] > BATCH_BYTES


@given(st.integers(0, 1 << 50))
def test_reading_more_may_take_longer(size: int) -> None:
    limits = TimeLimits()
    assert limits.reading_s(size + 1) >= limits.reading_s(size) >= limits.entry_s
