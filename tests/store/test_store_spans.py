"""One exhibit among others: only its own part of each table is gone through, whatever is known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store, open_store
from triage.store.figures import figures_of
from triage.store.judged import judged_pages
from triage.store.spans import _joined, evidence_ids, spans, within
from triage.store.stacks import places_of
from triage.store.tables import entries

VOLUME = VolumeInfo(
    key="p1",
    offset_bytes=0,
    length_bytes=1 << 30,
    table="dos",
    description="",
    state=VolumeState.OPENED,
)
LARGE = ("entries", "contents", "matches")


def listed(store: Store, exhibit: str, first: int, count: int) -> int:
    """List entries of an exhibit, and give the id of its evidence."""
    exhibit_id = store.add_exhibit("C", exhibit)
    info = EvidenceInfo(
        key=exhibit * 16, name=exhibit, kind=ContainerKind.RAW, segments=(), size_bytes=1 << 30
    )
    evidence = store.add_evidence(exhibit_id, info, exhibit)
    volume = store.add_volumes(evidence, [VOLUME])["p1"]
    refs = (
        EntryRef(evidence=info.key, volume="p1", path=b"/%d" % number)
        for number in range(first, first + count)
    )
    found = [
        FileEntry(ref=ref, kind=EntryKind.FILE, allocation=Allocation.LIVE, size_bytes=1)
        for ref in refs
    ]
    store.add_entries(evidence, volume, found)
    return evidence


@given(st.sets(st.integers(1, 3_000), min_size=1).map(sorted))
def test_joined_ids_hold_all_and_hardly_more_than_twice_as_many(ids: list[int]) -> None:
    found = list(_joined(ids))
    assert found == sorted(found)
    assert all(last < first for (_, last), (first, _) in pairwise(found))
    for first, last in found:
        own = [one for one in ids if first <= one <= last]
        assert (own[0], own[-1]) == (first, last)
        assert last - first <= 2 * len(own) + 64
    assert sum(any(first <= one <= last for first, last in found) for one in ids) == len(ids)


def test_what_was_listed_in_turns_is_found_in_parts_and_nothing_else(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        for turn in range(3):
            evidence = {name: listed(store, name, turn * 100, 100) for name in "abcdefgh"}
        sqlite = store.connection.dialect.name == "sqlite"
        for exhibit_id, name in enumerate("abcdefgh", 1):
            ids = evidence_ids(store.connection, [exhibit_id])
            assert ids == [evidence[name]]
            parts = spans(store.connection, ids)
            assert len(parts) == (3 if sqlite else 1)
            found = [
                one
                for part in parts
                for one in store.connection.execute(
                    sa.select(entries.c.evidence_id, entries.c.path).where(within(ids, part))
                )
            ]
            assert sorted(one.path for one in found) == sorted(b"/%d" % at for at in range(300))
            assert {one.evidence_id for one in found} == {evidence[name]}
            assert store.summary("C", name).tally.listed == 300
            assert store.summary("C", name).tally.pending == 300


def test_an_exhibit_without_entries_has_no_part(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        exhibit = store.add_exhibit("C", "none")
        assert store.summary("C", "none").tally.listed == 0
        assert store.waiting_totals(exhibit) == (0, 0)
        assert list(store.waiting_pictures(exhibit)) == []
        assert figures_of(store.connection, exhibit).media == 0
        assert places_of(store, [exhibit], [b"1" * 32]) == {b"1" * 32: []}


@pytest.mark.parametrize("counted", [False, True], ids=["as made", "analysed"])
def test_no_statement_goes_through_the_rows_of_other_exhibits(
    tmp_path: Path, *, counted: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'cases.sqlite'}"
    with open_store(url, create=True) as store:
        for name in "abcd":
            listed(store, name, 0, 50)
        store.commit()
        if counted:
            store.connection.exec_driver_sql("ANALYZE")
            store.commit()
    with open_store(url) as store:
        told: list[tuple[str, Any]] = []

        def keep(*call: Any) -> None:
            told.append((call[2], call[3]))

        sa.event.listen(store.connection.engine, "before_cursor_execute", keep)
        ask_everything(store)
        sa.event.remove(store.connection.engine, "before_cursor_execute", keep)
        driver: Any = store.connection.connection.driver_connection
        assert len(told) > 30
        for sql, values in told:
            for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values):
                words = row[3].split()
                assert not (words[0] == "SCAN" and words[1] in LARGE), (sql, row[3])
                # the key of another exhibit's contents is the same: both columns, or none
                assert not row[3].endswith("entries_by_content (sha256=?)"), (sql, row[3])


def ask_everything(store: Store) -> None:
    """Ask what a run, its report and the listings ask."""
    evidence = store.evidence_of(2)[0][0]
    store.waiting_totals(2)
    list(store.waiting(evidence))
    store.waiting_archives(evidence, "", ("application/zip",))
    store.members_after(evidence, store.last_entry_id())
    store.known_contents(2, [b"1" * 32])
    store.waiting_picture_totals(2)
    list(store.waiting_pictures(2))
    list(store.contents(2))
    store.contents_named(2, [b"1" * 32])
    list(judged_pages(store, 2))
    store.summary("C", "b")
    figures_of(store.connection, 2)
    places_of(store, [2], [b"1" * 32])
    list(store.records("C", "b"))
    list(store.records("C", "b", "content"))
    store._matches({(2, b"1" * 32), (3, b"2" * 32)})
