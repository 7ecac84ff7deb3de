"""Ledgers whose times contradict each other: counted, named, and never silently dropped."""

from __future__ import annotations

from datetime import UTC

from unit_history import Told, at, history, told

from triage.metrics.kpis import kpis
from triage.model.kpi import Faulty, Kpis
from triage.model.ledger import Stage

NOW = at("2026-03-16T12:00")


def figures(*exhibits: Told, period: tuple[str, str] = ("2026-03-02", "2026-03-16")) -> Kpis:
    return kpis(history(exhibits), (), *period, NOW, zone=UTC)


def faults(found: Kpis) -> dict[Faulty, int]:
    return {one.kind: one.count for one in found.faults}


def test_released_before_received_was_open_for_no_time() -> None:
    found = figures(told("2026-03-05", (Stage.RELEASED, "2026-03-03")))
    assert faults(found) == {Faulty.RELEASED_FIRST: 1}
    assert (found.opened, found.closed, found.open_end) == (1, 1, 0)
    (delay,) = (one for one in found.delays if one.name == "receipt to release")
    assert (delay.days.n, delay.unknown) == (0, 1)
    assert found.faults[0].examples == (("OP", "E/0"),)


def test_a_release_in_the_future_has_not_happened() -> None:
    found = figures(told("2026-03-05", (Stage.RELEASED, "2026-03-17")))
    assert faults(found) == {Faulty.FUTURE: 1}
    assert (found.closed, found.open_end) == (0, 1)


def test_what_comes_in_in_the_future_is_not_open_yet() -> None:
    found = figures(told("2026-03-18"))
    assert faults(found) == {Faulty.FUTURE: 1}
    assert (found.exhibits, found.opened, found.open_end) == (1, 0, 0)


def test_a_stage_before_the_receipt_counts_from_the_receipt() -> None:
    found = figures(told("2026-03-05", (Stage.QUEUED, "2026-03-04")))
    assert faults(found) == {Faulty.STAGE_FIRST: 1}
    assert found.open_end == 1
    assert found.longest[0].stage == "queued"
    assert found.longest[0].stage_s == at("2026-03-05")


def test_the_stage_it_stands_in_is_the_last_one() -> None:
    found = figures(told("2026-03-05", (Stage.REVIEW, "2026-03-09"), (Stage.QUEUED, "2026-03-07")))
    assert faults(found) == {Faulty.LATER_STAGE: 1}
    assert found.longest[0].stage == "queued"
    assert found.longest[0].stage_s == at("2026-03-07")


def test_without_a_moment_of_receipt_the_first_known_one_counts() -> None:
    known = told("2026-03-05", (Stage.QUEUED, "2026-03-07"), received_s=-1)
    unknown = told("2026-03-05", received_s=-1)
    found = figures(known, unknown)
    assert faults(found) == {Faulty.NO_RECEIPT: 2}
    assert (found.exhibits, found.uncounted, found.open_end) == (2, 1, 1)
    assert found.longest[0].opened_s == at("2026-03-07")


def test_no_moment_for_the_present_stage() -> None:
    found = figures(told("2026-03-05", (Stage.QUEUED, "2026-03-07"), stage="released"))
    assert faults(found) == {Faulty.NO_STAGE_MOMENT: 1}
    assert (found.opened, found.closed, found.open_end) == (1, 1, 0)


def test_results_and_seizures_that_cannot_be() -> None:
    found = figures(
        told("2026-03-05", done_s=at("2026-03-04")),
        told("2026-03-05", seized_on="2026-03-07"),
        told("2026-03-05", seized_on="2026-02-30"),
        told("2026-03-05", seized_on="0001-01-01"),
        told("2026-03-05", seized_on="2026-03-01", done_s=at("2026-03-06")),
    )
    assert faults(found) == {Faulty.RESULT_FIRST: 1, Faulty.SEIZED_LATER: 1, Faulty.NO_DAY: 2}
    told_ = {one.name: (one.days.n, one.unknown) for one in found.delays}
    assert told_["receipt to result"] == (1, 1)
    assert told_["seizure to result"] == (1, 1)


def test_moments_beyond_all_calendars_do_no_harm() -> None:
    far = told("2026-03-05", (Stage.QUEUED, "2026-03-06"))
    far.changes.append((Stage.RELEASED, 1 << 62))
    found = figures(far, told("2026-03-05", received_s=-(1 << 60)))
    assert faults(found) == {Faulty.NO_RECEIPT: 1, Faulty.FUTURE: 1}
    assert found.open_end == 1


def test_the_same_second_is_no_contradiction() -> None:
    """Stages of one second follow each other in their usual order, the present one last."""
    same = "2026-03-05T10:00"
    found = figures(
        told(same, (Stage.AWAITING_IMAGING, same), (Stage.IMAGING, same), (Stage.QUEUED, same))
    )
    assert found.faults == ()
    assert found.longest[0].stage == "queued"
    assert {one.stage: one.left.max for one in found.stages if one.left.n} == {
        "awaiting-imaging": 0.0,
        "imaging": 0.0,
    }


def test_a_correction_of_a_moment_holds() -> None:
    """The same stage said again at once: the moment said last is that of the release."""
    found = figures(
        told(
            "2026-03-02",
            (Stage.REVIEW, "2026-03-03"),
            (Stage.RELEASED, "2026-03-09"),
            (Stage.RELEASED, "2026-03-05"),
        )
    )
    assert found.faults == ()
    assert [(week.closed, week.open_end) for week in found.weeks][:2] == [(1, 0), (0, 0)]


def test_contradictions_long_over_are_not_told_of_this_period() -> None:
    old = told("2025-03-05", (Stage.QUEUED, "2025-03-04"), (Stage.RELEASED, "2025-04-01"))
    assert figures(old).faults == ()
    assert faults(figures(old, period=("2025-03-01", "2025-03-31"))) == {Faulty.STAGE_FIRST: 1}
