"""Errands of many threads: each gets its own answer, and pays for its own item alone."""

from __future__ import annotations

import functools
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import connection
from pathlib import Path
from typing import Any

import pytest

from poolitems import GIB, act, be_told, dumps, large, repeat, until
from triage.scheduler import Errands, Finished, LossKind, Lost, Result, Untaken

LOSSES = {
    "segfault": LossKind.CRASH,
    "abort": LossKind.CRASH,
    "killed": LossKind.CRASH,
    "loop": LossKind.TIME_LIMIT,
    "memory": LossKind.MEMORY_LIMIT,
    "raise": LossKind.ERROR,
}


def fit(item: tuple[str, int], result: Result | Untaken) -> bool:
    """Tell whether the answer is that of the item."""
    if item[0] == "ok":
        return isinstance(result, Finished) and result.value == item[1] and result.item is item
    return isinstance(result, Lost) and result.kind is LOSSES[item[0]] and result.item is item


@pytest.fixture
def errands() -> Iterator[Errands]:
    with Errands(2, 8 * GIB) as made:
        yield made
    assert not made._workers


def eventually(true: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 20
    while not true() and time.monotonic() < ends:
        time.sleep(0.01)
    return true()


@pytest.mark.parametrize("kind", LOSSES)
def test_what_an_item_costs_is_borne_by_it_alone(errands: Errands, kind: str) -> None:
    for item in ((kind, 1), ("ok", 2), (kind, 3), ("ok", 4)):
        assert fit(item, errands.do(act, item, 0.5 if item[0] == "loop" else 20.0))


def test_many_threads_at_few_workers_each_get_their_own_answer(errands: Errands) -> None:
    draw = random.Random(6)  # noqa: S311  (a test)
    weights = [30, 1, 1, 1, 1]
    kinds = draw.choices(["ok", "segfault", "killed", "raise", "memory"], weights, k=240)
    items = [(kind, number) for number, kind in enumerate(kinds)]
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda item: errands.do(act, item, 20.0), items))
    assert [item for item, got in zip(items, results, strict=True) if not fit(item, got)] == []
    assert len(errands._workers) <= 2
    assert not errands._line


def test_callers_take_turns_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    mark = tmp_path / "go"
    with Errands(1) as made, ThreadPoolExecutor(8) as threads:
        line = made._line
        threads.submit(made.do, until, str(mark), 20.0)
        assert eventually(lambda: bool(made._workers) and not made._idle)
        for number in range(6):
            threads.submit(made.do, be_told, str(number), 20.0)
            assert eventually(functools.partial(lambda many: len(line) == many, number + 1))
        mark.touch()
        threads.shutdown()
        told = made.do(repeat, "", 20.0)
    assert isinstance(told, Finished)
    assert told.value == "0 1 2 3 4 5"


def test_a_worker_that_died_with_nothing_to_do_costs_no_item(errands: Errands) -> None:
    item = ("ok", 9)
    assert fit(item, errands.do(act, item, 20.0))
    for number in range(4):
        for worker in list(errands._workers):
            os.kill(worker.process.pid, signal.SIGKILL)
        item = ("ok", number)
        result = errands.do(act, item, 20.0)
        # killed between two calls, it may also be noticed only once the item was handed over
        assert fit(item, result) or isinstance(result, Lost)
        assert fit(item, errands.do(act, item, 20.0))


def test_a_caller_that_goes_away_leaves_no_answer_behind(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = ("ok", 1)
    assert fit(item, errands.do(act, item, 20.0))

    wait = connection.wait

    def leave(*words: Any, **named: Any) -> Any:
        monkeypatch.undo()
        assert wait is connection.wait
        del words, named
        raise KeyboardInterrupt

    monkeypatch.setattr("triage.scheduler.errands.connection.wait", leave)
    with pytest.raises(KeyboardInterrupt):
        errands.do(act, ("ok", 99), 20.0)
    for number in range(2, 6):
        other = ("ok", number)
        assert fit(other, errands.do(act, other, 20.0))


def test_one_hangs_while_the_others_go_on(errands: Errands) -> None:
    hanging = threading.Thread(target=errands.do, args=(act, ("loop", 0), 3.0))
    hanging.start()
    for number in range(20):
        item = ("ok", number)
        assert fit(item, errands.do(act, item, 20.0))
    assert hanging.is_alive()
    hanging.join()


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    mark = tmp_path / "go"
    with Errands(1) as errands, ThreadPoolExecutor(2) as threads:
        threads.submit(errands.do, until, str(mark), 20.0)
        assert eventually(lambda: bool(errands._workers) and not errands._idle)
        result = errands.do(act, ("ok", 1), 20.0, wait_limit_s=0.05)
        assert isinstance(result, Untaken)
        assert "busy" in result.detail
        mark.touch()


def test_closing_ends_workers_and_tells_who_waits(tmp_path: Path) -> None:
    errands = Errands(1)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(errands.do, until, str(tmp_path / "never"), 60.0)]
        assert eventually(lambda: bool(errands._workers) and not errands._idle)
        processes = [worker.process for worker in errands._workers]
        waiting += [threads.submit(errands.do, act, ("ok", n), 60.0) for n in range(3)]
        errands.close()
        assert isinstance(waiting[0].result(), Lost)
        assert all(isinstance(one.result(), Untaken) for one in waiting[1:])
    assert not any(process.is_alive() for process in processes)
    assert isinstance(errands.do(act, ("ok", 1), 1.0), Untaken)
    errands.close()


def test_a_worker_outlives_the_thread_that_first_needed_it(errands: Errands) -> None:
    first = threading.Thread(target=errands.do, args=(act, ("ok", 1), 20.0))
    first.start()
    first.join()
    (worker,) = errands._workers
    pid = worker.process.pid
    for number in range(20):
        item = ("ok", number)
        assert fit(item, errands.do(act, item, 20.0))
        time.sleep(0.005)
    assert [one.process.pid for one in errands._workers] == [pid]


def test_workers_that_nobody_needs_end(tmp_path: Path) -> None:
    del tmp_path
    with Errands(2, idle_s=0.1) as errands:
        item = ("ok", 1)
        assert fit(item, errands.do(act, item, 20.0))
        assert eventually(lambda: not errands._workers)
        assert fit(item, errands.do(act, item, 20.0))


def test_large_answers_come_whole(errands: Errands) -> None:
    result = errands.do(large, 30_000_000, 20.0)
    assert isinstance(result, Finished)
    assert len(result.value) == 30_000_000


def test_without_workers_it_runs_here() -> None:
    with Errands(0) as errands:
        for item in (("ok", 1), ("raise", 2)):
            assert fit(item, errands.do(act, item, 1.0))


@pytest.mark.skipif(sys.platform != "linux", reason="how a process is dumped is Linux's own")
def test_a_worker_that_breaks_leaves_no_memory_on_disk(errands: Errands) -> None:
    result = errands.do(dumps, "", 20.0)
    assert isinstance(result, Finished)
    assert result.value == (0, 0)
