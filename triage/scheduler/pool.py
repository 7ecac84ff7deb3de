"""Workers that may crash, hang or eat memory, each replaced when it dies.

Each worker has a pipe of its own and shares nothing with its siblings, so a worker that dies in
the middle of a message hurts nobody else. The index of the item in hand stands in shared memory:
when a worker dies, the one item it was at is known exactly. That item is tried once more, alone,
in a fresh worker; only if it takes that one down too is it given back as lost.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from typing import Any

from triage.scheduler.batch import Batch, Finished, LossKind, Lost, Result
from triage.scheduler.interrupts import StopCheck
from triage.scheduler.turns import Turns
from triage.scheduler.worker import serve

PREFETCH_LIMIT_BYTES = 64 * 1024
"""A batch up to this size is sent ahead: it fits a socket buffer, so sending cannot block."""
POLL_INTERVAL_S = 0.1
KILL_PATIENCE_S = 5.0


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: connection.Connection
    at: Any
    """Shared: ordinal of the item in hand, counted over the life of the worker; -1 when idle."""
    batches: collections.deque[Batch] = field(default_factory=collections.deque)
    done: int = 0
    """Items of the first batch that have come back."""
    started: int = 0
    """Ordinal of the first item of the first batch."""
    seen_at: int = -1
    seen_since: float = 0.0
    prepared: int = 0
    """How many of the pool's preparations it has been sent."""


class ProcessPool:
    """Workers started by ``spawn``, each replaced when it dies.

    Args:
        workers: number of processes, at least 1.
        memory_limit_bytes: address space of a worker; 0 for none. Ignored where the platform has
            no such limit (Windows).
        one_reader: the medium has one head: batches that mainly read go to one worker, and
            workers take turns (:func:`triage.scheduler.turn`) at any other reading.
        stopping: asked ten times a second while work goes on; once it says so, ``run`` ends as if
            the user had interrupted it.
    """

    def __init__(
        self,
        *,
        workers: int,
        memory_limit_bytes: int = 0,
        one_reader: bool = False,
        stopping: Callable[[], bool] | None = None,
    ) -> None:
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._context = multiprocessing.get_context("spawn")
        self._memory_limit_bytes = memory_limit_bytes
        self._turns = Turns() if one_reader else None
        self._workers = [self._start() for _ in range(workers)]
        self._retry: collections.deque[Batch] = collections.deque()
        self._source: Iterator[Batch] = iter(())
        self._drained = True
        self._preparations: list[tuple[Callable[[Any], None], Any]] = []
        self.restarts = 0
        self._stop = StopCheck(stopping)

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:  # noqa: ANN401  (any)
        """Let each worker be told something once; see :class:`Pool`."""
        self._preparations.append((function, value))

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result an item; see :class:`Pool`.

        Raises:
            KeyboardInterrupt: ``stopping`` said so.
        """
        self._source = iter(batches)
        self._drained = False
        while True:
            self._stop()
            self._feed()
            busy = [worker for worker in self._workers if worker.batches]
            if not busy and self._drained and not self._retry:
                return
            yield from self._collect(busy)

    def close(self) -> None:
        """Stop all workers at once; what they hold is abandoned."""
        for worker in self._workers:
            _kill(worker)
        self._workers = []
        if self._turns is not None:
            self._turns.close()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe(duplex=True)
        at = self._context.RawValue(ctypes.c_longlong, -1)
        process = self._context.Process(
            target=serve,
            args=(theirs, at, self._memory_limit_bytes, self._turns.path if self._turns else ""),
            daemon=True,
        )
        with main_not_imported():
            process.start()
        theirs.close()
        return _Worker(process=process, pipe=ours, at=at)

    def _feed(self) -> None:
        """Give work to idle workers first, then one batch ahead to each.

        Nothing is sent after an item that has a batch to itself: it may be huge, and what waits
        behind it could have been done by another worker.
        """
        for depth in (0, 1):
            for worker in list(self._workers):
                if len(worker.batches) != depth or self._must_wait(worker):
                    continue
                if depth and len(worker.batches[0].items) == 1:
                    continue
                batch = self._next(ahead=depth > 0)
                if batch is not None:
                    self._send(worker, batch)

    def _must_wait(self, worker: _Worker) -> bool:
        """Tell whether another worker is at the only head of the medium."""
        return self._turns is not None and any(
            other.batches and other.batches[0].reads
            for other in self._workers
            if other is not worker
        )

    def _next(self, *, ahead: bool) -> Batch | None:
        if self._retry:
            return None if ahead else self._retry.popleft()
        if self._drained:
            return None
        batch = next((batch for batch in self._source if batch.items), None)
        self._drained = batch is None
        return batch

    def _send(self, worker: _Worker, batch: Batch) -> None:
        preparations = self._preparations[worker.prepared :]
        message = pickle.dumps((preparations, batch.function, batch.items), pickle.HIGHEST_PROTOCOL)
        ahead = bool(worker.batches)
        if ahead and (len(message) > PREFETCH_LIMIT_BYTES or os.name != "posix"):
            self._retry.append(batch)
            return
        try:
            worker.pipe.send_bytes(message)
        except OSError:
            self._retry.append(batch)
            if not ahead:
                self._bury(worker, LossKind.CRASH)
            return
        worker.prepared = len(self._preparations)
        worker.batches.append(batch)
        if not ahead:
            worker.seen_at, worker.seen_since = -1, time.monotonic()

    def _collect(self, busy: list[_Worker]) -> Iterator[Result]:
        waited: list[Any] = [worker.pipe for worker in busy]
        ready = set(connection.wait(waited, timeout=POLL_INTERVAL_S))
        for worker in busy:
            if worker.pipe in ready:
                yield from self._receive(worker)
            elif not worker.process.is_alive():
                yield from self._bury(worker, LossKind.CRASH)
            elif self._over_time(worker):
                yield from self._bury(worker, LossKind.TIME_LIMIT)

    def _receive(self, worker: _Worker) -> Iterator[Result]:
        try:
            results: list[tuple[bool, Any]] = pickle.loads(worker.pipe.recv_bytes())  # noqa: S301  (our own worker)
        except (EOFError, OSError, pickle.UnpicklingError):
            yield from self._bury(worker, LossKind.CRASH)
            return
        for finished, value in results:
            batch = worker.batches[0]
            item = batch.items[worker.done]
            worker.done += 1
            if worker.done == len(batch.items):
                worker.batches.popleft()
                worker.started += worker.done
                worker.done = 0
            if finished:
                yield Finished(item=item, value=value)
            else:
                yield Lost(item=item, kind=value[0], detail=value[1])

    def _over_time(self, worker: _Worker) -> bool:
        at, now = worker.at.value, time.monotonic()
        if at != worker.seen_at:
            worker.seen_at, worker.seen_since = at, now
            return False
        index = at - worker.started
        if not 0 <= index < len(worker.batches[0].items):
            return False
        return bool(now - worker.seen_since > worker.batches[0].time_limits_s[index])

    def _bury(self, worker: _Worker, kind: LossKind) -> list[Result]:
        """Replace a dead or doomed worker; put back what it held; name the guilty one."""
        _kill(worker)
        self.restarts += 1
        exit_code = worker.process.exitcode
        self._workers[self._workers.index(worker)] = self._start()
        if not worker.batches:
            return []
        batch, ahead = worker.batches[0], list(worker.batches)[1:]
        self._retry.extend(ahead)
        index = min(max(worker.at.value - worker.started, worker.done), len(batch.items) - 1)
        rest = [*range(worker.done, index), *range(index + 1, len(batch.items))]
        if rest:
            self._retry.append(_part(batch, rest))
        if batch.alone or kind is LossKind.TIME_LIMIT:
            return [Lost(item=batch.items[index], kind=kind, detail=cause(kind, exit_code))]
        self._retry.append(replace(_part(batch, [index]), alone=True))
        return []


def _part(batch: Batch, indexes: list[int]) -> Batch:
    return replace(
        batch,
        items=tuple(batch.items[index] for index in indexes),
        time_limits_s=tuple(batch.time_limits_s[index] for index in indexes),
    )


def cause(kind: LossKind, exit_code: int | None, ended: str = "died twice") -> str:
    """Say how a worker was lost."""
    if kind is LossKind.TIME_LIMIT:
        return "stopped: it took longer than the time limit"
    if exit_code is not None and exit_code < 0:
        with contextlib.suppress(ValueError):
            return f"the worker {ended} on it ({signal.Signals(-exit_code).name})"
    return f"the worker {ended} on it (exit code {exit_code})"


def _kill(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join(KILL_PATIENCE_S)
    worker.pipe.close()


@contextlib.contextmanager
def main_not_imported() -> Iterator[None]:
    """Keep ``spawn`` from importing the caller's main module: workers need only what they run."""
    main = sys.modules["__main__"]
    saved = {name: getattr(main, name, None) for name in ("__file__", "__spec__")}
    try:
        for name in saved:
            setattr(main, name, None)
        yield
    finally:
        for name, value in saved.items():
            setattr(main, name, value)
