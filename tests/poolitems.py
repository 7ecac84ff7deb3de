"""What tests let workers do: light to import, as each worker that is started anew does it."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from triage.scheduler import Batch, Finished, Result

GIB = 1 << 30
TOLD: list[str] = []


def act(item: tuple[str, int]) -> int:
    """Do what the item says; runs in a worker."""
    kind, number = item
    if kind == "segfault":
        ctypes.string_at(0)
    elif kind == "abort":
        os.abort()
    elif kind == "loop":
        sum(range(10**13))  # one C call that holds the GIL
    elif kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == "memory":
        bytearray(16 * GIB)
    elif kind == "raise":
        raise LookupError(f"no {number}")
    elif kind == "big":
        return len(os.urandom(1)) * number
    elif kind.startswith("once:"):
        mark = Path(kind[5:])
        if not mark.exists():
            mark.touch()
            os.abort()
    return number


def until(mark: str) -> None:
    """Go on until a file is there; runs in a worker."""
    while not Path(mark).exists():
        time.sleep(0.01)


def be_told(word: str) -> None:
    """Keep a word; runs in a worker."""
    TOLD.append(word)


def repeat(kind: str) -> str:
    """Say what this process was told, or die; runs in a worker."""
    if kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return " ".join(TOLD)


def marked(_asked: None) -> Mapping[str, str]:
    """Tell a mark of this process; runs in a worker."""
    return {"mark": os.environ.get("TRIAGE_TEST_MARK", "none")}


def large(size_bytes: int) -> bytes:
    """Give a large value; runs in a worker."""
    return bytes(size_bytes)


def slow(number: int) -> int:
    """Take a moment; runs in a worker."""
    time.sleep(0.02)
    return number


def first(numbers: tuple[int, ...]) -> int:
    """Give the first of some numbers; runs in a worker."""
    return numbers[0]


def batches(kinds: list[str], *, size: int = 10, limit_s: float = 2.0) -> Iterator[Batch]:
    """Give batches of items that do what they are called."""
    items = [(kind, number) for number, kind in enumerate(kinds)]
    for start in range(0, len(items), size):
        part = tuple(items[start : start + size])
        yield Batch(function=act, items=part, time_limits_s=(limit_s,) * len(part))


def slow_batches(count: int, size: int = 5) -> Iterator[Batch]:
    """Give batches whose items take a moment each."""
    for start in range(0, count, size):
        numbers = tuple(range(start, start + size))
        yield Batch(function=slow, items=numbers, time_limits_s=(20.0,) * size)


def outcome(results: list[Result]) -> dict[int, str]:
    """Say what became of each item, by its number."""
    counted = Counter(result.item[1] for result in results)
    assert set(counted.values()) == {1}, "every item comes back exactly once"
    return {r.item[1]: "done" if isinstance(r, Finished) else str(r.kind) for r in results}


def dumps(_item: str) -> tuple[int, int]:
    """Tell how much memory a crash may write to disk, and whether it may at all."""
    import resource  # noqa: PLC0415  (not on Windows)

    return resource.getrlimit(resource.RLIMIT_CORE)[1], ctypes.CDLL(None).prctl(3, 0)
