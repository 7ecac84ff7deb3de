"""Every radius index gives what a plain linear scan gives, whatever the digests are like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.matching.index import RadiusIndex, Rows, rows_of
from triage.matching.indexes import (
    SCAN_ROWS,
    BandRadius,
    LinearRadius,
    ScanRadius,
    bandsearch,
    bandtable,
    radius_index,
)
from triage.matching.indexes.bandplan import bands_of, is_exact, plan_of
from triage.matching.indexes.bandtable import band_table

KINDS: dict[str, Callable[[Rows, int], RadiusIndex]] = {
    "scan": ScanRadius,
    "bands": BandRadius.of,
}
SHAPES = [(32, 31), (8, 8)]
"""Bytes of a digest and radius: PDQ and pHash."""

kinds = pytest.mark.parametrize("kind", KINDS)
shapes = pytest.mark.parametrize(("width", "radius"), SHAPES)


def flipped(digest: bytes, bits: list[int]) -> bytes:
    """Change bits, counted from the highest of the first byte."""
    value = int.from_bytes(digest, "big")
    for bit in bits:
        value ^= 1 << (len(digest) * 8 - 1 - bit)
    return value.to_bytes(len(digest), "big")


@st.composite
def clustered(draw: st.DrawFn, width: int, radius: int) -> tuple[list[bytes], list[bytes]]:
    """Digests around a few centres, some of them equal, and queries about a radius away."""
    centres = draw(st.lists(st.binary(min_size=width, max_size=width), min_size=1, max_size=3))
    bits = st.lists(st.integers(0, width * 8 - 1), max_size=radius + 3, unique=True)
    near = st.builds(flipped, st.sampled_from(centres), bits)
    return draw(st.lists(near, max_size=30)), draw(st.lists(near, min_size=1, max_size=8))


def agrees(index: RadiusIndex, known: Rows, asked: Rows) -> bool:
    expected = LinearRadius(known, index.radius).search(asked)
    found = index.search(asked)
    return [part.tolist() for part in found] == [part.tolist() for part in expected]


@kinds
@shapes
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_neighbours_are_those_of_a_linear_scan(
    kind: str, width: int, radius: int, data: st.DataObject
) -> None:
    known, asked = (rows_of(part, width) for part in data.draw(clustered(width, radius)))
    assert agrees(KINDS[kind](known, radius), known, asked)


@shapes
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_neighbours_are_found_however_small_the_limits(
    width: int, radius: int, data: st.DataObject
) -> None:
    """Long buckets, crowded queries, cut batches and wide starts, all at a handful of digests."""
    known, asked = (rows_of(part, width) for part in data.draw(clustered(width, radius)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bandsearch, "_LONG_RUN", data.draw(st.integers(0, 3)))
        patch.setattr(bandsearch, "_SCAN_SHARE", data.draw(st.sampled_from([1, 2, 1000])))
        patch.setattr(bandsearch, "_MOST_PAIRS", data.draw(st.integers(1, 50)))
        patch.setattr(bandsearch, "_QUERIES_AT_A_TIME", data.draw(st.integers(1, 9)))
        patch.setattr(bandsearch, "_SCANS_AT_A_TIME", data.draw(st.integers(1, 3)))
        patch.setattr(bandsearch, "_ENTRIES_AT_A_TIME", data.draw(st.integers(1, 9)))
        patch.setattr(bandsearch, "_PROBES_AT_A_TIME", data.draw(st.integers(1, 99)))
        patch.setattr(bandtable, "_LARGEST", data.draw(st.integers(0, 5)))
        assert agrees(BandRadius.of(known, radius), known, asked)


@shapes
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_number_of_bands_finds_the_same(width: int, radius: int, data: st.DataObject) -> None:
    known, asked = (rows_of(part, width) for part in data.draw(clustered(width, radius)))
    number = data.draw(st.integers(max(2, width // 3), width // 2))
    size = data.draw(st.sampled_from([1, 100, 10_000]))
    plan = bands_of(number, size, width * 8, radius)
    assert agrees(BandRadius.of(known, radius, plan), known, asked)


@pytest.mark.parametrize("kind", [*KINDS, "linear"])
@shapes
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_the_radius_is_in_and_one_bit_more_is_out(
    kind: str, width: int, radius: int, data: st.DataObject
) -> None:
    digest = data.draw(st.binary(min_size=width, max_size=width))
    places = st.integers(0, width * 8 - 1)
    bits = data.draw(st.lists(places, min_size=radius + 1, max_size=radius + 1, unique=True))
    index = (KINDS | {"linear": LinearRadius})[kind](rows_of([digest], width), radius)
    queries = rows_of([flipped(digest, bits[:radius]), flipped(digest, bits)], width)
    query, row, distance = index.search(queries)
    assert (query.tolist(), row.tolist(), distance.tolist()) == ([0], [0], [radius])


@shapes
@given(size=st.sampled_from([1, 300, 5_000]), data=st.data())
@settings(max_examples=25, deadline=None)
def test_bits_spread_evenly_over_all_bands_are_found(
    width: int, radius: int, size: int, data: st.DataObject
) -> None:
    """The worst case: no band differs in fewer bits than the proof needs, wherever it starts."""
    digest = bytes(range(width))
    plan = bands_of(width // 2, size, width * 8, radius)
    extra = data.draw(st.integers(0, len(plan) - 1))
    bits: list[int] = []
    for place, band in enumerate(plan):
        order = data.draw(st.permutations(range(band.key_bits)))
        changed = band.radius_bits + 1 - (place == extra)
        bits += [band.first_bit + bit for bit in order[:changed]]
    assert len(bits) == radius
    known = rows_of([digest], width)
    index = BandRadius.of(known, radius, plan)
    query, row, distance = index.search(rows_of([flipped(digest, bits)], width))
    assert (query.tolist(), row.tolist(), distance.tolist()) == ([0], [0], [radius])


@pytest.mark.parametrize("size", [1, 600, 100_000, 1_000_000, 10_000_000, 80_000_000])
@shapes
def test_plans_are_exact_by_the_pigeonhole_principle(width: int, radius: int, size: int) -> None:
    plan = plan_of(size, width * 8, radius)
    assert sum(band.radius_bits + 1 for band in plan) == radius + 1
    covered = [
        bit for band in plan for bit in range(band.first_bit, band.first_bit + band.key_bits)
    ]
    assert len(covered) == len(set(covered))
    assert max(covered) < width * 8
    assert is_exact(plan, width * 8, radius)
    assert not is_exact(plan, width * 8, radius + 1)
    assert not is_exact(plan[1:], width * 8, radius)


@kinds
def test_no_rows_and_no_queries_find_nothing(kind: str) -> None:
    none, some = rows_of([], 32), rows_of([bytes(32)], 32)
    for known, asked in ((none, some), (some, none), (none, none)):
        assert [part.tolist() for part in KINDS[kind](known, 31).search(asked)] == [[], [], []]


@shapes
def test_a_list_of_one_digest_repeated_is_found_whole(width: int, radius: int) -> None:
    known = np.full((5000, width), 0x5A, np.uint8)
    asked = rows_of([b"\x5a" * width, flipped(b"\x5a" * width, [3]), bytes(width)], width)
    query, row, distance = BandRadius.of(known, radius).search(asked)
    assert query.tolist() == [0] * 5000 + [1] * 5000
    assert row.tolist() == [*range(5000)] * 2
    assert distance.tolist() == [0] * 5000 + [1] * 5000


def test_more_entries_than_16_bits_count_are_told_by_wide_starts() -> None:
    """Two buckets of one block overflow together, a third alone, and the rest are short."""
    rng = np.random.default_rng(4)
    counts = {0x0000: 40_000, 0x0001: 40_000, 0x0002: 7, 0x8000: 70_000, 0xFFFF: 3}
    keys = np.repeat(np.array([*counts], ">u2"), [*counts.values()])
    rng.shuffle(keys)
    known = np.zeros((len(keys), 8), np.uint8)
    known[:, :2] = keys.view(np.uint8).reshape(-1, 2)
    band = bands_of(4, 65536, 64, 8)[0]
    assert band.key_bits == 16
    table = band_table(known, band)
    starts, found = table.runs(np.array([*counts, 3], np.int64))
    assert found.tolist() == [*counts.values(), 0]
    assert starts[:5].tolist() == [0, 40_000, 80_000, 80_007, 150_007]
    held = table.rows_at(np.arange(80_007, 150_007))
    assert held.tolist() == np.flatnonzero(keys == 0x8000).tolist()


def test_parts_hold_all_pairs_of_a_query_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandsearch, "_MOST_PAIRS", 100)
    known = np.zeros((60, 32), np.uint8)
    asked = np.zeros((9, 32), np.uint8)
    parts = list(BandRadius.of(known, 31).parts(asked))
    assert [part[0].tolist() for part in parts if len(part[0])] == [[n] * 60 for n in range(9)]


def test_short_lists_are_scanned_and_long_ones_indexed() -> None:
    assert isinstance(radius_index(np.zeros((SCAN_ROWS, 8), np.uint8), 8), ScanRadius)
    assert isinstance(radius_index(np.zeros((SCAN_ROWS + 1, 8), np.uint8), 8), BandRadius)
