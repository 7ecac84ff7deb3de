"""The plan of a night: who is begun when, by which machine, and what is left for another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from triage.batch.fits import TimeForecast
from triage.batch.standing import QueueLine, queue_lines
from triage.batch.tonight import MOST_LEFT_OUT, Shift, plan_tonight
from triage.batch.weights import Weights, load_weights
from triage.model.ledger import ExhibitFacts, LedgerEntry, Stage
from triage.model.queue import LeaseState, LeaseView

NOW_S = 1_795_330_000
HOUR_S = 3_600


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    return load_weights()


def entry(number: int, hours: float) -> LedgerEntry:
    facts = ExhibitFacts(
        case="OP-X",
        exhibit=f"A/{number}",
        received_s=NOW_S - (1_000 - number) * 86_400,
        image_path="a",
        image_bytes=int(hours * 1_000),
    )
    return LedgerEntry(ledger_id=number, facts=facts, stage=Stage.QUEUED, entered_s={})


def time_of(one: LedgerEntry) -> TimeForecast:
    seconds = one.facts.image_bytes / 1_000 * HOUR_S
    return TimeForecast(median_s=seconds, p90_s=seconds, listing_s=seconds / 10, basis="said")


def lines(
    weights: Weights, *hours: float, leases: dict[int, LeaseView] | None = None
) -> tuple[QueueLine, ...]:
    entries = [entry(number, each) for number, each in enumerate(hours, start=1)]
    return queue_lines(entries, leases=leases or {}, holds={}, weights=weights, now_s=NOW_S)


def shift(hours: float, machines: int = 1) -> Shift:
    return Shift(starts_s=NOW_S, ends_s=NOW_S + int(hours * HOUR_S), machines=machines)


def begun(weights: Weights, told: Shift, *hours: float) -> list[tuple[str, int, float]]:
    plan = plan_tonight(lines(weights, *hours), time_of, told)
    return [
        (one.line.entry.facts.exhibit, one.machine, (one.begins_s - NOW_S) / HOUR_S)
        for one in plan.planned
    ]


def test_one_machine_works_one_after_the_other(weights: Weights) -> None:
    assert begun(weights, shift(12), 2, 3, 1) == [("A/1", 1, 0), ("A/2", 1, 2), ("A/3", 1, 5)]


def test_two_machines_take_what_comes_as_they_become_free(weights: Weights) -> None:
    assert begun(weights, shift(12, 2), 5, 2, 2, 1) == [
        ("A/1", 1, 0),
        ("A/2", 2, 0),
        ("A/3", 2, 2),
        ("A/4", 2, 4),
    ]


def test_what_is_cut_at_the_end_goes_on_another_night(weights: Weights) -> None:
    plan = plan_tonight(lines(weights, 10), time_of, shift(4))
    (only,) = plan.planned
    assert only.is_cut
    assert only.ends_s == plan.shift.ends_s
    assert plan.seconds == 4 * HOUR_S


def test_what_cannot_be_cut_is_left_and_a_smaller_one_goes_before_it(weights: Weights) -> None:
    plan = plan_tonight(lines(weights, 100, 1), time_of, shift(4))
    assert [one.line.entry.facts.exhibit for one in plan.planned] == ["A/2"]
    assert [one.line.entry.facts.exhibit for one in plan.left_out] == ["A/1"]
    assert "cannot be cut" in plan.left_out[0].why


def test_what_comes_after_the_end_is_named_first_and_then_counted(weights: Weights) -> None:
    plan = plan_tonight(lines(weights, 4, *[1.0] * (MOST_LEFT_OUT + 7)), time_of, shift(4))
    assert len(plan.planned) == 1
    assert len(plan.left_out) == MOST_LEFT_OUT
    assert plan.others == 7
    assert plan.left_out[0].why == "the night is full before its turn"


def test_what_is_away_or_being_worked_is_no_part_of_the_plan(weights: Weights) -> None:
    def lease(number: int, state: LeaseState) -> LeaseView:
        return LeaseView(
            ledger_id=number,
            case="OP-X",
            exhibit=f"A/{number}",
            state=state,
            token=1,
            beat=1,
            holder="worker",
            host="host",
            pid=1,
            taken_s=NOW_S,
            beaten_s=NOW_S,
            failures=0,
            reason="",
        )

    leases = {1: lease(1, LeaseState.LEASED), 2: lease(2, LeaseState.AWAY)}
    plan = plan_tonight(lines(weights, 1, 1, 1, leases=leases), time_of, shift(12))
    assert [one.line.entry.facts.exhibit for one in plan.planned] == ["A/3"]
    assert plan.left_out == ()
