"""A Dask scheduler and workers on this machine, as an administrator would start them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLACES = [str(Path(__file__).parent / one) for one in (".", "crash", "..")]
"""Workers run functions of tests, as those of this project."""
STARTING_S = 60.0
ENDING_S = 20.0


@dataclass(slots=True)
class DaskHere:
    """A scheduler on a port that was free, and any number of workers; all talk goes to files.

    Attributes:
        folder: for what they write.
        tls: options by which all of them find their certificates.
    """

    folder: Path
    tls: tuple[str, ...] = ()
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def start(self, port: int = 0) -> str:
        """Start the scheduler; give its address."""
        card = self.folder / "scheduler.json"
        card.unlink(missing_ok=True)
        protocol = "tls" if self.tls else "tcp"
        words = ["scheduler", "--host", f"{protocol}://127.0.0.1", "--port", str(port)]
        words += ["--no-dashboard", "--scheduler-file", str(card), *self.tls]
        self.scheduler = self._popen(words, "scheduler", {})
        deadline = time.monotonic() + STARTING_S
        self.address = ""
        while not self.address and time.monotonic() < deadline:
            assert self.scheduler.poll() is None, self.talk("scheduler")
            with contextlib.suppress(OSError, ValueError):
                self.address = json.loads(card.read_text())["address"]
            time.sleep(0.02)
        assert self.address
        return self.address

    def add(
        self,
        *,
        threads: int = 1,
        count: int = 1,
        nanny: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start worker processes, under a nanny each or one without."""
        words = ["worker", self.address, "--no-dashboard", "--nthreads", str(threads)]
        words += ["--nworkers", str(count), "--local-directory", str(self.folder), *self.tls]
        words += ["--memory-limit", "0", "--nanny" if nanny else "--no-nanny"]
        worker = self._popen(words, f"worker{len(self.workers)}", environment or {})
        self.workers.append(worker)
        return worker

    def talk(self, name: str) -> str:
        """Give what one of them has written."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def restart(self) -> None:
        """Kill the scheduler and start another at the same address; the workers go with it."""
        assert self.scheduler is not None
        kill(self.scheduler)
        self.start(int(self.address.rpartition(":")[2]))

    def stop(self) -> None:
        """End all of them."""
        end(self.workers)
        end([self.scheduler] if self.scheduler else [])
        self.workers.clear()
        self.scheduler = None

    def _popen(
        self, words: list[str], name: str, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(PLACES), **environment},
                cwd=self.folder,
            )


@contextlib.contextmanager
def dask_here(folder: Path, tls: tuple[str, ...] = ()) -> Iterator[DaskHere]:
    """Start a scheduler, and end everything in the end."""
    here = DaskHere(folder, tls)
    try:
        here.start()
        yield here
    finally:
        here.stop()


def end(everyone: list[subprocess.Popen[bytes]]) -> None:
    """End programs as an administrator does, those that do not by force."""
    for one in everyone:
        one.send_signal(signal.SIGTERM)
    for one in everyone:
        try:
            one.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            for pid in [*descendants(one.pid), one.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            one.wait(ENDING_S)


def kill(program: subprocess.Popen[bytes]) -> None:
    """Kill a program and all that it has started, as when its machine loses power."""
    for pid in [program.pid, *descendants(program.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    program.wait(ENDING_S)


def descendants(pid: int) -> list[int]:
    """Give all processes that a process has started, and theirs (Linux)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for word in (task / "children").read_text().split():
                found += [int(word), *descendants(int(word))]
    return found


def nursed(nanny: int) -> int:
    """Give the worker that a nanny has started (Linux): the one of its children that spawns."""
    for pid in descendants(nanny):
        with contextlib.suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    raise LookupError(f"process {nanny} has no worker now")
