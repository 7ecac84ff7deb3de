"""The side of the worker: takes batches, runs items, and ends when its parent does."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import connection
from typing import Any

from triage.scheduler.batch import Finished, LossKind, Lost, Result
from triage.scheduler.turns import take_turns_at

FLUSH_INTERVAL_S = 0.1
_KEPT_BYTES = 32 * 1024 * 1024


def call(function: Callable[[Any], Any], item: Any) -> Result:  # noqa: ANN401  (any item)
    """Run one item behind the task border: whatever it raises costs only itself."""
    try:
        return Finished(item=item, value=function(item))
    except MemoryError:
        return Lost(item=item, kind=LossKind.MEMORY_LIMIT, detail="out of memory")
    except Exception as error:  # noqa: BLE001  (the task border)
        return Lost(item=item, kind=LossKind.ERROR, detail=f"{type(error).__name__}: {error}")


def serve(
    pipe: connection.Connection,
    at: Any,  # noqa: ANN401  (ctypes)
    memory_limit_bytes: int,
    turns: str,
) -> None:
    """Worker: take batches until the pipe closes."""
    _die_with_parent()
    leave_no_dump()
    _keep_memory()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # one worker is one core; read when numpy is imported
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory_limit_bytes)
    take_turns_at(turns)
    ordinal = 0
    while True:
        try:
            preparations, function, items = pickle.loads(pipe.recv_bytes())  # noqa: S301  (our own parent)
        except (EOFError, OSError):
            return
        for prepare, value in preparations:
            prepare(value)
        ordinal = _work(pipe, at, function, items, ordinal)


def _work(
    pipe: connection.Connection,
    at: Any,  # noqa: ANN401  (ctypes)
    function: Callable[[Any], Any],
    items: tuple[Any, ...],
    ordinal: int,
) -> int:
    """Run one batch; results go back in groups, at the latest when the batch is done."""
    buffered: list[tuple[bool, Any]] = []
    flushed = time.monotonic()
    for item in items:
        at.value = ordinal
        result = call(function, item)
        ordinal += 1
        if isinstance(result, Finished):
            buffered.append((True, result.value))
        else:
            buffered.append((False, (result.kind, result.detail)))
        if time.monotonic() - flushed > FLUSH_INTERVAL_S:
            pipe.send_bytes(pickle.dumps(buffered, pickle.HIGHEST_PROTOCOL))
            buffered, flushed = [], time.monotonic()
    at.value = -1
    if buffered:
        pipe.send_bytes(pickle.dumps(buffered, pickle.HIGHEST_PROTOCOL))
    return ordinal


def _limit_memory(memory_limit_bytes: int) -> None:
    """Cap the address space, where the platform can."""
    if memory_limit_bytes <= 0:
        return
    with contextlib.suppress(ImportError, ValueError, OSError):
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))


def _keep_memory() -> None:
    """Let glibc reuse freed buffers, else each picture faults the same pages in anew."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, _KEPT_BYTES)  # -3 = M_MMAP_THRESHOLD, malloc.h
        mallopt(-1, 2 * _KEPT_BYTES)  # -1 = M_TRIM_THRESHOLD


def leave_no_dump() -> None:
    """Write no memory to disk when a parser breaks: it holds contents of the evidence."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # a program that collects dumps is not stopped by the limit
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(4, 0)  # 4 = PR_SET_DUMPABLE, linux/prctl.h


def _die_with_parent() -> None:
    """End when the parent is killed: by the kernel on Linux, by a watching thread elsewhere."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))  # 1 = PR_SET_PDEATHSIG, linux/prctl.h
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
