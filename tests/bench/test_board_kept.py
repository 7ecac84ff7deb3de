"""What is kept of a case: made anew when the case changes, and never behind what was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from boardcase import CASE, NOW_S, Made, add_graders, ballot, make_case, sit
from triage.bench.boards import Boards
from triage.bench.missing import NotHere, Restacked
from triage.bench.sieve import Asked, Queue
from triage.model.grade import Category
from triage.model.ledger import ExhibitFacts
from triage.store import boardrows, tables
from triage.store.database import Store, open_store
from triage.store.ledger import Ledger
from triage.store.votes import Votes

CONTENTS = tuple(Made(name=f"c{n}", alike=n // 2) for n in range(6))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        make_case(opened, CONTENTS)
        add_graders(opened, "ann", "bea")
        yield opened


def vote(store: Store, by: str, *numbers: int) -> None:
    lines = [replace(ballot(Category.A, by), sha256=CONTENTS[number].sha256) for number in numbers]
    Votes(store.connection).cast(CASE, lines, now_s=NOW_S)
    store.commit()


def left(boards: Boards, store: Store, name: str = "ann") -> int:
    asked = Asked(queue=Queue.FIRST)
    return sit(boards, store, 1, name).page(asked, after="", limit=1).left.contents


def test_votes_cast_elsewhere_are_seen_at_once(store: Store) -> None:
    boards = Boards()
    assert left(boards, store) == 6
    vote(store, "bea", 0, 3)
    assert left(boards, store) == 4


def test_a_line_that_turns_up_after_a_higher_number_is_not_missed(postgresql_url: str) -> None:
    """A server with many writers numbers lines before they are committed, in another order."""
    with open_store(postgresql_url, create=True) as store:
        make_case(store, CONTENTS)
        add_graders(store, "ann", "bea")
        boards = Boards()
        assert left(boards, store) == 6
        with open_store(postgresql_url) as other:
            line = replace(ballot(Category.A, "bea"), sha256=CONTENTS[0].sha256)
            Votes(other.connection).cast(CASE, [line], now_s=NOW_S)
            vote(store, "ann", 1)
            fresh = Boards()
            assert [left(boards, store), left(fresh, store)] == [5, 5]
            other.commit()
        assert [left(boards, store), left(fresh, store)] == [4, 4]


def test_a_new_exhibit_is_seen_and_stacks_that_changed_are_not_voted_on(store: Store) -> None:
    boards = Boards(looked_at_s=0.0)
    sitting = sit(boards, store, 1, "ann")
    before = {one.key for one in sitting.page(Asked(), after="", limit=9).stacks}
    case = boardrows.case_by_id(store.connection, 1)
    assert case is not None
    exhibit_id = case.exhibit_ids[0]
    one = CONTENTS[0]
    row = store.connection.execute(
        sa.select(tables.contents).where(tables.contents.c.sha256 == one.sha256)
    ).one()
    fresh = {**row._mapping, "sha256": b"\1" * 32}
    store.connection.execute(sa.insert(tables.contents), [fresh])
    number = store.start_run(exhibit_id, started_at="", tool_version="", workers=1)
    store.end_run(number, ended_at="now", state="complete", seconds=1.0, read_bytes=1)
    store.commit()
    sitting = sit(boards, store, 1, "ann")
    after = {one.key for one in sitting.page(Asked(), after="", limit=9).stacks}
    assert (len(before), len(after), len(before & after)) == (3, 3, 2)
    (gone,) = before - after
    with pytest.raises(Restacked):
        sitting.named([gone], [])
    assert sum(len(sitting.named([key], [])) for key in after) == 7


def test_a_device_that_the_ledger_learns_of_changes_the_order(store: Store) -> None:
    boards = Boards(looked_at_s=0.0)
    first = boards.get(store, 1, now_s=NOW_S)
    assert boards.get(store, 1, now_s=NOW_S) is first
    facts = ExhibitFacts(case=CASE, exhibit="AB/1", received_s=NOW_S, device_make="Apple")
    Ledger(store.connection).add(facts, by="T", now_s=NOW_S)
    store.commit()
    assert boards.get(store, 1, now_s=NOW_S) is not first


def test_boards_asked_for_longest_ago_are_let_go_of(store: Store) -> None:
    make_case(store, CONTENTS[:4], "OP-2")
    make_case(store, CONTENTS, "OP-3")
    boards = Boards(most_pictures=10)
    kept = {case_id: boards.get(store, case_id, now_s=NOW_S) for case_id in (1, 2)}
    assert boards.get(store, 1, now_s=NOW_S) is kept[1]
    third = boards.get(store, 3, now_s=NOW_S)
    assert boards.get(store, 3, now_s=NOW_S) is third
    assert boards.get(store, 1, now_s=NOW_S) is not kept[1]


def test_what_lies_in_no_case_is_not_here(store: Store) -> None:
    with pytest.raises(NotHere):
        sit(Boards(), store, 77, "ann")
    sitting = sit(Boards(), store, 1, "ann")
    with pytest.raises(NotHere):
        sitting.named([], ["0" * 64])
