"""Every index gives what a plain linear scan gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.matching import index as indexing
from triage.matching.index import Rows, bounded_parts, expanded
from triage.matching.indexes import BandRadius, ExactIndex, LinearEqual
from triage.matching.knownanswers import KNOWN_ANSWERS

WIDTHS = {16: "md5", 20: "sha1", 32: "sha256"}


def rows(digests: list[bytes], width: int) -> Rows:
    return indexing.rows_of(digests, width)


def colliding(width: int) -> st.SearchStrategy[list[bytes]]:
    """Digests of few prefixes and few endings, so that prefixes collide and digests repeat."""
    head = st.sampled_from([bytes(8), b"\xff" * 8, b"\0" * 7 + b"\1", b"\x80" + bytes(7)])
    tail = st.binary(min_size=1, max_size=1).map(lambda end: end.rjust(width - 8, b"\0"))
    free = st.binary(min_size=width, max_size=width)
    return st.lists(st.one_of(st.builds(bytes.__add__, head, tail), free), max_size=40)


@pytest.mark.parametrize("width", WIDTHS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_equal_digests_are_those_of_a_linear_scan(width: int, data: st.DataObject) -> None:
    known = data.draw(colliding(width))
    asked = data.draw(colliding(width)) + known[:5]
    expected = LinearEqual(rows(known, width)).find(rows(asked, width))
    found = ExactIndex.of(rows(known, width)).find(rows(asked, width))
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


def test_no_rows_and_no_queries_find_nothing() -> None:
    none, some = rows([], 32), rows([bytes(32)], 32)
    for known, asked in ((none, some), (some, none), (none, none)):
        assert [part.tolist() for part in ExactIndex.of(known).find(asked)] == [[], []]


def test_many_equal_digests_are_all_found() -> None:
    known = rows([b"\x5a" * 16] * 5000, 16)
    query, row = ExactIndex.of(known).find(rows([b"\x5a" * 16, bytes(16)], 16))
    assert query.tolist() == [0] * 5000
    assert row.tolist() == list(range(5000))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=20), st.integers(1, 12))
def test_runs_expand_to_the_same_numbers_however_they_are_cut(
    runs: list[tuple[int, int]], limit: int
) -> None:
    starts = np.array([start for start, _ in runs], np.int64)
    counts = np.array([count for _, count in runs], np.int64)
    plain = [number for start, count in runs for number in range(start, start + count)]
    assert expanded(starts, counts).tolist() == plain
    parts = bounded_parts(counts, limit)
    cut = [expanded(starts[part], counts[part]).tolist() for part in parts]
    assert [number for part in cut for number in part] == plain


@pytest.mark.parametrize(("name", "check"), KNOWN_ANSWERS, ids=[name for name, _ in KNOWN_ANSWERS])
def test_known_answers_come_out_right(name: str, check: object) -> None:
    assert callable(check)
    assert check() is None, name


def test_a_wrong_index_is_noticed_by_the_known_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BandRadius, "search", lambda *_: (np.empty(0, np.int64),) * 3)
    monkeypatch.setattr(ExactIndex, "find", lambda *_: (np.empty(0, np.int64),) * 2)
    wrong = [name for name, check in KNOWN_ANSWERS if check() is not None]
    assert len(wrong) >= 3
