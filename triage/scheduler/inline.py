"""The pool without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from triage.scheduler.batch import Batch, Result
from triage.scheduler.interrupts import StopCheck
from triage.scheduler.worker import call


class InlinePool:
    """Runs everything in this process: for tests and for debugging, without protection.

    Args:
        stopping: asked between items; see :class:`triage.scheduler.pool.ProcessPool`.
    """

    _stop = StopCheck(None)

    def __init__(self, *, stopping: Callable[[], bool] | None = None) -> None:
        if stopping is not None:
            self._stop = StopCheck(stopping)

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:  # noqa: ANN401  (any)
        """Run it now; see :class:`Pool`."""
        function(value)

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Run item after item; see :class:`Pool`."""
        for batch in batches:
            for item in batch.items:
                self._stop()
                yield call(batch.function, item)

    def close(self) -> None:
        """Nothing to stop."""
