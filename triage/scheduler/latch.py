"""Locks for what several threads of one process share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import TracebackType


class Latch:
    """Lets one thread in at a time; the same thread may come in again."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


class Places:
    """Lets a few threads in at a time, and as many more wait; who comes then is turned away.

    Args:
        inside: threads that may be in.
        waiting: threads that may wait for a place.
    """

    __slots__ = ("_inside", "_known")

    def __init__(self, inside: int, waiting: int) -> None:
        self._inside = threading.BoundedSemaphore(inside)
        self._known = threading.BoundedSemaphore(inside + waiting)

    @contextlib.contextmanager
    def taken(self) -> Iterator[bool]:
        """Wait for a place and give whether there is one; false at once where too many wait."""
        if not self._known.acquire(blocking=False):
            yield False
            return
        try:
            with self._inside:
                yield True
        finally:
            self._known.release()
