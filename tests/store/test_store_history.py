"""The history in columns holds what was entered, on each server, and why exhibits wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from triage.model.history import CHANGES, COLUMNS, History
from triage.model.ledger import ExhibitFacts, OrderKind, OwnerRole, Stage, StatutoryKind
from triage.store.database import Store, open_store
from triage.store.history import Histories
from triage.store.ledger import Ledger
from triage.store.ledgertables import leases, results
from triage.store.orders import Orders

NOW_S = 1_795_330_000
DAY_S = 86_400
RESULT = {
    "colour": "green",
    "hits": "[]",
    "gaps": 0,
    "files": 9,
    "known_good": 4,
    "media": 3,
    "pre_categorised": 2,
    "left": 1,
    "seconds": 12.5,
    "read_bytes": 1 << 40,
    "done_s": NOW_S - DAY_S,
}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def entered(store: Store, exhibit: str, *steps: tuple[Stage, int], **facts: Any) -> int:
    """Enter an exhibit that came in ten days ago, and move it; ``steps`` in days since then."""
    ledger, arrived_s = Ledger(store.connection), NOW_S - 10 * DAY_S
    known = ExhibitFacts(case="OP-X", exhibit=exhibit, received_s=arrived_s, **facts)
    ledger_id = ledger.add(known, by="t", now_s=NOW_S)
    for stage, days in steps:
        moment = arrived_s + days * DAY_S
        ledger.move(ledger_id, stage, at_s=moment, by="t", why="as told", now_s=NOW_S)
    return ledger_id


def rows(history: History) -> list[dict[str, Any]]:
    values = zip(*(history.columns[name] for name in COLUMNS), strict=True)
    return [dict(zip(COLUMNS, row, strict=True)) for row in values]


def test_a_row_holds_facts_stages_and_result(store: Store) -> None:
    full = entered(
        store,
        "A/1",
        (Stage.QUEUED, 2),
        (Stage.REVIEW, 9),
        device_type="phone",
        owner_role=OwnerRole.VICTIM,
        offence="=SUM(1)\u00e9",
        risk_band="high",
        statutory_kind=StatutoryKind.BAIL,
        statutory_on="2026-12-01",
        seized_on="2026-11-01",
        image_bytes=64 << 30,
        outsourced=True,
    )
    entered(store, "A/2")
    store.connection.execute(results.insert().values(ledger_id=full, **RESULT))
    Orders(store.connection).order(full, OrderKind.HOLD, by="DI", why="laboratory", now_s=NOW_S)
    store.commit()
    history = Histories(store.connection).history()
    first, second = rows(history)
    arrived = NOW_S - 10 * DAY_S
    assert first == {
        "case": "OP-X",
        "exhibit": "A/1",
        "device_type": "phone",
        "owner_role": "victim",
        "offence": "=SUM(1)\u00e9",
        "risk_band": "high",
        "statutory_on": "2026-12-01",
        "seized_on": "2026-11-01",
        "outsourced": 1,
        "image_bytes": 64 << 30,
        "stage": "review",
        "received_s": arrived,
        "awaiting_imaging_s": -1,
        "imaging_s": -1,
        "queued_s": arrived + 2 * DAY_S,
        "triage_s": -1,
        "review_s": arrived + 9 * DAY_S,
        "reporting_s": -1,
        "released_s": -1,
        **{name: RESULT[name] for name in COLUMNS if name in RESULT},
        "held_s": NOW_S,
        "bumped_s": -1,
    }
    assert (second["colour"], second["seconds"], second["done_s"], second["files"]) == (
        "",
        -1.0,
        -1,
        -1,
    )
    assert (second["outsourced"], second["image_bytes"], second["held_s"]) == (0, -1, -1)
    assert list(history.again["row"]) == []
    assert (len(history), history.earlier) == (2, 0)


def test_an_empty_ledger_has_columns_of_nothing(store: Store) -> None:
    history = Histories(store.connection).history()
    assert len(history) == 0
    assert set(history.columns) == set(COLUMNS)
    assert set(history.again) == set(CHANGES)


def test_all_changes_of_what_went_back_are_there(store: Store) -> None:
    entered(store, "A/1", (Stage.QUEUED, 1))
    entered(store, "A/2", (Stage.RELEASED, 2), (Stage.QUEUED, 4), (Stage.RELEASED, 6))
    # Moved straight on when it was entered, and said to be received only later.
    Ledger(store.connection).add(
        ExhibitFacts(case="OP-X", exhibit="A/3", received_s=NOW_S - 10 * DAY_S),
        stage=Stage.QUEUED,
        by="t",
        now_s=NOW_S,
    )
    moved = Ledger(store.connection).entry("OP-X", "A/3").ledger_id
    Ledger(store.connection).move(
        moved, Stage.RECEIVED, at_s=NOW_S, by="t", why="entered wrongly", now_s=NOW_S
    )
    history = Histories(store.connection).history()
    arrived = NOW_S - 10 * DAY_S
    found = list(zip(*(history.again[name] for name in CHANGES), strict=True))
    assert found == [
        (1, "received", arrived),
        (1, "released", arrived + 2 * DAY_S),
        (1, "queued", arrived + 4 * DAY_S),
        (1, "released", arrived + 6 * DAY_S),
        (2, "queued", arrived),
        (2, "received", NOW_S),
    ]


def test_what_was_over_before_is_left_out_and_counted(store: Store) -> None:
    entered(store, "A/1", (Stage.RELEASED, 1))
    entered(store, "A/2", (Stage.RELEASED, 2), (Stage.QUEUED, 3), (Stage.RELEASED, 4))
    entered(store, "A/3", (Stage.RELEASED, 9))
    entered(store, "A/4", (Stage.QUEUED, 1))
    late = entered(store, "A/5", (Stage.RELEASED, 1))
    store.connection.execute(results.insert().values(ledger_id=late, **RESULT))
    back = entered(store, "A/6", (Stage.RELEASED, 1), (Stage.QUEUED, 2))
    assert back
    since_s = NOW_S - 5 * DAY_S
    history = Histories(store.connection).history(since_s=since_s)
    assert list(history.columns["exhibit"]) == ["A/3", "A/4", "A/5", "A/6"]
    assert history.earlier == 2
    assert set(history.again["row"]) == set()


def test_remarks_tell_who_holds_it_and_why_it_was_set_aside(store: Store) -> None:
    ledger_id = entered(store, "A/1")
    orders = Orders(store.connection)
    orders.order(ledger_id, OrderKind.BUMP, by="DS Green", why="child at risk", now_s=NOW_S)
    orders.order(ledger_id, OrderKind.HOLD, by="DI Brown", why="privilege, see log", now_s=NOW_S)
    store.connection.execute(
        leases.insert().values(
            ledger_id=ledger_id, state="set-aside", token=3, failures=3, reason="image damaged"
        )
    )
    store.commit()
    told = Histories(store.connection).remarks
    assert told("OP-X", "A/1") == (
        "held by DI Brown: privilege, see log",
        "put first by DS Green: child at risk",
        "set aside: image damaged",
    )
    orders.order(ledger_id, OrderKind.RELEASE, by="DI Brown", why="done", now_s=NOW_S)
    assert told("OP-X", "A/1")[0].startswith("put first by")
    assert told("OP-X", "A/9") == ()
