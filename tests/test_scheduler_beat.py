"""A heartbeat beats beside other work and says when it is of no use; pools stop when asked to."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from triage.scheduler import Batch, Heartbeat, InlinePool, Pool, ProcessPool, StopRequests


def wait_for(fact: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_it_beats_while_other_work_goes_on_and_stops_with_it() -> None:
    beats: list[int] = []

    def beat() -> bool:
        beats.append(threading.get_ident())
        return True

    with Heartbeat(beat, 0.01) as heart:
        wait_for(lambda: len(beats) > 3)
        assert not heart.lost
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count
    assert threading.get_ident() not in beats
    assert not heart.lost


def test_once_of_no_use_it_is_not_called_again() -> None:
    calls = itertools.count()
    seen: list[int] = []

    def beat() -> bool:
        seen.append(next(calls))
        return len(seen) < 3

    with Heartbeat(beat, 0.001) as heart:
        wait_for(lambda: heart.lost)
        time.sleep(0.02)
    assert seen == [0, 1, 2]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_gets_out_counts_as_lost() -> None:
    def beat() -> bool:
        raise LookupError

    with Heartbeat(beat, 0.001) as heart:
        wait_for(lambda: heart.lost)


def slow(number: int) -> int:
    """Take a while; runs in a worker."""
    time.sleep(0.02)
    return number


def collect(pool: Pool, got: list[object]) -> None:
    batch = Batch(function=slow, items=tuple(range(400)), time_limits_s=(9.0,) * 400)
    for result in pool.run([batch]):
        got.append(result)  # noqa: PERF402  (what came before the interrupt is asked about)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_pool_that_is_asked_to_stop_ends_as_if_interrupted(workers: int) -> None:
    got: list[object] = []

    def stopping() -> bool:
        return len(got) >= 3

    pool: Pool = InlinePool(stopping=stopping)
    if workers:
        pool = ProcessPool(workers=workers, stopping=stopping)
    try:
        with pytest.raises(KeyboardInterrupt):
            collect(pool, got)
        assert 3 <= len(got) < 400
    finally:
        pool.close()


def ask_again() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent to this process")
def test_a_request_is_a_mark_and_the_second_one_an_interrupt() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with StopRequests() as requests:
        assert requests.asked == ""
        os.kill(os.getpid(), signal.SIGTERM)
        wait_for(lambda: requests.asked == "SIGTERM")
        with pytest.raises(KeyboardInterrupt):
            ask_again()
    assert signal.getsignal(signal.SIGTERM) is before
