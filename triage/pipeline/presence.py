"""Stops a run whose evidence disappears, before anything that failed for it is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage.errors import EvidenceGone
from triage.model.display import printable
from triage.scheduler import Batch, LossKind, Lost, Pool, Result

_SAID = f"{EvidenceGone.__name__}: "
"""How a pool words what a task raised: the name of its class, then what it says."""

_HINT = "What was done is kept; when it is back, the same command goes on from here."


@dataclass(frozen=True, slots=True)
class Attentive:
    """A pool that gives no result more once a worker finds that the evidence is gone.

    Whether a failing read means that is told by the worker at the moment of the read. A worker that
    hung or died says nothing, so the place is looked at when that happens.
    """

    pool: Pool

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:  # noqa: ANN401  (any)
        """Let each worker be told something once; see :class:`Pool`."""
        self.pool.prepare(function, value)

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result an item; see :class:`Pool`.

        Raises:
            EvidenceGone: it disappeared.
        """
        for result in self.pool.run(batches):
            if isinstance(result, Lost):
                _check(result)
            yield result

    def close(self) -> None:
        """Stop all workers."""
        self.pool.close()


def _check(lost: Lost) -> None:
    if lost.kind is LossKind.ERROR:
        if lost.detail.startswith(_SAID):
            raise EvidenceGone(lost.detail.removeprefix(_SAID), hint=_HINT)
        return
    place = getattr(lost.item, "location", "")
    if place and not _is_there(Path(place)):
        raise EvidenceGone(f"{printable(Path(place).name)}: there is no such file now", hint=_HINT)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:
        return False
    return True
