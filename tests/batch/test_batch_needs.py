"""What needs a person in the morning, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triage.batch.needs import Circumstances, NeedKind, needs
from triage.batch.standing import QueueLine, queue_lines
from triage.batch.weights import Weights, load_weights
from triage.model.kpi import Fault, Faulty
from triage.model.ledger import (
    ExhibitFacts,
    LedgerEntry,
    OrderKind,
    QueueOrder,
    Stage,
    StatutoryKind,
)
from triage.model.queue import LeaseState, LeaseView

NOW_S = 1_795_330_000
DAY_S = 86_400
WELL = Circumstances(now_s=NOW_S, last_start_s=NOW_S - 12 * 3600, free_bytes=10**12)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    return load_weights()


def day(days: int) -> str:
    return (datetime.fromtimestamp(NOW_S, UTC).date() + timedelta(days=days)).isoformat()


def line(
    weights: Weights, *, state: LeaseState | None = None, held_s: int = -1, **facts: object
) -> QueueLine:
    told = {"received_s": NOW_S - DAY_S, "image_path": "/images/a.E01", "risk_band": "High"} | facts
    entry = LedgerEntry(
        ledger_id=1,
        facts=ExhibitFacts(case="OP-X", exhibit="A/1", **told),  # type: ignore[arg-type]
        stage=Stage.QUEUED,
        entered_s={},
        held_s=held_s,
    )
    lease = LeaseView(
        ledger_id=1,
        case="OP-X",
        exhibit="A/1",
        state=state or LeaseState.FREE,
        token=1,
        beat=1,
        holder="worker",
        host="host",
        pid=1,
        taken_s=NOW_S,
        beaten_s=NOW_S,
        failures=3,
        reason="it failed 3 times",
    )
    order = QueueOrder(kind=OrderKind.HOLD, at_s=held_s, by="DI Example", why="privilege")
    return queue_lines(
        [entry],
        leases={1: lease} if state else {},
        holds={1: order} if held_s >= 0 else {},
        weights=weights,
        now_s=NOW_S,
    )[0]


def test_nobody_is_needed_where_all_goes_well(weights: Weights) -> None:
    assert needs((line(weights),), weights, WELL) == ()


def test_what_was_set_aside_is_named_with_its_reason(weights: Weights) -> None:
    (need,) = needs((line(weights, state=LeaseState.SET_ASIDE),), weights, WELL)
    assert need.kind is NeedKind.SET_ASIDE
    assert need.words.startswith("1 exhibit failed too often and is set aside")
    assert need.named == (("OP-X", "A/1", "it failed 3 times"),)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-2, "bail ended 2 days ago; waiting"),
        (0, "bail ends today; waiting"),
        (7, "bail ends in 7 days; waiting"),
    ],
)
def test_bail_that_ends_soon_comes_first(weights: Weights, days: int, words: str) -> None:
    one = line(weights, statutory_on=day(days), statutory_kind=StatutoryKind.BAIL)
    found = needs((one, line(weights, state=LeaseState.SET_ASIDE)), weights, WELL)
    assert [need.kind for need in found] == [NeedKind.STATUTORY, NeedKind.SET_ASIDE]
    assert found[0].named[0][2] == words


def test_bail_that_ends_later_needs_nobody(weights: Weights) -> None:
    assert needs((line(weights, statutory_on=day(8)),), weights, WELL) == ()


def test_an_image_that_is_away_and_one_that_is_not_named(weights: Weights) -> None:
    lines = (line(weights, state=LeaseState.AWAY), line(weights, image_path=""))
    away, without = needs(lines, weights, WELL)
    assert (away.kind, away.named[0][2]) == (NeedKind.AWAY, "/images/a.E01")
    assert without.kind is NeedKind.NO_IMAGE


def test_a_hold_of_a_month_is_told_and_a_fresh_one_is_not(weights: Weights) -> None:
    (need,) = needs((line(weights, held_s=NOW_S - 29 * DAY_S),), weights, WELL)
    assert (need.kind, need.named[0][2]) == (NeedKind.HELD, "by DI Example: privilege")
    assert needs((line(weights, held_s=NOW_S - 27 * DAY_S),), weights, WELL) == ()


@pytest.mark.parametrize(
    ("last_start_s", "words"),
    [
        (NOW_S - 3 * DAY_S, "The last batch process was started 3 days ago"),
        (-1, "No batch process was ever started"),
    ],
)
def test_a_queue_that_nothing_works_at_is_told(
    weights: Weights, last_start_s: int, words: str
) -> None:
    known = Circumstances(now_s=NOW_S, last_start_s=last_start_s, free_bytes=10**12)
    (need,) = needs((line(weights),), weights, known)
    assert need.words == f"{words}, and 1 exhibit could be worked."
    assert needs((line(weights, state=LeaseState.LEASED),), weights, known) == ()


def test_a_full_disk_strange_bands_and_contradictions_are_told(weights: Weights) -> None:
    fault = Fault(kind=Faulty.FUTURE, count=2, examples=(("OP-X", "A/1"),))
    known = Circumstances(now_s=NOW_S, last_start_s=NOW_S, free_bytes=3 * 10**9, faults=(fault,))
    found = needs((line(weights, risk_band="Hihg"),), weights, known)
    assert [one.kind for one in found] == [NeedKind.DISK, NeedKind.BANDS, NeedKind.FAULTS]
    assert "'Hihg'" in found[1].words
    assert found[2].named == (("OP-X", "A/1", "a moment in the future"),)
