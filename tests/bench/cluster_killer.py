"""Runs many small exhibits on a cluster whose workers are killed at random, and compares.

python tests/bench/cluster_killer.py --exhibits 40    # exit code 1 where anything differs
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[at]) for at in (1, 2)]

from daskhere import (  # noqa: E402  (needs the path above)
    DaskHere,
    dask_here,
    descendants,
    kill,
    nursed,
)
from road import CASE, FIXTURES, SAMPLES, Road  # noqa: E402  (likewise)
from triage.model.carving import CarveMode  # noqa: E402  (likewise)
from triage.model.hashset import Polarity  # noqa: E402  (likewise)

INTERRUPTED = 130
RUN_S = 300


@dataclass(slots=True)
class Killer:
    """Kills a worker, or a whole host, at random moments, and starts hosts again."""

    here: DaskHere
    choice: random.Random
    pause_s: float
    killed: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Kill for as long as this lasts."""
        thread = threading.Thread(target=self._kill)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()

    def _kill(self) -> None:
        while not self.over.wait(self.choice.uniform(0.1, 2) * self.pause_s):
            self._start_again()
            host = self.choice.choice(self.here.workers)
            with contextlib.suppress(LookupError):  # it is being started right now
                worker = nursed(host.pid)
                if self.choice.random() < 0.3:
                    kill(host)
                    self.here.workers.remove(host)
                    self.here.add()
                    self.killed["hosts"] += 1
                else:
                    working = bool(descendants(worker))  # it has a process of ours by now
                    os.kill(worker, signal.SIGKILL)
                    self.killed["workers at work" if working else "workers"] += 1

    def _start_again(self) -> None:
        """Do as a service manager: a nanny ends where its worker dies while it is being started."""
        for host in [one for one in self.here.workers if one.poll() is not None]:
            self.here.workers.remove(host)
            self.here.add()
            self.killed["nannies that gave up"] += 1


def with_sets(folder: Path) -> Road:
    """Make an installation with reference sets."""
    folder.mkdir()
    road = Road(folder)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    road.confirm("uk")
    return road


def make_exhibit(folder: Path, choice: random.Random, files: int) -> Path:
    """Make an image of text, an archive and some pictures; a folder where there is no mke2fs."""
    for number in range(files):
        place = folder / f"d{number % 13:02d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"f{number:04d}.txt").write_text(f"{choice.random()}\n" * choice.randrange(400))
    with zipfile.ZipFile(folder / "box.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"m{number}.txt", f"{choice.random()}\n" * 50)
    pictures = [one for one in sorted((FIXTURES / "pictures").iterdir()) if "-" not in one.name]
    for path in choice.sample(pictures, min(6, len(pictures))):
        shutil.copy(path, folder / path.name)
    if shutil.which("mke2fs") is None:
        return folder
    image = folder.with_suffix(".raw")
    command = ["mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", str(folder), str(image), "12M"]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(folder)
    return image


def run(road: Road, image: Path, exhibit: str, options: list[str]) -> Counter[str]:
    """Run the same command until it is through, as the one who is told to would."""
    words = [sys.executable, "-m", "triage", "run", str(image), "--case", CASE]
    words += ["--exhibit", exhibit, "--db", str(road.db), "--json", *options]
    ends: Counter[str] = Counter()
    while not ends["through"]:
        done = subprocess.run(
            words,
            env=road.environment(),
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        if done.returncode in {0, 3}:
            ends["through"] += 1
        elif done.returncode == INTERRUPTED or "no worker" in done.stderr:
            ends["cluster lost, continued"] += 1
        else:
            raise SystemExit(f"{exhibit}: exit code {done.returncode}\n{done.stderr}")
    return ends


def main() -> None:
    """Run the exhibits quietly and under fire; print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exhibits", type=int, default=40)
    parser.add_argument("--files", type=int, default=250)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between kills")
    parser.add_argument("--seed", type=int, default=20260101)
    asked = parser.parse_args()
    choice = random.Random(asked.seed)  # noqa: S311  (moments and contents of a test)
    with tempfile.TemporaryDirectory(prefix="triage-killer-") as name:
        folder = Path(name)
        images = [
            make_exhibit(folder / f"e{number:03d}", choice, asked.files)
            for number in range(asked.exhibits)
        ]
        quiet, fire = with_sets(folder / "quiet"), with_sets(folder / "fire")
        started = time.monotonic()
        for number, image in enumerate(images):
            quiet.run(image, exhibit=f"ABC/{number}", carve=CarveMode.UNALLOCATED)
        calm_s = time.monotonic() - started
        ends: Counter[str] = Counter()
        (folder / "dask").mkdir()
        with dask_here(folder / "dask") as here:
            for _ in range(asked.hosts):
                here.add()
            killer = Killer(here, choice, asked.pause)
            started = time.monotonic()
            with killer.at_work():
                for number, image in enumerate(images):
                    options = ["--cluster", here.address, "--cluster-patience", "60"]
                    ends += run(fire, image, f"ABC/{number}", options)
            fire_s = time.monotonic() - started
        same = quiet.exports() == fire.exports()
        listed = len(fire.files())
    print(f"exhibits        {asked.exhibits}, {listed} entries")
    print(f"quiet run       {calm_s:.0f} s in one process")
    print(f"on the cluster  {fire_s:.0f} s on {asked.hosts} workers, a command an exhibit")
    print("killed          " + ", ".join(f"{n} {what}" for what, n in killer.killed.items()))
    print("runs            " + ", ".join(f"{n} {what}" for what, n in ends.items()))
    print(f"exports         {'identical, byte for byte' if same else 'DIFFER'}")
    sys.exit(not same)


if __name__ == "__main__":
    main()
