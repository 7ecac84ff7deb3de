"""Deadlines in local time, forecasts from history, and who is dead: each by itself."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightly import START, SetClock
from triage.batch import fits
from triage.batch.clock import Deadline, Jumps, deadline, local, moment
from triage.batch.holder import is_surely_dead, own_holder, shown
from triage.batch.watch import Watch
from triage.errors import UsageFault
from triage.model.queue import LeaseState, LeaseView
from triage.store.figures import Effort, Remaining

needs_zones = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone cannot be set here")


@pytest.fixture
def london(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(words: str) -> float:
    return datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp()


@needs_zones
@pytest.mark.usefixtures("london")
@pytest.mark.parametrize(
    ("now", "words", "ends"),
    [
        ("2026-11-22T22:00", "06:00", "2026-11-23T06:00"),  # winter: local time is UTC
        ("2026-11-22T05:00", "6:00", "2026-11-22T06:00"),
        ("2026-11-22T06:00", "06:00", "2026-11-23T06:00"),  # now is not the next one
        ("2026-03-28T22:00", "06:00", "2026-03-29T05:00"),  # the clocks go forward that night
        ("2026-10-24T22:00", "06:00", "2026-10-25T06:00"),  # and back
        ("2026-07-01T22:00", "2026-07-02T06:00", "2026-07-02T05:00"),
        ("2026-07-01T22:00", "2026-07-02T06:00+02:00", "2026-07-02T04:00"),
    ],
)
def test_a_deadline_is_the_next_such_local_time(now: str, words: str, ends: str) -> None:
    assert deadline(words, utc(now)).at == utc(ends)


@needs_zones
@pytest.mark.usefixtures("london")
def test_the_start_of_a_window_is_the_last_such_local_time() -> None:
    assert moment("18:00", utc("2026-07-02T06:00")) == utc("2026-07-01T17:00")
    assert moment("18:00", utc("2026-07-02T17:00")) == utc("2026-07-02T17:00")
    assert local(utc("2026-07-01T17:00")) == "2026-07-01 18:00 +01:00"


@pytest.mark.parametrize("words", ["25:00", "06:61", "tomorrow", "", "2026-11-22T07:00Z"])
def test_what_is_no_moment_to_come_is_refused(words: str) -> None:
    with pytest.raises(UsageFault):
        deadline(words, START)


def test_no_deadline_never_comes() -> None:
    assert deadline(None, START).left_s(SetClock()) == float("inf")
    assert Deadline(START - 5).left_s(SetClock()) == 0.0


def test_a_clock_that_is_set_right_a_little_has_not_jumped() -> None:
    clock = SetClock()
    jumps = Jumps(clock)
    clock.sleep(5000)
    assert jumps.look() == 0
    clock.wall += 20
    assert jumps.look() == 0
    clock.wall -= 3600
    assert jumps.look() == -3600
    assert jumps.look() == 0


def efforts(kind: str, *rates: float) -> tuple[Effort, ...]:
    """Give exhibits of 10 GB that took so many seconds a GB."""
    return tuple(
        Effort(device_type=kind, image_bytes=10**10, seconds=fits.OVERHEAD_S + 10 * rate)
        for rate in rates
    )


@given(st.lists(st.floats(0.1, 900), min_size=5, max_size=40), st.floats(0.001, 4000))
def test_a_forecast_is_median_and_p90_of_history(rates: list[float], gigabytes: float) -> None:
    found = fits.forecast(efforts("phone", *rates), "phone", round(gigabytes * 1e9))
    assert found.median_s == pytest.approx(statistics.median(rates) * gigabytes + 5, rel=1e-6)
    inclusive = statistics.quantiles(rates, n=10, method="inclusive")[8]
    assert found.p90_s == pytest.approx(inclusive * gigabytes + 5, rel=1e-6)
    assert f"from {len(rates)} finished of type 'phone'" in found.basis


def test_a_type_of_few_results_is_forecast_from_all_and_none_by_default() -> None:
    known = (*efforts("phone", 10, 10, 10, 10, 10, 10), *efforts("laptop", 90))
    assert fits.forecast(known, "laptop", 10**9).median_s == pytest.approx(15)
    assert "of all types" in fits.forecast(known, "laptop", 10**9).basis
    bare = fits.forecast((), "phone", 10**9)
    assert (bare.median_s, bare.p90_s) == (25, 65)
    assert "no history" in bare.basis
    unknown = fits.forecast((), "phone", -1)
    assert unknown.median_s == 5 + 20 * 64
    assert "size not known" in unknown.basis


def test_what_was_begun_is_forecast_by_what_is_left() -> None:
    left = Remaining(listed=True, pending_bytes=25, entry_bytes=100)
    found = fits.forecast((), "", 10**11, left)
    assert found.p90_s == pytest.approx(5 + 60 * 100 / 4)
    assert found.listing_s == fits.OVERHEAD_S
    cut = fits.forecast((), "", 10**11, replace(left, listed=False))
    assert cut.p90_s == pytest.approx(5 + 60 * 100), "a listing begins anew"


@pytest.mark.parametrize(
    ("left_s", "begun"),
    [(6005, True), (6004, True), (601, True), (600, False), (10, False)],
)
def test_what_does_not_fit_is_begun_if_its_listing_does(left_s: float, *, begun: bool) -> None:
    time_of = fits.forecast((), "", 10**11)  # up to 6005 s, its listing 600.5 s
    assert (fits.left_out(time_of, left_s) == "") is begun


def test_a_short_one_is_begun_a_moment_before_the_end() -> None:
    assert fits.left_out(fits.forecast((), "", 10**6), 6) == ""
    assert "300" not in fits.left_out(fits.forecast((), "", 10**10), 200)
    assert "less than the 5 min" in fits.left_out(fits.forecast((), "", 10**10), 200)


def test_the_disk_is_forecast_from_the_growth_of_the_database() -> None:
    assert fits.disk_need(10**12, 0, 0, 10**9) == fits.DISK_FLOOR_BYTES + 10**10
    assert fits.disk_need(10**12, 9, 10**12, 3 * 10**9) == fits.DISK_FLOOR_BYTES + 3 * 10**9


def test_the_size_of_an_image_is_that_of_all_its_segments(tmp_path: Path) -> None:
    for name in ("a.E01", "a.E02", "a.EAA", "a.txt", "b.E01"):
        (tmp_path / name).write_bytes(b"x" * 10)
    assert fits.image_size(tmp_path / "a.E01", -1) == 30
    assert fits.image_size(tmp_path / "a.E01", 77) == 77
    assert fits.image_size(tmp_path, -1) == -1
    assert fits.image_size(tmp_path / "none.E01", -1) == -1


VIEW = LeaseView(
    ledger_id=1,
    case="C",
    exhibit="E",
    state=LeaseState.LEASED,
    token=1,
    beat=0,
    holder="other",
    host="there",
    pid=1,
    taken_s=0,
    beaten_s=0,
    failures=0,
    reason="",
)


def never(_: str) -> bool:
    return False


def test_a_beat_that_stands_still_for_long_enough_is_a_death() -> None:
    watch = Watch(own="me", dead_after_s=60, surely_dead=never)
    found = [bool(watch.dead([VIEW], now)) for now in range(0, 90, 10)]
    assert found == [False] * 6 + [True] * 3


def test_one_that_beats_never_dies_and_is_not_in_doubt() -> None:
    watch = Watch(own="me", dead_after_s=60, surely_dead=never)
    assert not watch.in_doubt()
    watch.dead([VIEW], 0)
    assert watch.in_doubt()
    for now in range(10, 900, 10):
        assert watch.dead([replace(VIEW, beat=now // 50)], now) == ()
        assert watch.in_doubt() is (now < 50)


def test_an_absence_of_our_own_proves_nothing() -> None:
    watch = Watch(own="me", dead_after_s=60, surely_dead=never)
    assert watch.dead([VIEW], 0) == ()
    assert watch.dead([VIEW], 10_000) == ()
    assert watch.dead([replace(VIEW, token=2)], 10_010) == ()


def test_our_own_lease_is_no_business_of_the_watch() -> None:
    watch = Watch(own="other", dead_after_s=60, surely_dead=lambda _: True)
    assert watch.dead([VIEW], 0) == ()
    assert not watch.in_doubt()


SAY = "from triage.batch.holder import own_holder; print(own_holder().name); input()"


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="no marks of processes here")
def test_a_process_of_this_machine_is_known_to_be_dead_at_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert not is_surely_dead(name)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert is_surely_dead(name), "also while nobody has asked for its end"
    assert is_surely_dead(name)
    host, pid, boot, space, start, mark = name.split("/")
    elsewhere = [
        (host, pid, "0" * 32, space, start, mark),
        (host, pid, boot, "1", start, mark),
        (host, "x", boot, space, start, mark),
    ]
    assert not any(is_surely_dead("/".join(parts)) for parts in elsewhere)


def test_names_of_holders_are_never_the_same() -> None:
    one, other = own_holder(), own_holder()
    assert one.name != other.name
    assert not is_surely_dead(one.name)
    assert shown(one.name) == f"{socket.gethostname()} (process {os.getpid()})"
    assert shown("A Person") == "A Person"
    assert not is_surely_dead("A Person")
