"""The queue as a person sees it: who has a place, who has none, and why one goes before another."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest

from triage.batch.order import in_order, place
from triage.batch.standing import QueueLine, Standing, queue_lines, why_before
from triage.batch.weights import Weights, load_weights
from triage.model.ledger import ExhibitFacts, LedgerEntry, OrderKind, OwnerRole, QueueOrder, Stage
from triage.model.queue import LeaseState, LeaseView

NOW_S = 1_795_330_000
DAY_S = 86_400


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    return load_weights()


def entry(
    number: int, *, stage: Stage = Stage.QUEUED, held_s: int = -1, image: str = "a"
) -> LedgerEntry:
    facts = ExhibitFacts(
        case="OP-X", exhibit=f"A/{number}", received_s=NOW_S - number * DAY_S, image_path=image
    )
    return LedgerEntry(ledger_id=number, facts=facts, stage=stage, entered_s={}, held_s=held_s)


def view(number: int, state: LeaseState, reason: str = "") -> LeaseView:
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
        taken_s=NOW_S - 60,
        beaten_s=NOW_S,
        failures=0,
        reason=reason,
    )


def hold(number: int) -> dict[int, QueueOrder]:
    return {number: QueueOrder(kind=OrderKind.HOLD, at_s=5, by="DI", why="privilege")}


@pytest.mark.parametrize(
    ("stage", "held", "image", "state", "standing", "placed", "why"),
    [
        (Stage.QUEUED, False, "a", None, Standing.WAITING, True, ""),
        (Stage.QUEUED, False, "a", LeaseState.FREE, Standing.WAITING, True, ""),
        (Stage.TRIAGE, False, "a", LeaseState.FREE, Standing.WAITING, True, ""),
        (Stage.TRIAGE, False, "a", LeaseState.LEASED, Standing.WORKED, True, ""),
        (Stage.TRIAGE, False, "a", LeaseState.AWAY, Standing.AWAY, True, "reason"),
        (Stage.TRIAGE, False, "a", LeaseState.SET_ASIDE, Standing.SET_ASIDE, False, "reason"),
        (Stage.TRIAGE, False, "a", LeaseState.DONE, Standing.DONE, False, ""),
        (Stage.QUEUED, False, "a", LeaseState.DONE, Standing.WAITING, True, ""),
        (Stage.QUEUED, False, "", None, Standing.NO_IMAGE, False, ""),
        (Stage.QUEUED, True, "a", None, Standing.HELD, False, "privilege"),
        (Stage.QUEUED, True, "", None, Standing.HELD, False, "privilege"),
        (
            Stage.TRIAGE, True, "a", LeaseState.LEASED, Standing.WORKED, False,
            "held from then on by DI: privilege",
        ),
        (
            Stage.TRIAGE, True, "a", LeaseState.SET_ASIDE, Standing.SET_ASIDE, False,
            "reason; held from then on by DI: privilege",
        ),
    ],
)  # fmt: skip
def test_each_exhibit_is_told_as_it_stands(  # noqa: PLR0917  (the columns of the table)
    weights: Weights,
    stage: Stage,
    held: bool,  # noqa: FBT001  (a column of the table)
    image: str,
    state: LeaseState | None,
    standing: Standing,
    placed: bool,  # noqa: FBT001  (a column of the table)
    why: str,
) -> None:
    leases = {} if state is None else {1: view(1, state, "reason")}
    (line,) = queue_lines(
        [entry(1, stage=stage, held_s=5 if held else -1, image=image)],
        leases=leases,
        holds=hold(1) if held else {},
        weights=weights,
        now_s=NOW_S,
    )
    assert (line.standing, line.number, line.why) == (standing, 1 if placed else None, why)
    named = {Standing.WORKED: ("worker", NOW_S - 60), Standing.HELD: ("DI", 5)}
    assert (line.by, line.since_s) == named.get(standing, ("", -1))


def test_places_are_counted_without_gaps_and_in_the_order_of_work(weights: Weights) -> None:
    entries = [entry(number, held_s=7 if number in {3, 6} else -1) for number in range(1, 9)]
    entries[4] = dataclasses.replace(entries[4], bumped_s=3)
    leases = {8: view(8, LeaseState.SET_ASIDE)}
    lines = queue_lines(entries, leases=leases, holds={}, weights=weights, now_s=NOW_S)
    placed = [one for one in lines if one.number is not None]
    assert [one.number for one in placed] == list(range(1, 6))
    # Older exhibits have more points; the fifth was bumped.
    assert [one.entry.ledger_id for one in placed] == [5, 7, 4, 2, 1]
    assert [one.entry.ledger_id for one in lines[5:]] == [8, 6, 3]
    worked = [one for one, _ in in_order(entries, weights, NOW_S) if one.ledger_id != 8]
    assert worked == [one.entry for one in placed]


def line(weights: Weights, **facts: object) -> QueueLine:
    bumped_s = int(str(facts.pop("bumped_s", -1)))
    values: dict[str, object] = {"case": "OP-X", "exhibit": "A", "received_s": NOW_S, **facts}
    one = LedgerEntry(
        ledger_id=1,
        facts=ExhibitFacts(**values),  # type: ignore[arg-type]
        stage=Stage.QUEUED,
        entered_s={},
        bumped_s=bumped_s,
    )
    found = place(one, weights, NOW_S)
    return QueueLine(number=1, entry=one, place=found, standing=Standing.WAITING)


def test_what_tells_two_apart_is_named(weights: Weights) -> None:
    plain = line(weights, risk_band="medium", exhibit="B")
    told = {
        "victim": line(weights, risk_band="low", owner_role=OwnerRole.VICTIM),
        "bumped": line(weights, risk_band="low", bumped_s=9),
        "earlier": line(weights, risk_band="medium", received_s=NOW_S - 5),
        "name": line(weights, risk_band="medium"),
    }
    said = {name: why_before(one, plain) for name, one in told.items()}
    assert said["victim"] == (
        "owner: 300.0 against 0.0 (+300.0)",
        "risk band: 100.0 against 200.0 (-100.0)",
    )
    assert said["bumped"] == ("it was bumped",)
    assert why_before(told["bumped"], line(weights, bumped_s=10)) == ("it was bumped earlier",)
    assert said["earlier"] == ("equal points: it arrived earlier",)
    assert said["name"] == ("equal points: it comes first by case and exhibit",)


def test_ties_are_told_by_what_decided_them(weights: Weights) -> None:
    """Say of each pair in order something that holds for it, whatever the pair."""
    lines = [
        line(
            dataclasses.replace(weights, owner=tuple((role, 0.0) for role in OwnerRole)),
            owner_role=role,
            statutory_on=on,
            exhibit=name,
        )
        for role, on, name in itertools.product(OwnerRole, ("", "2027-06-01", "2027-07-01"), "AB")
    ]
    entries = {id(one.entry): one for one in lines}
    same = dataclasses.replace(weights, owner=tuple((role, 0.0) for role in OwnerRole))
    ordered = [entries[id(one)] for one, _ in in_order([it.entry for it in lines], same, NOW_S)]
    for first, second in itertools.pairwise(ordered):
        one, other = first.entry.facts, second.entry.facts
        (said,) = why_before(first, second)
        if one.statutory_on != other.statutory_on:
            assert said.endswith("its statutory date is earlier")
            assert other.statutory_on == "" or one.statutory_on < other.statutory_on
        elif OwnerRole.VICTIM in {one.owner_role, other.owner_role} and (
            one.owner_role != other.owner_role
        ):
            assert said.endswith("it is a victim's device")
            assert one.owner_role is OwnerRole.VICTIM
        else:
            assert said.endswith("by case and exhibit")
            assert one.exhibit <= other.exhibit
