"""Several processes work through one queue, and some of them are killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from lease_worker import STEPS

from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import AttemptEnd
from triage.store import tables
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

WORKER = Path(__file__).with_name("lease_worker.py")
PROCESSES = 4
EXHIBITS = 40
FEWER = 24
"""Exhibits where processes are killed, which takes longer."""
KILLS = int(os.environ.get("TRIAGE_TEST_KILLS", "3"))
TOO_LONG_S = 60


def fill(store: Store, exhibits: int) -> list[int]:
    book = Ledger(store.connection)
    ids = [
        book.add(
            ExhibitFacts(case="OP", exhibit=f"A/{number}", received_s=1, image_path="/x.E01"),
            stage=Stage.QUEUED,
            by="clerk",
            now_s=2,
        )
        for number in range(exhibits)
    ]
    store.commit()
    return ids


@contextlib.contextmanager
def working(url: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start processes, and leave none of them."""
    found = [start(url, number) for number in range(PROCESSES)]
    try:
        for one in found:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n"
        for one in found:
            tell(one)
        yield found
    finally:
        for one in found:
            one.kill()
            one.communicate()


def start(url: str, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(WORKER), url, f"worker {number}"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def tell(process: subprocess.Popen[bytes]) -> None:
    """Have a process begin."""
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    process.stdin.flush()


def kill_holders(
    url: str, leases: Leases, processes: list[subprocess.Popen[bytes]]
) -> list[tuple[int, int]]:
    """Kill processes that have an exhibit in hand, each in another one's place at once.

    Returns:
        exhibit and token of the leases that were left by them.
    """
    maker = random.Random(time.time_ns())  # noqa: S311  (any moment will do)
    left: list[tuple[int, int]] = []
    ends = time.monotonic() + TOO_LONG_S
    while len(left) < KILLS and time.monotonic() < ends:
        time.sleep(maker.uniform(0, 0.05))
        alive = {one.pid: one for one in processes if one.poll() is None}
        victims = [alive[one.pid] for one in leases.leased() if one.pid in alive]
        if not victims:
            assert alive, "all are done before one could be killed"
            continue
        victim = maker.choice(victims)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        left += [(one.ledger_id, one.token) for one in leases.leased() if one.pid == victim.pid]
        processes.append(start(url, len(processes)))
        tell(processes[-1])
    return left


def check(store: Store, ids: list[int]) -> Counter[AttemptEnd]:
    """Assert that each exhibit was done once, with all its work and no lease left."""
    leases = Leases(store.connection)
    attempts = leases.attempts()
    done = Counter(one.ledger_id for one in attempts if one.end is AttemptEnd.DONE)
    assert done == dict.fromkeys(ids, 1)
    assert leases.leased() == ()
    assert leases.candidates() == ()
    assert {one.stage for one in Ledger(store.connection).entries()} == {Stage.REVIEW}
    results = leases.results_since(0)
    assert [(exhibit, STEPS) for _, exhibit, _ in results] == [one.hits[0] for *_, one in results]
    assert len(results) == len(ids)
    work = sa.select(tables.contents.c.exhibit_id, sa.func.count()).group_by(
        tables.contents.c.exhibit_id
    )
    assert {row[1] for row in store.connection.execute(work)} == {STEPS}
    return Counter(one.end for one in attempts)


def test_each_exhibit_is_worked_at_by_exactly_one_of_several_processes(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        ids = fill(store, EXHIBITS)
        with working(store_url) as processes:
            assert [one.wait(TOO_LONG_S) for one in processes] == [0] * PROCESSES
        ends = check(store, ids)
        assert ends[AttemptEnd.DONE] == EXHIBITS
        holders = Counter(one.holder for one in Leases(store.connection).attempts())
        assert len(holders) > 1


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_what_killed_holders_left_is_gone_on_with_and_done_once(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        ids = fill(store, FEWER)
        with working(store_url) as processes:
            left = kill_holders(store_url, Leases(store.connection), processes)
            assert left
            codes = [one.wait(TOO_LONG_S) for one in processes]
        assert set(codes) == {0, -signal.SIGKILL}
        check(store, ids)
        attempts = Leases(store.connection).attempts()
        ends = {(one.ledger_id, one.token): one.end for one in attempts}
        assert {ends[one] for one in left} == {AttemptEnd.LOST}
