"""What runs inside a Dask worker: it hands batches on to worker processes of our own.

A Dask worker cannot stop an item that holds the interpreter's lock, and one that dies takes all
that it had in hand with it. So nothing of a run is done in it: for each batch that it works on at a
time it keeps a :class:`ProcessPool` of one process, where a crash, a loop or too much memory costs
the one item that did it. Dask carries batches and results, as bytes.
"""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from triage.scheduler.batch import Batch, Finished, LossKind, Result
from triage.scheduler.pool import ProcessPool

IDLE_S = 600.0
"""What a run keeps here is let go of after so long without work: its parent may be gone."""
LOOK_INTERVAL_S = 15.0

Answer = list[tuple[bool, Any]] | None
"""One an item of a batch, in their order: a value, or how it was lost. ``None``: not told yet."""


@dataclass(slots=True)
class _Slot:
    """One process of our own, and how much of what there is to know it has been told."""

    pool: ProcessPool
    told: int = 0


@dataclass(slots=True)
class _Share:
    """What this process keeps for one run."""

    memory_limit_bytes: int
    preparations: list[tuple[Callable[[Any], None], Any]] = field(default_factory=list)
    free: list[_Slot] = field(default_factory=list)
    busy: int = 0
    used_at: float = 0.0
    over: bool = False


_shares: dict[str, _Share] = {}
_lock = threading.Lock()
_starting = threading.Lock()
_watching: list[threading.Thread] = []


def introduced(asked: tuple[Callable[[Any], Any], Any]) -> tuple[str, Any]:
    """Name this machine, and give what a function of one value says on it."""
    function, value = asked
    return socket.gethostname(), function(value)


def tell(run: str, memory_limit_bytes: int, number: int, packed: bytes) -> int:
    """Keep what every process of a run has to be told; give how much of it is known here.

    Args:
        run: name of the run, unique for all time.
        memory_limit_bytes: of each process; see :class:`ProcessPool`.
        number: place of this among all that there is to be told, from 0.
        packed: a function of one value, and the value.
    """
    preparation = pickle.loads(packed)  # noqa: S301  (our own parent)
    with _lock:
        known = _share(run, memory_limit_bytes).preparations
        if number == len(known):
            known.append(preparation)
        return len(known)


def work(run: str, memory_limit_bytes: int, needed: int, packed: bytes) -> bytes:
    """Run one batch in a process of our own.

    Args:
        run: as for :func:`tell`.
        memory_limit_bytes: as for :func:`tell`.
        needed: how much must have been told before.
        packed: the batch.

    Returns:
        An :data:`Answer`, packed.
    """
    with _lock:
        share = _share(run, memory_limit_bytes)
        if len(share.preparations) < needed:
            return pickle.dumps(None)
        share.busy += 1
        slot = share.free.pop() if share.free else None
    try:
        if slot is None:
            slot = _new_slot(share)
        for preparation in share.preparations[slot.told : needed]:
            slot.pool.prepare(*preparation)
        slot.told = max(slot.told, needed)
        answer = _answer(slot.pool, pickle.loads(packed))  # noqa: S301  (our own parent)
    except KeyboardInterrupt:  # the run is over; nobody waits for an answer
        answer = None
    finally:
        _put_back(share, slot)
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


def part(run: str) -> None:
    """Stop all processes of a run."""
    with _lock:
        share = _shares.pop(run, None)
        if share is None:
            return
        share.over = True
        slots, share.free = share.free, []
    for slot in slots:
        slot.pool.close()


def part_soon(run: str) -> None:
    """Stop all processes of a run, without keeping the Dask worker waiting."""
    threading.Thread(target=part, args=(run,), name="triage-part", daemon=True).start()


def _share(run: str, memory_limit_bytes: int) -> _Share:
    """Give what is kept for a run; called with the lock held."""
    share = _shares.get(run)
    if share is None:
        share = _shares[run] = _Share(memory_limit_bytes)
        if not _watching:
            _watching.append(threading.Thread(target=_watch, name="triage-idle", daemon=True))
            _watching[0].start()
    share.used_at = time.monotonic()
    return share


def _new_slot(share: _Share) -> _Slot:
    return _Slot(_OwnPool(share))


def _put_back(share: _Share, slot: _Slot | None) -> None:
    with _lock:
        share.busy -= 1
        share.used_at = time.monotonic()
        if slot is not None and not share.over:
            share.free.append(slot)
            return
    if slot is not None:
        slot.pool.close()


def _answer(pool: ProcessPool, batch: Batch) -> Answer:
    """Run a batch and put its results into the order of its items, which are left out."""
    places: dict[int, collections.deque[int]] = {}
    for place, item in enumerate(batch.items):
        places.setdefault(id(item), collections.deque()).append(place)
    answer: list[tuple[bool, Any]] = [(False, (LossKind.ERROR, "never came back"))] * len(
        batch.items
    )
    for result in pool.run([batch]):
        answer[places[id(result.item)].popleft()] = _brief(result)
    return answer


def _brief(result: Result) -> tuple[bool, Any]:
    if isinstance(result, Finished):
        return (True, result.value)
    return (False, (result.kind, result.detail))


def _watch() -> None:
    """Let go of runs that have asked for nothing in a long time."""
    while True:
        time.sleep(LOOK_INTERVAL_S)
        now = time.monotonic()
        with _lock:
            idle = [
                run
                for run, share in _shares.items()
                if not share.busy and now - share.used_at > IDLE_S
            ]
        for run in idle:
            part(run)


class _OwnPool(ProcessPool):
    """A pool of one process that is a child of a Dask worker, until its run is over."""

    def __init__(self, share: _Share) -> None:
        self._share = share
        super().__init__(workers=1, memory_limit_bytes=share.memory_limit_bytes)

    def _feed(self) -> None:
        if self._share.over:
            raise KeyboardInterrupt
        super()._feed()

    def _start(self) -> Any:  # noqa: ANN401  (of the pool)
        with _starting, _may_have_children():
            return super()._start()


@contextlib.contextmanager
def _may_have_children() -> Iterator[None]:
    """Let this process start one, although its own parent, Dask's nanny, made it a daemon.

    The flag forbids children because they would outlive a daemon that is killed. Ours cannot: they
    end with their parent, however it ends. A nanny makes no daemons where its administrator sets
    ``distributed.worker.daemon: false``, and then nothing is changed here.
    """
    settings: dict[str, Any] = getattr(multiprocessing.current_process(), "_config", {})
    before = settings.get("daemon")
    if before:
        settings["daemon"] = False
    try:
        yield
    finally:
        if before:
            settings["daemon"] = before
