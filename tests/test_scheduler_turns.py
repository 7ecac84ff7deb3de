"""With one reader, no two workers are at the medium at the same time, whoever dies meanwhile."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.scheduler import Batch, Finished, ProcessPool, turn

Stay = tuple[int, float, float]
"""Process, and when it came to the medium and left it, by the clock that all processes share."""


def stay(_item: int) -> Stay:
    """Be at the medium for a moment; runs in a worker."""
    came = time.monotonic()
    time.sleep(0.01)
    return os.getpid(), came, time.monotonic()


def take_turn(_item: int) -> Stay:
    """Be at the medium in a turn of one's own; runs in a worker."""
    with turn():
        return stay(_item)


def die_in_turn(mark: str) -> int:
    """Die at the medium the first time; runs in a worker."""
    with turn():
        if not Path(mark).exists():
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(workers=3, one_reader=True)
    yield pool
    pool.close()


def overlaps(stays: list[Stay]) -> int:
    ordered = sorted(stays, key=lambda one: one[1])
    return sum(later[1] < earlier[2] for earlier, later in itertools.pairwise(ordered))


def stays(pool: ProcessPool, function: object, *, reads: bool) -> list[Stay]:
    batches = (
        Batch(function=function, items=(number,), time_limits_s=(30.0,), reads=reads)  # type: ignore[arg-type]  # any of the above
        for number in range(30)
    )
    results = list(pool.run(batches))
    assert all(isinstance(one, Finished) for one in results)
    return [one.value for one in results if isinstance(one, Finished)]


def test_batches_that_read_are_done_by_one_worker_at_a_time(pool: ProcessPool) -> None:
    assert overlaps(stays(pool, stay, reads=True)) == 0


def test_other_batches_use_all_workers_and_take_turns(pool: ProcessPool) -> None:
    seen = stays(pool, take_turn, reads=False)
    assert overlaps(seen) == 0
    assert len({process for process, _, _ in seen}) > 1


def test_a_turn_ends_with_the_process_that_had_it(pool: ProcessPool, tmp_path: Path) -> None:
    marks = [str(tmp_path / f"mark{number}") for number in range(6)]
    batch = Batch(function=die_in_turn, items=tuple(marks), time_limits_s=(30.0,) * len(marks))
    results = list(pool.run([batch]))
    assert len(results) == len(marks)
    assert all(isinstance(one, Finished) for one in results)


def test_without_one_reader_there_are_no_turns(tmp_path: Path) -> None:
    with turn():
        assert not list(tmp_path.iterdir())
    pool = ProcessPool(workers=2)
    try:
        assert len(stays(pool, take_turn, reads=True)) == 30
    finally:
        pool.close()
