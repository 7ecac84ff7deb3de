"""The ledger: every change is appended, and what it shows is what the appended rows come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import StoreError, UsageFault
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage, StatutoryKind
from triage.store.database import Store, open_store
from triage.store.ledger import Arrival, Ledger, Step
from triage.store.ledgertables import fact_changes, ledger, stage_changes

NOW = 1_795_305_600
"""2026-11-22T00:00Z."""
DAY = 86_400
ARRIVED = NOW - 100 * DAY
ORDER = list(Stage)


def facts(exhibit: str = "ABC/1", case: str = "OP-X", **more: object) -> ExhibitFacts:
    return ExhibitFacts(case=case, exhibit=exhibit, **{"received_s": ARRIVED, **more})  # type: ignore[arg-type]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give a store that no test commits to."""
    path = tmp_path_factory.mktemp("ledger") / "a.sqlite"
    with open_store(f"sqlite:///{path}", create=True) as opened:
        yield opened


def test_a_new_exhibit_stands_as_it_was_told(store: Store) -> None:
    told = facts(
        device_type="phone",
        owner_role=OwnerRole.VICTIM,
        risk_band="High ü",
        statutory_kind=StatutoryKind.BAIL,
        statutory_on="2026-12-01",
        seized_on="2026-08-01",
        image_path="/evidence/a\udcff.E01",
        image_bytes=1 << 40,
        outsourced=True,
    )
    kept = Ledger(store.connection)
    number = kept.add(told, by="A. Clerk", now_s=NOW)
    store.commit()
    entry = kept.entry(None, "ABC/1")
    assert (entry.ledger_id, entry.facts, entry.stage) == (number, told, Stage.RECEIVED)
    assert entry.entered_s == {Stage.RECEIVED: ARRIVED}
    assert entry.devices_in_case == 1
    (only,) = kept.changes(number)
    assert (only.stage, only.at_s, only.recorded_s, only.by) == (
        Stage.RECEIVED,
        ARRIVED,
        NOW,
        "A. Clerk",
    )
    assert kept.fact_changes(number) == ()


def test_what_differs_is_appended_and_the_former_value_stays(store: Store) -> None:
    kept = Ledger(store.connection)
    number = kept.add(facts(risk_band="High"), by="a", now_s=NOW)
    after = facts(risk_band="Low", outsourced=True, received_s=ARRIVED - DAY)
    said = kept.change(number, after, by="b", now_s=NOW + 5)
    assert {(one.name, one.before, one.after) for one in said} == {
        ("risk_band", "High", "Low"),
        ("outsourced", "no", "yes"),
        ("received_s", "2026-08-14T00:00Z", "2026-08-13T00:00Z"),
    }
    assert kept.change(number, after, by="b", now_s=NOW + 9) == ()
    assert kept.fact_changes(number) == said
    assert kept.entry("OP-X", "ABC/1").facts == after
    with pytest.raises(UsageFault, match="references"):
        kept.change(number, facts(case="OP-Y"), by="b", now_s=NOW)


def test_moments_that_cannot_be_right_are_refused(store: Store) -> None:
    kept = Ledger(store.connection)
    number = kept.add(facts(), by="a", now_s=NOW)

    def move(at_s: int) -> None:
        kept.move(number, Stage.QUEUED, at_s=at_s, by="a", why="again", now_s=NOW)

    for at_s in (NOW + DAY + 1, ARRIVED - DAY - 1, -(1 << 70), 1 << 70):
        with pytest.raises(UsageFault, match=r"future|arrived"):
            move(at_s)
    for at_s in (NOW + DAY, ARRIVED - DAY, ARRIVED):
        move(at_s)
    with pytest.raises(UsageFault, match="in the future"):
        kept.add(facts("ABC/2", received_s=NOW + DAY + 1), by="a", now_s=NOW)


def test_to_go_back_needs_a_reason(store: Store) -> None:
    kept = Ledger(store.connection)
    number = kept.add(facts(), stage=Stage.QUEUED, by="a", now_s=NOW)
    for stage in (Stage.IMAGING, Stage.QUEUED):
        with pytest.raises(UsageFault, match="reason"):
            kept.move(number, stage, at_s=NOW, by="a", why=" ", now_s=NOW)
    kept.move(number, Stage.IMAGING, at_s=NOW, by="a", why="incomplete", now_s=NOW)
    assert kept.entry(None, "ABC/1").stage is Stage.IMAGING
    assert kept.changes(number)[-1].why == "incomplete"
    with pytest.raises(UsageFault, match="no line"):
        kept.move(number + 1, Stage.RELEASED, at_s=NOW, by="a", why="", now_s=NOW)
    with pytest.raises(UsageFault, match="--by"):
        kept.move(number, Stage.RELEASED, at_s=NOW, by=" ", why="", now_s=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"exhibit": " "},
        {"case": ""},
        {"exhibit": "ABC\u200b/1"},
        {"risk_band": "High\x1b[31m"},
        {"officer": "a\nb"},
        {"offence": "\udcff"},
        {"scope_limits": "x" * 10_001},
        {"seized_on": "20261122"},
        {"seized_on": "2026-02-30"},
        {"statutory_on": "2026-12-01"},
        {"statutory_kind": StatutoryKind.BAIL},
        {"received_s": -1},
        {"image_bytes": 1 << 63},
        {"image_path": "/a\0b"},
    ],
    ids=repr,
)
def test_facts_that_cannot_be_are_refused(shared: Store, wrong: dict[str, object]) -> None:
    kept = Ledger(shared.connection)
    with pytest.raises(UsageFault):
        kept.add(facts(**wrong), by="a", now_s=NOW)  # type: ignore[arg-type]
    assert list(kept.entries()) == []


def test_a_reference_in_several_cases_is_not_guessed(store: Store) -> None:
    kept = Ledger(store.connection)
    for case in ("OP-Y", "OP-X"):
        kept.add(facts(case=case), by="a", now_s=NOW)
    store.commit()
    with pytest.raises(UsageFault, match="OP-X, OP-Y"):
        kept.entry(None, "ABC/1")
    assert kept.entry("OP-Y", "ABC/1").facts.case == "OP-Y"
    assert kept.find("OP-Z", "ABC/1") is None
    with pytest.raises(UsageFault, match="not in the ledger"):
        kept.entry("OP-X", "ABC/2")
    with pytest.raises(UsageFault, match="already"):
        kept.add(facts(case=" OP-X "), by="a", now_s=NOW)
    store.rollback()
    with pytest.raises(UsageFault, match="already"):
        kept.add_all(
            [Arrival(facts=facts(), steps=(Step(stage=Stage.QUEUED, at_s=NOW),))],
            by="a",
            now_s=NOW,
        )


def test_appended_rows_cannot_be_changed_or_deleted(store: Store) -> None:
    kept = Ledger(store.connection)
    number = kept.add(facts(), by="a", now_s=NOW)
    kept.change(number, facts(officer="b"), by="a", now_s=NOW)
    store.commit()
    url = store.connection.engine.url.render_as_string(hide_password=False)
    for table in (stage_changes, fact_changes):
        for statement in (sa.delete(table), sa.update(table).values(by="somebody")):
            with pytest.raises(StoreError), open_store(url) as other:
                other.connection.execute(statement)


MANY = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(ORDER),
        st.integers(ARRIVED - DAY, NOW + DAY),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(moves=MANY)
def test_what_is_shown_is_what_was_appended(
    shared: Store, moves: list[tuple[int, Stage, int, bool]]
) -> None:
    kept, steps = Ledger(shared.connection), (Step(stage=Stage.RECEIVED, at_s=ARRIVED),)
    told = [facts(f"E/{n}", case=f"C{n // 3}") for n in range(7)]
    arrivals = [Arrival(facts=one, steps=steps) for one in told]
    try:
        ids = kept.add_all(arrivals, by="a", now_s=NOW)
        for number, stage, at_s, reasoned in moves:
            try:
                kept.move(ids[number], stage, at_s=at_s, by="a", why="x" * reasoned, now_s=NOW)
            except UsageFault:
                assert not reasoned
        check_shown(kept)
    finally:
        shared.rollback()


def check_shown(kept: Ledger) -> None:
    entries = list(kept.entries())
    waiting = Counter(one.facts.case for one in entries if one.stage is not Stage.RELEASED)
    for entry in entries:
        appended = kept.changes(entry.ledger_id)
        assert entry.stage is appended[-1].stage
        assert entry.entered_s == {change.stage: change.at_s for change in appended}
        here = entry.stage is Stage.RELEASED
        assert entry.devices_in_case == waiting[entry.facts.case] + here
    queued = [one for one in entries if one.stage in {Stage.QUEUED, Stage.TRIAGE}]
    assert list(kept.entries(stages={Stage.QUEUED, Stage.TRIAGE})) == queued
    assert list(kept.entries(case="C1")) == [one for one in entries if one.facts.case == "C1"]
    keys = [(one.facts.case, one.facts.exhibit) for one in entries]
    assert kept.find_all([*keys, ("C9", "E/0")]).keys() == set(keys)


def test_many_are_found_by_their_references(store: Store) -> None:
    kept = Ledger(store.connection)
    steps = (Step(stage=Stage.RECEIVED, at_s=ARRIVED),)
    arrivals = [
        Arrival(facts=facts(f"É'\\\"/{n}", case=f"C{n % 7}"), steps=steps) for n in range(1_100)
    ]
    ids = kept.add_all(arrivals, by="a", now_s=NOW)
    store.commit()
    found = kept.find_all([(one.facts.case, one.facts.exhibit) for one in arrivals])
    assert [found[one.facts.case, one.facts.exhibit].ledger_id for one in arrivals] == list(ids)
    assert (
        store.connection.execute(sa.select(sa.func.count()).select_from(ledger)).scalar() == 1_100
    )
