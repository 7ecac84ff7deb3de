"""Kills batch processes at random, and checks that nothing came of it: run by hand.

    python tests/bench/night_killer.py --exhibits 200 --processes 4
    python tests/bench/night_killer.py --db postgresql+psycopg://user@host/empty

Each of some batch processes takes from one queue of small exhibits; a killer sends SIGKILL to one
of them at random moments and starts another. In the end every exhibit has to be done exactly once,
exports have to be those of a quiet run, byte by byte, and no lease may be left.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from road import CASE, EXPORTS, IMAGES, SAMPLES, VICS_OPTIONS, Road
from triage.model.carving import CarveMode
from triage.model.hashset import Polarity
from triage.model.ledger import ExhibitFacts, Stage
from triage.model.queue import AttemptEnd
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger

REPOSITORY = Path(__file__).parents[2]
KINDS = ("ext4.raw", "fat16.E01", "hfsplus.E01", "exfat.raw", "iso9660.raw", "album.raw")
QUICK = ("--once", "--beat", "0.5", "--dead-after", "4", "--poll", "0.5", "--failures", "1000")


@dataclass(slots=True)
class Killer:
    """Some batch processes, and their enemy."""

    road: Road
    url: str
    processes: int
    workers: int
    mean_s: float
    choice: random.Random
    kills: int = 0
    kills_under_lease: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Start one more batch process; what it says goes into a file."""
        words = [sys.executable, "-m", "triage", "batch", "run", *QUICK, "--db", self.url]
        words += ["--workers", str(self.workers)]
        log = (self.road.folder / f"night-{next(self.serial)}.log").open("wb")
        with log:
            self.running.append(
                subprocess.Popen(
                    words,
                    cwd=REPOSITORY,
                    env=self.road.environment(),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def kill_one(self) -> None:
        """Kill a process that still runs, and start another in its place."""
        victims = [one for one in self.running if one.poll() is None]
        if not victims:
            return
        victim = self.choice.choice(victims)
        with open_store(self.url) as store:
            leased = {view.pid for view in Leases(store.connection).leased()}
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.kills += 1
        self.kills_under_lease += victim.pid in leased
        self.running.remove(victim)
        self.start()

    def reap(self) -> None:
        """Take note of processes that ended by themselves."""
        for one in [one for one in self.running if one.poll() is not None]:
            self.running.remove(one)
            self.codes[one.returncode] += 1

    def done(self) -> int:
        """Count the exhibits that have a result."""
        with open_store(self.url) as store:
            return len(Leases(store.connection).results_since(0))

    def run(self, exhibits: int, limit_s: float) -> float:
        """Kill until all is done, then wait for all to end; give the seconds that it took."""
        began = time.monotonic()
        for _ in range(self.processes):
            self.start()
        while (done := self.done()) < exhibits and time.monotonic() - began < limit_s:
            time.sleep(self.choice.expovariate(1 / self.mean_s))
            self.kill_one()
            self.reap()
            while len(self.running) < self.processes and self.done() < exhibits:
                self.start()
            print(f"\r{done} done, {self.kills} kills ", end="", file=sys.stderr, flush=True)
        for one in self.running:
            one.wait(timeout=300)
        self.reap()
        return time.monotonic() - began


def queue(url: str, exhibits: int) -> None:
    with open_store(url, create=True) as store:
        ledger, now_s = Ledger(store.connection), int(time.time())
        for number in range(exhibits):
            facts = ExhibitFacts(
                case=CASE,
                exhibit=f"N/{number:04d}",
                received_s=now_s - 10_000 + number,
                image_path=str(IMAGES / KINDS[number % len(KINDS)]),
            )
            ledger.add(facts, stage=Stage.QUEUED, by="the killer", now_s=now_s)
        store.commit()


def quiet(road: Road, exhibits: int) -> dict[str, bytes]:
    for number in range(exhibits):
        road.run(
            IMAGES / KINDS[number % len(KINDS)],
            exhibit=f"N/{number:04d}",
            carve=CarveMode.UNALLOCATED,
        )
    return exported(road, f"sqlite:///{road.db}")


def exported(road: Road, url: str) -> dict[str, bytes]:
    found = {}
    for kind in EXPORTS:
        out = road.folder / f"export.{kind}"
        out.unlink(missing_ok=True)
        words = ["export", kind, "--case", CASE, "--db", url, "--out", str(out), *VICS_OPTIONS]
        command = [sys.executable, "-m", "triage", *words]
        environment = road.environment()
        subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True)
        found[kind] = out.read_bytes()
    return found


def installed(folder: Path) -> Road:
    folder.mkdir(parents=True)
    road = Road(folder)
    os.environ["TRIAGE_HOME"] = str(road.home)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.confirm("uk")
    return road


def faults(url: str, exhibits: int) -> tuple[list[str], Counter[str]]:
    """Give what is not as it has to be, and the attempts by their ends."""
    with open_store(url) as store:
        leases = Leases(store.connection)
        attempts, left = leases.attempts(), leases.leased()
        results = leases.results_since(0)
        stages = Counter(one.stage for one in Ledger(store.connection).entries())
    done = Counter(one.exhibit for one in attempts if one.end is AttemptEnd.DONE)
    ends = Counter(one.end.value for one in attempts)
    wrong = [f"{name}: done {count} times" for name, count in done.items() if count != 1]
    if len(done) != exhibits or len(results) != exhibits:
        wrong.append(f"{len(done)} done and {len(results)} results of {exhibits}")
    if left or ends["running"]:
        wrong.append(f"{len(left)} leases left, {ends['running']} attempts open")
    if stages != {Stage.REVIEW: exhibits}:
        wrong.append(f"stages {dict(stages)}")
    return wrong, ends


def main() -> int:
    """Run it; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", help="URL of an empty database; default: an SQLite file")
    parser.add_argument("--exhibits", type=int, default=200)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--mean", type=float, default=4.0, help="seconds between kills")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument(
        "--limit", type=float, default=7200.0, help="seconds after which to give up"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with its logs")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="night-killer-"))
    expected = quiet(installed(folder / "quiet"), given.exhibits)
    road = installed(folder / "killed")
    url = given.db or f"sqlite:///{road.db}"
    queue(url, given.exhibits)
    killer = Killer(
        road=road,
        url=url,
        processes=given.processes,
        workers=given.workers,
        mean_s=given.mean,
        choice=random.Random(given.seed),  # noqa: S311  (moments, no secrets)
    )
    seconds = killer.run(given.exhibits, given.limit)
    wrong, ends = faults(url, given.exhibits)
    same = exported(road, url) == expected
    wrong += [] if same else ["exports differ from those of a quiet run"]
    print(f"\n{url.partition(':')[0]}, {given.processes} processes, {given.exhibits} exhibits")
    print(
        f"{seconds:.0f} s, {killer.kills} kills, {killer.kills_under_lease} of them under a lease"
    )
    print(f"attempts by end: {dict(ends)}; exit codes: {dict(killer.codes)}")
    print(f"exports as of a quiet run: {same}; wrong: {wrong or 'nothing'}")
    if not given.keep and not wrong:
        shutil.rmtree(folder)
    else:
        print(f"kept: {folder}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
