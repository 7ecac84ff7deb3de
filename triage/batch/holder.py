"""Who a batch process is, by a name that tells on the same machine whether it still lives."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from triage.model.queue import Holder

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a Linux process is known by; each ``""`` where it cannot be told.

    Attributes:
        boot: of the machine; containers on it share that.
        space: of process numbers: the same number in another one is another process.
        start: of the process, in ticks since the boot.
    """

    boot: str
    space: str
    start: str


def own_holder() -> Holder:
    """Give a holder for this process: its name has never been, and tells who it is."""
    host, pid = socket.gethostname(), os.getpid()
    marks = _marks(pid)
    name = "/".join((host, str(pid), marks.boot, marks.space, marks.start, secrets.token_hex(4)))
    return Holder(name=name, host=host, pid=pid)


def shown(name: str) -> str:
    """Give the part of a holder's name that a person needs."""
    parts = name.split("/")
    return f"{parts[0]} (process {parts[1]})" if len(parts) == 6 else name


def is_surely_dead(name: str) -> bool:
    """Tell whether a holder is known to be dead without waiting: only on its own machine.

    Anything that cannot be told for sure counts as alive: another machine, one that was started
    anew, another container, a platform without these marks.
    """
    parts = name.split("/")
    if len(parts) != 6 or not parts[1].isdigit():
        return False
    pid, known = int(parts[1]), _Marks(*parts[2:5])
    here = _marks(os.getpid())
    if not here.boot or not here.space or (here.boot, here.space) != (known.boot, known.space):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    state, start = _standing(pid)
    # what was killed stands there as a zombie until its parent has asked for its end
    return state in ("Z", "X") or bool(start and known.start and start != known.start)


def _marks(pid: int) -> _Marks:
    boot = space = ""
    with contextlib.suppress(OSError, ValueError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")
        space = os.readlink(_PROC / "self/ns/pid").strip("pid:[]")  # noqa: PTH115  (no path)
    return _Marks(boot, space, _standing(pid)[1])


def _standing(pid: int) -> tuple[str, str]:
    """Give state and start of a process, fields 3 and 22 of ``stat`` (man 5 proc)."""
    try:
        # the name of the program, in brackets, may hold spaces and brackets
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
        fields = text.rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""
