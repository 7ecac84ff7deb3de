"""A ledger of six exhibits, whose figures were worked out by hand."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from unit_history import DAY_S, Told, at, history, told

from triage.metrics.kpis import kpis
from triage.model.history import History
from triage.model.kpi import Delay, Group, Kpis, Share, SplitBy
from triage.model.ledger import Stage

NOW = "2026-03-16T12:00"
"""A Monday, in ISO week 12 of 2026."""


def unit() -> History:
    """Six exhibits around the two ISO weeks 10 and 11 (Monday 2 March to Sunday 15 March)."""
    return history(
        [
            # Open all the time, one year and five days old at the end.
            told(
                "2025-03-10T12:00",
                (Stage.AWAITING_IMAGING, "2025-03-11T12:00"),
                (Stage.QUEUED, "2026-03-05T12:00"),
                case="OP-A",
                risk_band="high",
                device_type="phone",
                offence="stalking",
                owner_role="victim",
                held_s=at("2026-03-10T12:00"),
                statutory_on="2026-03-01",
            ),
            # Released in week 10 with a green result of the same week.
            told(
                "2026-02-20T12:00",
                (Stage.QUEUED, "2026-02-22T12:00"),
                (Stage.TRIAGE, "2026-03-02T12:00"),
                (Stage.REVIEW, "2026-03-02T18:00"),
                (Stage.RELEASED, "2026-03-04T12:00"),
                case="OP-A",
                risk_band="high",
                device_type="phone",
                owner_role="suspect",
                seized_on="2026-02-10",
                colour="green",
                done_s=at("2026-03-02T18:00"),
                seconds=600.0,
                read_bytes=2_000_000_000,
                image_bytes=64_000_000_000,
                files=1000,
                known_good=400,
                media=200,
                pre_categorised=150,
                left=50,
            ),
            # Came in in week 10, is being reviewed; a red result in week 11.
            told(
                "2026-03-03T00:00",
                (Stage.TRIAGE, "2026-03-09T00:00"),
                (Stage.REVIEW, "2026-03-09T12:00"),
                case="OP-B",
                device_type="laptop",
                owner_role="suspect",
                colour="red",
                done_s=at("2026-03-09T12:00"),
                seconds=1800.0,
                read_bytes=4_000_000_000,
                image_bytes=256_000_000_000,
                files=3000,
                known_good=600,
                media=300,
                pre_categorised=100,
                left=200,
            ),
            # In and out in week 11, outside the unit; no result of ours.
            told(
                "2026-03-09T00:00",
                (Stage.RELEASED, "2026-03-13T00:00"),
                case="OP-B",
                outsourced=True,
                owner_role="witness",
            ),
            # Came back in week 11: released in February, with us again since 10 March.
            told(
                "2026-01-01T00:00",
                (Stage.QUEUED, "2026-01-02T00:00"),
                (Stage.RELEASED, "2026-02-01T00:00"),
                (Stage.QUEUED, "2026-03-10T00:00"),
                case="OP-C",
                risk_band="high",
            ),
            # Came in after the period.
            told("2026-03-16T11:00", case="OP-D"),
        ]
    )


def found(**changed: str) -> Kpis:
    days = {"from_day": "2026-03-02", "to_day": "2026-03-15"} | changed
    return kpis(unit(), (), days["from_day"], days["to_day"], at(NOW), zone=UTC)


def test_weeks_tell_opened_closed_and_open() -> None:
    weeks = found().weeks
    assert [(week.name, week.first_on, week.last_on, week.is_whole) for week in weeks] == [
        ("2026-W10", "2026-03-02", "2026-03-08", True),
        ("2026-W11", "2026-03-09", "2026-03-15", True),
    ]
    assert [(week.opened, week.closed, week.open_end) for week in weeks] == [(1, 1, 2), (2, 1, 3)]


def test_heads_of_the_period() -> None:
    told_ = found()
    assert (told_.exhibits, told_.open_start, told_.open_end) == (6, 2, 3)
    assert (told_.opened, told_.closed, told_.came_back) == (3, 2, 1)
    assert told_.as_of_s == at("2026-03-15T23:59") + 59
    assert told_.zone == "UTC"
    assert told_.faults == ()


def test_a_period_that_is_not_over_is_told_as_of_now() -> None:
    told_ = found(from_day="2026-03-16", to_day="2026-03-22")
    assert told_.as_of_s == at(NOW)
    (week,) = told_.weeks
    assert (week.name, week.is_whole, week.opened, week.open_end) == ("2026-W12", False, 1, 4)


def test_ages_by_nearest_rank_and_those_older_than_a_year() -> None:
    ages = found().ages
    second = 1 / 86_400
    # 370.5, 13 and 6 days, all less the second that is missing to midnight.
    assert ages.days.n == 3
    assert ages.days.max == pytest.approx(370.5 - second)
    assert ages.days.p90 == pytest.approx(370.5 - second)
    assert ages.days.p50 == pytest.approx(13 - second)
    assert ages.days.mean == pytest.approx((370.5 + 13 + 6) / 3 - second)
    assert ages.older == tuple((days, Share(part=1, whole=3)) for days in (30, 90, 180, 365))


def groups(told_: Kpis, by: SplitBy) -> dict[str, Group]:
    (split,) = (split for split in told_.splits if split.by is by)
    return {group.name: group for group in split.groups}


def test_splits_hold_all_that_is_open() -> None:
    told_ = found()
    bands = groups(told_, SplitBy.RISK_BAND)
    assert {name: group.ages.days.n for name, group in bands.items()} == {"high": 2, "": 1}
    assert (bands["high"].open_start, bands["high"].opened, bands["high"].closed) == (2, 1, 1)
    assert bands["high"].weeks == ((0, 1, 1), (1, 0, 2))
    assert bands[""].weeks == ((1, 0, 1), (1, 1, 1))
    roles = groups(told_, SplitBy.OWNER_ROLE)
    assert {name: group.ages.days.n for name, group in roles.items()} == {
        "victim": 1,
        "suspect": 1,
        "": 1,
        "witness": 0,
    }
    stages = groups(told_, SplitBy.STAGE)
    assert {name: group.ages.days.n for name, group in stages.items() if group.ages.days.n} == {
        "queued": 2,
        "review": 1,
    }
    # Entered the queue: the first one and the one that came back; left it: the second.
    assert (stages["queued"].opened, stages["queued"].closed) == (2, 1)


def test_time_in_a_stage_counts_where_it_was_left() -> None:
    stages = {one.stage: one for one in found().stages}
    assert stages["awaiting-imaging"].left.p50 == 359.0
    assert stages["queued"].left.n == 1
    assert stages["queued"].left.p50 == 8.0
    assert stages["triage"].left.max == 0.5
    assert stages["triage"].left.p50 == 0.25
    assert stages["review"].left.p50 == 1.75
    # The third was received for six days, the fourth for four.
    assert (stages["received"].left.p50, stages["received"].left.max) == (4.0, 6.0)
    assert stages["queued"].waiting.n == 2


def test_the_longest_wait_says_why() -> None:
    first, second, third = found().longest
    assert (first.case, first.exhibit, first.stage) == ("OP-A", "E/0", "queued")
    assert first.opened_s == at("2025-03-10T12:00")
    assert first.stage_s == at("2026-03-05T12:00")
    assert first.is_held
    assert not first.is_bumped
    assert first.words == (
        "held back by a person for 5 days",
        "imaged, waiting in the queue for triage, for 10 days",
        "its statutory date was 2026-03-01",
    )
    assert (second.exhibit, third.exhibit) == ("E/2", "E/4")
    assert "had been released and came back; the age is since then" in third.words


def delays(told_: Kpis) -> dict[str, Delay]:
    return {one.name: one for one in told_.delays}


def test_delays_from_seizure_and_receipt() -> None:
    told_ = delays(found())
    # Seized on 10 February, result on 2 March at 18:00: 20.75 days from the start of that day.
    assert told_["seizure to result"].days.p50 == 20.75
    assert (told_["seizure to result"].days.n, told_["seizure to result"].unknown) == (1, 1)
    assert told_["receipt to result"].days.n == 2
    assert told_["receipt to result"].days.p50 == 6.5
    assert told_["receipt to result"].days.max == 10.25
    assert told_["receipt to release"].days.p50 == 4.0
    assert told_["receipt to release"].days.max == 12.0
    assert told_["seizure to release"].days.p50 == 22.5


def test_cases_work_media_and_outcomes() -> None:
    told_ = found()
    assert (told_.cases.open, told_.cases.active) == (3, 3)
    assert told_.cases.exhibits.max == 1
    assert told_.effort.minutes.mean == 20.0
    assert told_.effort.minutes.n == 2
    assert told_.effort.image_gb.mean == 160.0
    assert told_.effort.read_gb.total == 6.0
    assert told_.media.results == 2
    assert told_.media.known_good == Share(part=1000, whole=4000)
    assert told_.media.pre_categorised == Share(part=250, whole=500)
    assert told_.media.left == Share(part=250, whole=500)
    assert told_.outcomes.colours == (("red", 1), ("amber", 0), ("green", 1))
    assert told_.outcomes.released_negative == Share(part=1, whole=2)
    assert told_.outsourced.open == Share(part=0, whole=3)
    assert told_.outsourced.opened == Share(part=1, whole=3)
    assert told_.outsourced.closed == Share(part=1, whole=2)


def test_an_empty_ledger_has_no_figures_and_no_errors() -> None:
    told_ = kpis(history([]), (), "2026-03-02", "2026-03-15", at(NOW), zone=UTC)
    assert (told_.open_end, told_.ages.days.n, told_.longest) == (0, 0, ())
    assert told_.media.known_good == Share(part=0, whole=0)
    assert [week.open_end for week in told_.weeks] == [0, 0]


def test_weeks_begin_at_local_midnight_also_where_clocks_change() -> None:
    # 23:30 UTC on Sunday 5 July 2026 is 00:30 on Monday in London.
    night = history([told("2026-07-05T23:30")])
    for zone, opened in ((ZoneInfo("Europe/London"), [0, 1]), (UTC, [1, 0])):
        weeks = kpis(night, (), "2026-06-29", "2026-07-12", at("2026-07-20"), zone=zone).weeks
        assert [week.opened for week in weeks] == opened


def test_words_that_say_nothing_are_one_group() -> None:
    same = history([told("2026-03-03", risk_band=word) for word in ("", "not stated", "high")])
    told_ = kpis(same, (), "2026-03-02", "2026-03-15", at(NOW), zone=UTC)
    bands = groups(told_, SplitBy.RISK_BAND)
    assert {name: group.ages.days.n for name, group in bands.items()} == {"high": 1, "": 2}


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        found(from_day="2026-03-16")


def test_edges_of_release_and_age() -> None:
    last = at("2026-03-15T23:59") + 59
    edge = history(
        [
            Told(last - 30 * DAY_S, [(Stage.RECEIVED, last - 30 * DAY_S)]),
            Told(last - 30 * DAY_S - 1, [(Stage.RECEIVED, last - 30 * DAY_S - 1)]),
            told("2026-03-03", (Stage.RELEASED, "2026-03-15T23:59:59")),
            told("2026-03-03", (Stage.RELEASED, "2026-03-16")),
            told("2026-03-02"),
            told("2026-03-01T23:59:59"),
        ]
    )
    found_ = kpis(edge, (), "2026-03-02", "2026-03-15", at(NOW), zone=UTC)
    # Released in the last second of the period: not open at its end, and closed in it.
    assert (found_.open_end, found_.closed, found_.opened) == (5, 1, 3)
    assert found_.ages.days.n == 5
    assert len(found_.longest) == 5
    # Exactly thirty days are not over thirty days.
    assert found_.ages.older[0] == (30, Share(part=1, whole=5))
