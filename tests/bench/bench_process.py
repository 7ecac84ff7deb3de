"""Runs one command and tells what it cost: time, CPU of all its processes, memory of each."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

POLL_S = 0.03
LIMIT_S = 3600.0
MIB = 1 << 20
LINEAR_ALGEBRA = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command cost.

    Attributes:
        cpu_s: user and system time of it and of every child that it waited for.
        parent_mib: largest resident memory of the process itself, shared pages included.
        worker_mib: that of the largest of its children, 0 without any.
        exit_code: 124 where it was ended for taking too long.
    """

    wall_s: float
    cpu_s: float
    parent_mib: float
    worker_mib: float
    exit_code: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, limit_s: float = LIMIT_S
) -> Cost:
    """Run a command to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        child = subprocess.Popen([*map(str, command)], stdout=out, stderr=err, env=env)
        peaks: dict[int, float] = {}
        ended = False
        late = False
        while not ended:
            for pid in [child.pid, *_descendants(child.pid)]:
                peaks[pid] = max(peaks.get(pid, 0.0), _peak_mib(pid))
            if not late and time.monotonic() - started > limit_s:
                child.terminate()
                late = True
            time.sleep(POLL_S)
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            ended = pid != 0
        wall = time.monotonic() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        parent = peaks.pop(child.pid, 0.0) or used.ru_maxrss / 1024
        return Cost(
            wall_s=wall,
            cpu_s=used.ru_utime + used.ru_stime,
            parent_mib=parent,
            worker_mib=max(peaks.values(), default=0.0),
            exit_code=124 if late else child.returncode,
            stdout=_text(out),
            stderr=_text(err),
        )


def outside() -> dict[str, str]:
    """Give the environment for what is measured: it settles the use of cores for itself."""
    return {name: value for name, value in os.environ.items() if name not in LINEAR_ALGEBRA}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _descendants(pid: int) -> list[int]:
    """Give all processes below one, of /proc; none where there is no /proc."""
    found: list[int] = []
    for place in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(one) for one in place.read_text().split()]
        except OSError:  # ended meanwhile
            continue
        for child in children:
            found += [child, *_descendants(child)]
    return found


def _peak_mib(pid: int) -> float:
    """Give the high-water mark of resident memory."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in text.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def warm(places: Sequence[Path]) -> None:
    """Read files end to end, so that they stand in the page cache."""
    buffer = bytearray(4 * MIB)
    for place in places:
        with place.open("rb", buffering=0) as opened:
            while opened.readinto(buffer):
                pass


def cold() -> bool:
    """Drop the page cache; false where that is not allowed."""
    switch = Path("/proc/sys/vm/drop_caches")
    try:
        os.sync()
        switch.write_text("3\n")
    except OSError:
        return False
    return True
