"""Single errands, asked for by many threads at once and run by a few processes that may die."""

from __future__ import annotations

import collections
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from types import SimpleNamespace
from typing import Any, Self

from triage.scheduler.batch import Finished, LossKind, Lost, Result
from triage.scheduler.pool import cause, main_not_imported
from triage.scheduler.worker import call, serve

WAIT_LIMIT_S = 60.0
IDLE_S = 600.0
KILL_PATIENCE_S = 5.0
START_LIMIT_S = 60.0
_CLOSED = "no more errands are run"


@dataclass(slots=True, eq=False)
class _Worker:
    process: Any
    pipe: connection.Connection
    idle_since: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """An item that no worker took, and why; nothing is known of it."""

    item: Any
    detail: str


class Errands:
    """Runs one item at a time for each caller, and waits for it.

    Unlike a pool it has no loop that somebody must drive: the thread that asks is the one that
    waits. Callers take turns in the order in which they came. Workers are started when they are
    first needed, by a thread that outlives them: Linux ends a process whose parent asked for that
    when the *thread* that started it ends, and those of a web server come and go.

    Args:
        workers: processes at most; 0 runs everything in this process, without protection.
        memory_limit_bytes: address space of a worker, 0 for none.
        idle_s: after which a worker without work is ended, and with it what it holds open.
        preparations: functions of one value, each called with its value in every worker before
            anything else is.
    """

    def __init__(
        self,
        workers: int,
        memory_limit_bytes: int = 0,
        *,
        idle_s: float = IDLE_S,
        preparations: Sequence[tuple[Callable[[Any], None], Any]] = (),
    ) -> None:
        self._most = workers
        self._preparations = tuple(preparations)
        for prepare, value in () if workers else self._preparations:
            prepare(value)
        self._memory_limit_bytes = memory_limit_bytes
        self._idle_s = idle_s
        self._changed = threading.Condition()
        self._line: collections.deque[object] = collections.deque()
        """Callers that wait, in order."""
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._starting = 0
        self._unstarted = ""
        """Why the last worker could not be started, until somebody was told."""
        self._closed = False
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Give itself; all workers end with the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all workers."""
        self.close()

    def do(
        self,
        function: Callable[[Any], Any],
        item: Any,  # noqa: ANN401  (any item)
        time_limit_s: float,
        *,
        wait_limit_s: float = WAIT_LIMIT_S,
    ) -> Result | Untaken:
        """Run a module-level function of one item in a worker, and give what came of it.

        It is not tried again. Whatever it costs its worker is borne by this item alone.

        Args:
            time_limit_s: how long it may take once a worker has it.
            wait_limit_s: how long to wait for a worker.
        """
        if not self._most:
            with self._changed:
                return call(function, item)
        message = pickle.dumps(([], function, (item,)), pickle.HIGHEST_PROTOCOL)
        waits_until = time.monotonic() + wait_limit_s
        while True:
            worker = self._take(waits_until)
            if isinstance(worker, str):  # why there is none
                return Untaken(item=item, detail=worker)
            try:
                worker.pipe.send_bytes(message)
            except OSError:  # it died while it had nothing to do: not the fault of this item
                self._end(worker)
                continue
            except BaseException:
                self._end(worker)
                raise
            return self._answer(worker, item, time_limit_s)

    def close(self) -> None:
        """End all workers at once; who waits is told that nothing came of it."""
        with self._changed:
            self._closed = True
            workers, idle, self._idle = list(self._workers), self._idle, []
            self._changed.notify_all()
        for worker in workers:  # their callers notice, and put them away
            worker.process.kill()
        for worker in idle:
            self._end(worker)
        if self._keeper is not None:
            self._keeper.join()

    def _answer(self, worker: _Worker, item: Any, time_limit_s: float) -> Result:  # noqa: ANN401  (any item)
        """Wait for what a worker says; one that says nothing, or not in time, is ended."""
        try:
            ready = connection.wait([worker.pipe, worker.process.sentinel], time_limit_s)
            if not ready:
                self._end(worker)
                return _lost(item, LossKind.TIME_LIMIT, None)
            ((finished, value),) = pickle.loads(worker.pipe.recv_bytes())  # noqa: S301  (our own worker)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._end(worker)
            return _lost(item, LossKind.CRASH, worker.process.exitcode)
        except BaseException:  # the caller goes away: its answer must not be the next one's
            self._end(worker)
            raise
        if finished:
            self._give_back(worker)
            return Finished(item=item, value=value)
        kind, detail = value
        if kind is LossKind.MEMORY_LIMIT:  # what is left of its memory lies in pieces
            self._end(worker)
        else:
            self._give_back(worker)
        return Lost(item=item, kind=kind, detail=detail)

    def _take(self, waits_until: float) -> _Worker | str:
        """Wait for a free worker in turn; words where there will be none."""
        place = object()
        with self._changed:
            self._line.append(place)
            try:
                while True:
                    if self._closed:
                        return _CLOSED
                    if self._line[0] is place and self._idle:
                        return self._idle.pop()
                    self._want()
                    if self._unstarted:
                        words, self._unstarted = self._unstarted, ""
                        return words
                    left_s = waits_until - time.monotonic()
                    if left_s <= 0:
                        return "all workers were busy for too long"
                    self._changed.wait(left_s)
            finally:
                self._line.remove(place)
                self._changed.notify_all()

    def _want(self) -> None:
        """Have one more worker started where more callers wait than workers are about to come."""
        room = self._most - len(self._workers) - self._starting
        if room > 0 and len(self._line) > len(self._idle) + self._starting:
            self._starting += 1
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="errands", daemon=True)
                self._keeper.start()
            self._changed.notify_all()

    def _give_back(self, worker: _Worker) -> None:
        with self._changed:
            worker.idle_since = time.monotonic()
            closed = self._closed
            if not closed:
                self._idle.append(worker)
            self._changed.notify_all()
        if closed:
            self._end(worker)

    def _end(self, worker: _Worker) -> None:
        """End a worker that is in nobody else's hands; whoever waits gets another."""
        try:
            worker.process.join(0.2)  # one that died by itself tells how
        finally:
            worker.process.kill()
            worker.pipe.close()
            with self._changed:
                self._workers.discard(worker)
                self._changed.notify_all()
        worker.process.join(KILL_PATIENCE_S)

    def _keep(self) -> None:
        """Start workers that are wanted, and end those that nobody has needed for long."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._starting, self._idle_s / 4)
                if self._closed:
                    self._starting = 0
                    return
                wanted, stale = self._starting > 0, self._stale()
            for worker in stale:
                self._end(worker)
            if wanted:
                self._add()

    def _stale(self) -> list[_Worker]:
        before = time.monotonic() - self._idle_s
        stale = [one for one in self._idle if one.idle_since < before or not one.process.is_alive()]
        self._idle = [one for one in self._idle if one not in stale]
        return stale

    def _add(self) -> None:
        try:
            worker = self._start()
        except OSError as error:
            with self._changed:
                self._starting -= 1
                self._unstarted = f"no worker could be started: {error}"
                self._changed.notify_all()
            return
        with self._changed:
            self._starting -= 1
            self._workers.add(worker)
            worker.idle_since = time.monotonic()
            self._idle.append(worker)
            closed = self._closed
            self._changed.notify_all()
        if closed:
            self._end(worker)

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(
            target=serve,
            args=(theirs, SimpleNamespace(value=-1), self._memory_limit_bytes, ""),
            daemon=True,
        )
        try:
            with main_not_imported():
                process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        try:
            ours.send_bytes(pickle.dumps((self._preparations, _ready, ("",))))
            if not connection.wait([ours, process.sentinel], START_LIMIT_S):
                process.kill()  # what is read next is then its end
            ours.recv_bytes()
        except (EOFError, OSError) as error:
            process.kill()
            ours.close()
            raise OSError(f"it ended as it began: {error}") from error
        return worker


def _ready(_item: str) -> None:
    """Answer at once: from now on the time that an item takes is its own."""


def _lost(item: Any, kind: LossKind, exit_code: int | None) -> Lost:  # noqa: ANN401  (any item)
    return Lost(item=item, kind=kind, detail=cause(kind, exit_code, "died"))
