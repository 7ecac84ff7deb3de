"""Runs one exhibit, by hand or under a lease: the same run, whoever starts it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from triage.batch.clock import Clock
from triage.batch.devicefacts import note_device
from triage.config import home
from triage.errors import LeaseLost, StoreError
from triage.grading.scheme import SchemeBook
from triage.grading.verdict import judge
from triage.grading.voting import decide
from triage.matching.library import PackLibrary
from triage.matching.sealed.key import SealKey
from triage.model.event import Event
from triage.model.queue import ExhibitResult, Lease
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.scheduler import Heartbeat, Pool
from triage.store.database import Store, open_store
from triage.store.figures import figures_of, read_bytes_of
from triage.store.leases import Leases

MEMORY_LIMIT_BYTES = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a run is done; nothing of it changes what comes out.

    Attributes:
        keys: of sealed reference sets.
        memory_limit_bytes: address space of a worker.
        one_reader: the images lie on a medium with one head.
    """

    keys: tuple[SealKey, ...] = ()
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES
    one_reader: bool = False


def work(  # noqa: PLR0913  (each by its name)
    request: RunRequest,
    store: Store,
    settings: Settings,
    *,
    tell: Callable[[Event], None],
    stopping: Callable[[], bool] | None = None,
    pool: Pool | None = None,
) -> None:
    """Do what is still to be done of an exhibit, on workers of its own.

    They end with it, so that the evidence of one exhibit never meets a worker of another.

    Args:
        stopping: asked ten times a second; once it says so the run stops as by Ctrl-C.
        pool: other workers than processes of this machine; who made it closes it.

    Raises:
        HashSetError, EvidenceError, EvidenceGone, Interrupted: as :meth:`ExhibitRun.run`.
    """
    with contextlib.ExitStack() as stack:
        if pool is None:
            made = _pool(request.workers, settings, stopping)
            pool = stack.enter_context(contextlib.closing(made))
        ExhibitRun(
            request=request,
            store=store,
            pool=pool,
            library=PackLibrary(home(), settings.keys),
            book=SchemeBook(home()),
            tell=tell,
        ).run()


def _pool(workers: int, settings: Settings, stopping: Callable[[], bool] | None) -> Pool:
    from triage.scheduler import ProcessPool  # noqa: PLC0415  (as it is when it is asked for)

    return ProcessPool(
        workers=workers,
        memory_limit_bytes=settings.memory_limit_bytes,
        one_reader=settings.one_reader,
        stopping=stopping,
    )


@dataclass(slots=True, kw_only=True)
class LeasedWork:
    """The work at an exhibit under a lease, which beats as long as it goes on.

    Attributes:
        url: of the database: the heart beats by a connection of its own.
        stopping, pool: as for :func:`work`.
        lost: the lease turned out not to be ours any more.
    """

    url: str
    lease: Lease
    settings: Settings
    tell: Callable[[Event], None]
    beat_s: float
    clock: Clock = field(default_factory=Clock)
    stopping: Callable[[], bool] | None = None
    pool: Pool | None = None
    lost: bool = False
    _started: float = 0.0
    _read_before: int = 0

    @property
    def seconds(self) -> float:
        """Give how long this attempt has taken so far."""
        return time.monotonic() - self._started if self._started else 0.0

    def read_bytes(self, store: Store) -> int:
        """Give what this attempt has read, as far as it is recorded."""
        read = read_bytes_of(store.connection, self.lease.case, self.lease.exhibit)
        return max(0, read - self._read_before)

    def run(self, request: RunRequest, store: Store) -> ExhibitResult:
        """Work, and record the result; may be called again after the database was away.

        Raises:
            LeaseLost: another process works at it by now.
            HashSetError, EvidenceError, EvidenceGone, Interrupted: as :meth:`ExhibitRun.run`; the
                lease is still held then.
        """
        leases = Leases(store.connection)
        if not self._started:
            self._read_before = self.read_bytes(store)
            self._started = time.monotonic()
        store.guard = lambda: leases.guard(self.lease)
        with Heartbeat(self._beat, self.beat_s) as heart:
            try:
                self._work(request, store, heart)
            finally:
                self.lost = self.lost or heart.lost
        store.guard = None
        now_s = self.clock.now_s()
        note_device(store, self.lease.case, self.lease.exhibit, now_s=now_s)
        result = result_of(store, self.lease.case, self.lease.exhibit, now_s)
        read_bytes = self.read_bytes(store)
        store.rollback()  # nothing was written, and the lease takes a transaction of its own
        leases.finish(self.lease, result, seconds=self.seconds, read_bytes=read_bytes, now_s=now_s)
        return result

    def _work(self, request: RunRequest, store: Store, heart: Heartbeat) -> None:
        work(
            request,
            store,
            self.settings,
            tell=self.tell,
            stopping=lambda: heart.lost or self._should_stop(),
            pool=self.pool,
        )

    def _should_stop(self) -> bool:
        return self.stopping is not None and self.stopping()

    def _beat(self) -> bool:
        """Raise the beat; a database that is away for a while ends nothing."""
        try:
            with open_store(self.url) as store:
                return Leases(store.connection).beat(self.lease, self.clock.now_s(), self.seconds)
        except LeaseLost:
            return False
        except StoreError:
            return True


def result_of(store: Store, case: str, exhibit: str, now_s: int) -> ExhibitResult:
    """Give the figures of a finished exhibit as it stands in the store."""
    summary = store.summary(case, exhibit, decide=decide)
    verdict = judge(summary)
    figures = figures_of(store.connection, store.exhibit_ids(case, exhibit)[0])
    hits: dict[str, int] = {}
    for (label, _, _, kind), count in summary.hits:
        if kind == "exact" and label != "KNOWN_GOOD":
            hits[label] = hits.get(label, 0) + count
    return ExhibitResult(
        colour=verdict.colour.value,
        hits=tuple(sorted(hits.items())),
        gaps=len(verdict.gaps),
        files=summary.tally.listed,
        known_good=figures.known_good,
        media=figures.media,
        pre_categorised=figures.pre_categorised,
        left=figures.media - figures.pre_categorised,
        seconds=summary.seconds,
        read_bytes=summary.read_bytes,
        done_s=now_s,
    )
