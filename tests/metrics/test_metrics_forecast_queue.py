"""The queue of the forecast against queueing theory, and against exhibits followed one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from forecast_events import erlang_c, poisson_stream, serve
from hypothesis import given
from hypothesis import strategies as st

from triage.metrics.service import (
    NOT_WITHIN,
    PARTS,
    Numbers,
    first_step_at,
    oldest_ages_s,
    wait_s,
    walk,
)

DAY_S = 86_400


def whole(rows: list[list[int]]) -> Numbers:
    return np.array(rows, dtype=np.int64) * PARTS


def uniformised(
    rng: np.random.Generator, *, load: float, servers: int, runs: int, steps: int
) -> tuple[Numbers, Numbers, Numbers]:
    """M/M/c as a chain of single events: an arrival, or the end of a work at one of the servers.

    Of a server that has nothing to do the end of a work changes nothing, so the chain has the
    queue's own distribution (Jensen 1953). Gives arrivals, ends, and the number of the server.
    """
    offered = load * servers
    arrives = rng.random((runs, steps)) < offered / (offered + servers)
    server = rng.integers(0, servers, (runs, steps))
    came = arrives.astype(np.int64) * PARTS
    return came, PARTS - came, server * PARTS


@pytest.mark.parametrize(("load", "servers"), [(0.6, 1), (0.8, 1), (0.7, 3), (0.85, 5)])
def test_m_m_c_has_the_length_and_wait_of_erlangs_formula(load: float, servers: int) -> None:
    rng = np.random.default_rng(5)
    came, ends, server = uniformised(rng, load=load, servers=servers, runs=1500, steps=1500)
    walked = walk(0, came, ends, idle_below=server)
    steady = walked.backlog[:, 700:] / PARTS
    waiting = erlang_c(servers, load * servers) * load / (1 - load)
    by_run = np.maximum(steady - servers, 0).mean(axis=1)
    error = by_run.std() / math.sqrt(len(by_run))
    assert abs(by_run.mean() - waiting) < 4 * error
    assert error < 0.05 * waiting
    busy = np.minimum(steady, servers).mean(axis=1) / servers
    assert abs(busy.mean() - load) < 4 * busy.std() / math.sqrt(len(busy))


@pytest.mark.parametrize("load", [0.5, 0.75])
def test_m_m_1_is_geometric(load: float) -> None:
    rng = np.random.default_rng(8)
    came, ends, _ = uniformised(rng, load=load, servers=1, runs=4000, steps=600)
    last = walk(0, came, ends).backlog[:, -1] // PARTS
    for length in range(5):
        expected = (1 - load) * load**length
        error = math.sqrt(expected * (1 - expected) / len(last))
        assert abs(float((last == length).mean()) - expected) < 4 * error


def test_the_oracle_itself_keeps_erlangs_formula() -> None:
    """Events one by one, three servers: so it may judge what the forecast does."""
    means, busy = [], []
    for seed in range(60):
        came, work = poisson_stream(np.random.default_rng(seed), rate=2.4, mean_work=1.0, many=3000)
        served = serve(came, work, servers=3)
        waits = np.array(served.started) - np.array(served.came)
        means.append(waits[500:].mean())
        busy.append(sum(work) / (3 * max(served.left)))
    expected = erlang_c(3, 2.4) / (3 - 2.4)
    assert abs(np.mean(means) - expected) < 4 * np.std(means) / math.sqrt(60)
    assert np.std(means) / math.sqrt(60) < 0.05 * expected
    assert np.mean(busy) == pytest.approx(0.8, rel=0.01)


def test_littles_law_holds_exactly_between_two_empty_moments() -> None:
    """Mean number open is arrivals a step times mean time open, whatever is drawn."""
    rng = np.random.default_rng(2)
    steps = 400
    came = rng.poisson(3.0, (1, steps)) * PARTS
    ends = rng.poisson(3.3, (1, steps)) * PARTS
    ends[0, -1] = came.sum()
    walked = walk(0, came, ends)
    arrived, done = walked.arrived[0] // PARTS, walked.done()[0] // PARTS
    many = int(arrived[-1])
    assert many == done[-1]
    in_step = [int(np.argmax(arrived > place)) for place in range(many)]
    out_step = [int(np.argmax(done > place)) for place in range(many)]
    open_time = sum(out - into for into, out in zip(in_step, out_step, strict=True))
    assert int((walked.backlog // PARTS).sum()) == open_time


@pytest.mark.parametrize(("comes", "goes", "start"), [(3, 5, 40), (5, 5, 7), (6, 4, 0), (0, 7, 50)])
def test_d_d_1_is_exact(comes: int, goes: int, start: int) -> None:
    steps = 30
    walked = walk(start * PARTS, whole([[comes] * steps]), whole([[goes] * steps]))
    expected = [max(0, start + (comes - goes) * step) for step in range(1, steps + 1)]
    assert (walked.backlog[0] // PARTS).tolist() == expected
    clears = first_step_at(walked.backlog, 0)[0]
    if comes < goes:
        assert clears == max(0, math.ceil(start / (goes - comes)) - 1)
    else:
        assert clears == NOT_WITHIN


def test_d_d_1_ages_and_waits_are_exact() -> None:
    """Ten open, one a day came so far; one a day comes, two a day go."""
    ages = np.arange(10, 0, -1, dtype=np.int64) * DAY_S
    walked = walk(10 * PARTS, whole([[1] * 12]), whole([[2] * 12]))
    oldest = oldest_ages_s(walked, ages, DAY_S)[0] / DAY_S
    assert oldest.tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]
    assert wait_s(walked, DAY_S)[0] == 5.5 * DAY_S


def test_d_d_1_that_falls_behind_grows_older_by_what_it_falls_behind() -> None:
    walked = walk(0, whole([[4] * 52]), whole([[3] * 52]))
    oldest = oldest_ages_s(walked, np.zeros(0, dtype=np.int64), 7 * DAY_S)[0]
    # After n weeks 3n are done; the (3n)th came in week 3n/4, so the oldest is n/4 weeks old.
    assert oldest.tolist() == [int(week * 7 * DAY_S / 4) for week in range(1, 53)]


@given(
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=25),
)
def test_backlog_oldest_and_wait_equal_those_of_a_list_of_exhibits(
    start: int, days: list[tuple[int, int]]
) -> None:
    waiting = [-(start - place) * 3600 for place in range(start)]
    mine = start
    backlog, oldest = [], []
    for day, (comes, goes) in enumerate(days):
        waiting += [day * DAY_S + place * DAY_S // comes for place in range(comes)]
        mine -= min(goes, len(waiting))
        waiting = waiting[goes:]
        backlog.append(len(waiting))
        oldest.append((day + 1) * DAY_S - waiting[0] if waiting else 0)
    ages = np.arange(start, 0, -1, dtype=np.int64) * 3600
    walked = walk(start * PARTS, whole([[a for a, _ in days]]), whole([[s for _, s in days]]))
    assert (walked.backlog[0] // PARTS).tolist() == backlog
    assert oldest_ages_s(walked, ages, DAY_S)[0].tolist() == oldest
    waited = wait_s(walked, DAY_S)[0]
    assert (waited == NOT_WITHIN) == (mine >= 0)


def test_capacity_is_not_saved_up() -> None:
    walked = walk(0, whole([[0, 0, 0, 5]]), whole([[9, 9, 9, 2]]))
    assert (walked.backlog[0] // PARTS).tolist() == [0, 0, 0, 3]


def test_an_unstable_queue_grows_by_the_difference_of_its_rates() -> None:
    rng = np.random.default_rng(4)
    came, ends = (rng.poisson(rate, (500, 200)) * PARTS for rate in (6.0, 5.0))
    last = walk(100 * PARTS, came, ends).backlog[:, -1] / PARTS
    error = math.sqrt(200 * (6 + 5) / 500)
    assert abs(last.mean() - (100 + 200)) < 4 * error
