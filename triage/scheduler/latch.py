"""A lock for what several threads of one process share."""

from __future__ import annotations

import threading
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
