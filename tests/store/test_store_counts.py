"""Counts: the last one of a day, kind and subject stands, and saying it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.model.history import Count, CountKind
from triage.store.counts import Counts
from triage.store.database import Store, open_store

COUNTS = st.lists(
    st.builds(
        Count,
        on=st.sampled_from(["2026-11-20", "2026-11-21", "2027-01-01"]),
        kind=st.sampled_from([CountKind.ARRESTS, CountKind.VIEWED]),
        subject=st.sampled_from(["", "G", "g", "\u202e\udcff"]),
        value=st.integers(0, 3).map(float),
        by=st.just("t"),
        recorded_s=st.integers(0, 9),
    ),
    max_size=12,
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def one(on: str, value: float, subject: str = "", kind: CountKind = CountKind.ARRESTS) -> Count:
    return Count(on=on, kind=kind, subject=subject, value=value, by="DI", recorded_s=7)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(COUNTS, max_size=3))
def test_what_stands_is_the_last_of_each_key(parts: list[list[Count]], store: Store) -> None:
    store.rollback()
    counts = Counts(store.connection)
    last: dict[tuple[str, str, str], float] = {}
    for part in parts:
        added, unchanged = counts.add(part)
        before = dict(last)
        last |= {(it.on, it.kind, it.subject): it.value for it in part}
        assert added == sum(before.get(key) != value for key, value in last.items())
        assert added + unchanged == len({(it.on, it.kind, it.subject) for it in part})
        # The same once more changes nothing.
        assert counts.add(part) == (0, added + unchanged)
    found = {
        (it.on, str(it.kind), it.subject.replace("\\udcff", "\udcff")): it.value
        for it in counts.standing("2026-01-01", "2027-12-31")
    }
    assert found == last


def test_corrections_stay_readable(store: Store) -> None:
    counts = Counts(store.connection)
    for value in (4.0, 5.0, 4.0):
        assert counts.add([one("2026-11-20", value)]) == (1, 0)
    store.commit()
    told = counts.every("2026-11-20", "2026-11-20")
    assert [(it.value, stands) for it, stands in told] == [(4, False), (5, False), (4, True)]
    assert counts.standing("2026-11-20", "2026-11-20") == (one("2026-11-20", 4.0),)


def test_days_are_taken_from_the_first_to_the_last(store: Store) -> None:
    counts = Counts(store.connection)
    days = ("2025-12-31", "2026-01-01", "2026-06-30", "2026-12-31", "2027-01-01")
    counts.add([one(day, 1.5, kind=CountKind.GRADING_HOURS) for day in reversed(days)])
    assert [it.on for it in counts.standing("2026-01-01", "2026-12-31")] == list(days[1:4])
    assert [it.on for it, _ in counts.every("2026-01-01", "2026-12-31")] == list(days[1:4])
    assert counts.standing("2028-01-01", "2028-12-31") == ()
    assert counts.add([]) == (0, 0)


def test_what_was_not_committed_is_not_there(store: Store) -> None:
    counts = Counts(store.connection)
    counts.add([one("2026-11-20", 1.0)])
    store.rollback()
    assert counts.standing("2026-11-20", "2026-11-20") == ()
