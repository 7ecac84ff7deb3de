"""What is handed to workers, what comes back, and what every pool promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class LossKind(StrEnum):
    """How an item was lost."""

    CRASH = "crash"
    TIME_LIMIT = "time-limit"
    MEMORY_LIMIT = "memory-limit"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Items for one function, in order.

    Attributes:
        function: a module-level function of one item; it runs in a worker.
        time_limits_s: how long each item may take.
        alone: retry of a suspect: it is not sent ahead, and a second loss is final.
        reads: takes the medium more than the processor; where the medium has one head, one
            worker does all such batches.
    """

    function: Callable[[Any], Any]
    items: tuple[Any, ...]
    time_limits_s: tuple[float, ...]
    alone: bool = False
    reads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An item and what its function returned."""

    item: Any
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An item that cost a worker, or whose function raised."""

    item: Any
    kind: LossKind
    detail: str


Result = Finished | Lost


class Pool(Protocol):
    """Runs batches; every item comes back exactly once, in any order."""

    def prepare(self, function: Callable[[Any], None], value: Any) -> None:  # noqa: ANN401  (any)
        """Let a function of one value run once in each worker, before any batch sent from now on.

        Workers that are started later run it too.
        """

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Yield one result an item; batches are drawn only as workers need them."""

    def close(self) -> None:
        """Stop all workers."""
