"""Batch processes that are killed or told to stop: others go on, to the bytes of a quiet run."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightly import Nights, work_in_this_process
from road import IMAGES, Road
from triage.model.carving import CarveMode
from triage.model.ledger import Stage
from triage.model.queue import AttemptEnd
from triage.store.database import open_store
from triage.store.leases import Leases

REPOSITORY = Path(__file__).parents[2]
NAMES = ("ext4.raw", "fat16.E01")
QUICK = ("--once", "--workers", "1", "--beat", "0.2", "--dead-after", "1", "--poll", "0.3")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    road = Road(tmp_path_factory.mktemp("quiet"))
    for number, name in enumerate(NAMES, start=1):
        road.run(IMAGES / name, exhibit=f"ABC/{number}", carve=CarveMode.UNALLOCATED)
    return road.export("jsonl", road.folder)


@pytest.fixture
def nights(road: Road) -> Nights:
    nights = Nights(road)
    nights.queue([IMAGES / name for name in NAMES])
    return nights


def start(road: Road) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "triage", "batch", "run", *QUICK, "--db", str(road.db)]
    return subprocess.Popen(
        words,
        cwd=REPOSITORY,
        env=road.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def settled(db: Path) -> int:
    with contextlib.closing(sqlite3.connect(db, timeout=5)) as store:
        found = store.execute("SELECT count(*) FROM entries WHERE state = 'digested'")
        return int(found.fetchone()[0])


def wait_for_entries(road: Road, night: subprocess.Popen[str]) -> None:
    while settled(road.db) < 1:
        assert night.poll() is None, night.communicate()
        time.sleep(0.005)


def finished(nights: Nights, quiet: bytes) -> list[AttemptEnd]:
    assert set(nights.stages().values()) == {Stage.REVIEW}
    assert nights.road.export("jsonl", nights.road.folder) == quiet
    with open_store(nights.url) as store:
        leases = Leases(store.connection)
        assert leases.leased() == ()
        assert len(leases.results_since(0)) == len(NAMES)
        return [one.end for one in leases.attempts()]


def test_killed_in_the_middle_another_goes_on(nights: Nights, quiet: bytes) -> None:
    night = start(nights.road)
    wait_for_entries(nights.road, night)
    night.kill()
    night.communicate(timeout=60)
    night = start(nights.road)
    _, words = night.communicate(timeout=60)
    assert night.returncode == 0, words
    assert "taken-over" in words
    assert "goes on" in words
    assert sorted(finished(nights, quiet)) == ["done", "done", "lost"]


def test_told_to_stop_it_gives_its_lease_back(
    nights: Nights, quiet: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = start(nights.road)
    wait_for_entries(nights.road, night)
    night.send_signal(signal.SIGTERM)
    _, words = night.communicate(timeout=60)
    assert night.returncode == 130, words
    assert "Traceback" not in words
    assert "summary:" in words
    with open_store(nights.url) as store:
        leases = Leases(store.connection)
        assert leases.leased() == ()
        assert leases.attempts()[-1].end in (AttemptEnd.STOPPED, AttemptEnd.DONE)
    monkeypatch.setenv("TRIAGE_HOME", str(nights.road.home))
    work_in_this_process(monkeypatch)
    assert not nights.run(carve=CarveMode.UNALLOCATED).went_wrong
    assert AttemptEnd.LOST not in finished(nights, quiet)
