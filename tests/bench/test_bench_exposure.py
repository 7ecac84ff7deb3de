"""What a grader has looked at, and what follows from it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.bench.exposure import MINUTE_MS, exposure_of, limits_of
from triage.model.settings import UnitSettings

SETTINGS = UnitSettings(
    pictures_soft=10,
    pictures_hard=20,
    minutes_soft=30,
    minutes_hard=60,
    break_after_minutes=15,
    break_minutes=10,
)
LIMITS = limits_of(SETTINGS)
DAY = 20_000 * 86_400_000


def at(*minutes: float) -> list[int]:
    return [DAY + round(one * MINUTE_MS) for one in minutes]


def test_a_gap_of_more_than_five_minutes_is_no_looking() -> None:
    found = exposure_of(at(0, 4, 9, 14.1, 15), (), LIMITS, now_ms=at(16)[0])
    assert (found.pictures, found.minutes) == (5, 4 + 5 + 0.9)


def test_limits_are_reached_at_their_number_and_zero_is_none() -> None:
    nine, ten, twenty = (at(*(one / 100 for one in range(n))) for n in (9, 10, 20))
    now = at(1)[0]
    assert not exposure_of(nine, (), LIMITS, now_ms=now).is_over_soft
    assert exposure_of(ten, (), LIMITS, now_ms=now).is_over_soft
    assert not exposure_of(ten, (), LIMITS, now_ms=now).is_over_hard
    assert exposure_of(twenty, (), LIMITS, now_ms=now).is_over_hard
    more = limits_of(SETTINGS, more_pictures=1)
    assert not exposure_of(twenty, (), more, now_ms=now).is_over_hard
    none = limits_of(UnitSettings(pictures_soft=0, pictures_hard=0, minutes_soft=0, minutes_hard=0))
    assert not exposure_of(twenty, (), none, now_ms=now).is_over_soft
    assert not exposure_of(twenty, (), none, now_ms=now).is_over_hard
    assert limits_of(UnitSettings(pictures_hard=0), more_pictures=5).hard_pictures == 0


def test_minutes_end_a_day_as_pictures_do() -> None:
    every_four = at(*range(0, 64, 4))
    assert exposure_of(every_four, (), LIMITS, now_ms=every_four[-1]).is_over_hard
    assert exposure_of(every_four[:9], (), LIMITS, now_ms=every_four[8]).is_over_soft
    assert not exposure_of(every_four[:8], (), LIMITS, now_ms=every_four[7]).is_over_soft


def test_a_break_is_due_after_looking_and_over_after_its_minutes() -> None:
    looking = at(*range(16))
    assert exposure_of(looking, (), LIMITS, now_ms=at(15)[0]).is_break_due
    assert not exposure_of(looking[:15], (), LIMITS, now_ms=at(14)[0]).is_break_due
    on_break = exposure_of(looking, at(15), LIMITS, now_ms=at(24.9)[0])
    assert on_break.is_on_break
    assert not on_break.is_break_due
    assert on_break.break_until_ms == at(25)[0]
    after = exposure_of(looking, at(15), LIMITS, now_ms=at(25)[0])
    assert (after.is_on_break, after.is_break_due) == (False, False)


def test_who_stops_for_as_long_as_a_break_has_had_one() -> None:
    seen = [*at(*range(15)), *at(24, 25)]
    found = exposure_of(seen, (), LIMITS, now_ms=at(26)[0])
    assert found.since_break_minutes == 1


@given(st.lists(st.integers(0, 86_399_999), max_size=80).map(sorted), st.integers(0, 80))
def test_more_pictures_never_mean_less(offsets: list[int], part: int) -> None:
    moments = [DAY + one for one in offsets]
    now = DAY + 86_400_000
    less, more = (exposure_of(one, (), LIMITS, now_ms=now) for one in (moments[:part], moments))
    assert less.pictures <= more.pictures
    assert less.minutes <= more.minutes <= 24 * 60
    assert less.is_over_hard <= more.is_over_hard
