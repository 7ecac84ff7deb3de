"""Workers that really crash, loop in C and eat memory cost only the item that did it."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from poolitems import GIB, batches, be_told, outcome, repeat, until
from triage.scheduler import Batch, Finished, InlinePool, LossKind, Lost, ProcessPool, Result


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    pool = ProcessPool(workers=2, memory_limit_bytes=8 * GIB)
    yield pool
    pool.close()


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        ("segfault", LossKind.CRASH),
        ("abort", LossKind.CRASH),
        ("killed", LossKind.CRASH),
        ("loop", LossKind.TIME_LIMIT),
        ("memory", LossKind.MEMORY_LIMIT),
        ("raise", LossKind.ERROR),
    ],
)
def test_only_the_guilty_item_is_lost(pool: ProcessPool, kind: str, loss: LossKind) -> None:
    kinds = ["ok"] * 60
    kinds[0] = kinds[17] = kinds[18] = kinds[59] = kind
    got = outcome(list(pool.run(batches(kinds))))
    assert {number for number, state in got.items() if state != "done"} == {0, 17, 18, 59}
    assert {got[number] for number in (0, 17, 18, 59)} == {str(loss)}


def test_a_crash_that_does_not_repeat_loses_nothing(pool: ProcessPool, tmp_path: Path) -> None:
    kinds = ["ok"] * 20
    kinds[7] = f"once:{tmp_path / 'mark'}"
    got = outcome(list(pool.run(batches(kinds))))
    assert set(got.values()) == {"done"}
    assert pool.restarts == 1


def test_workers_killed_from_outside_lose_nothing(pool: ProcessPool) -> None:
    kinds = ["ok"] * 400
    seen: list[Result] = []
    for result in pool.run(batches(kinds, size=7)):
        seen.append(result)
        if len(seen) in (40, 120, 260):
            pid = pool._workers[len(seen) % 2].process.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
    assert set(outcome(seen).values()) == {"done"}


def test_what_workers_are_told_reaches_each_once_and_their_successors(pool: ProcessPool) -> None:
    kinds = ["say"] * 40
    kinds[11] = kinds[29] = "killed"

    def said(count: int) -> set[str]:
        parts = (kinds[start : start + 4] for start in range(0, count, 4))
        batches = (
            Batch(function=repeat, items=tuple(part), time_limits_s=(9.0,) * len(part))
            for part in parts
        )
        return {one.value for one in pool.run(batches) if isinstance(one, Finished)}

    pool.prepare(be_told, "one")
    assert said(40) == {"one"}
    pool.prepare(be_told, "two")
    assert said(40) == {"one two"}
    assert pool.restarts == 8


def test_nothing_waits_behind_an_item_of_its_own_batch(pool: ProcessPool, tmp_path: Path) -> None:
    mark = tmp_path / "small ones are done"
    huge = Batch(function=until, items=(str(mark),), time_limits_s=(60.0,))
    small = batches(["ok"] * 50)
    left = 50
    for result in pool.run(itertools.chain([huge], small)):
        left -= result.item != str(mark)
        if not left:
            mark.touch()  # with one of them behind the huge item, this would never be reached
    assert mark.exists()


def test_loss_says_what_happened(pool: ProcessPool) -> None:
    results = list(pool.run(batches(["segfault"])))
    assert isinstance(results[0], Lost)
    assert "SIGSEGV" in results[0].detail


def test_pool_is_used_again_and_inline_agrees(pool: ProcessPool) -> None:
    kinds = ["ok", "raise", "ok"]
    first = outcome(list(pool.run(batches(kinds))))
    second = outcome(list(pool.run(batches(kinds))))
    inline = outcome(list(InlinePool().run(batches(kinds))))
    assert first == second == inline == {0: "done", 1: "error", 2: "done"}


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        "from triage.scheduler import ProcessPool\n"
        "pool = ProcessPool(workers=2)\n"
        "print(*[w.process.pid for w in pool._workers], flush=True)\n"
        "time.sleep(60)\n"
    )
    import subprocess  # noqa: PLC0415  (only this test starts a process of its own)
    import sys  # noqa: PLC0415

    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(_alive(pid) for pid in pids):
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
