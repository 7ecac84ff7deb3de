"""Requests to stop this process, and to stop the work of a pool."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

CHECK_INTERVAL_S = 0.1
_NAMES = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
"""What systemd, Ctrl-C, a closed terminal, and Ctrl-Break on Windows send."""


@contextlib.contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Let a request to terminate stop this process as Ctrl-C does, so that it can tidy up."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class StopCheck:
    """Asks now and then whether work should stop.

    Args:
        stopping: ``None`` where nobody would say so.
    """

    def __init__(self, stopping: Callable[[], bool] | None) -> None:
        self._stopping = stopping
        self._due = 0.0

    def __call__(self) -> None:
        """Ask, where the last answer is a tenth of a second old.

        Raises:
            KeyboardInterrupt: work should stop.
        """
        if self._stopping is None or (now := time.monotonic()) < self._due:
            return
        self._due = now + CHECK_INTERVAL_S
        if self._stopping():
            raise KeyboardInterrupt


class StopRequests:
    """Takes requests to stop as a mark instead of an exception, which could strike anywhere.

    A second request is taken as Ctrl-C always is: whoever asks twice does not want to wait.
    """

    def __init__(self) -> None:
        self.asked = ""
        """Name of the signal that asked; ``""`` as long as none did."""
        self._before: list[tuple[int, Any]] = []

    def __enter__(self) -> Self:
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None:
                self._before.append((number, signal.signal(number, self._take)))
        return self

    def __exit__(self, *_: object) -> None:
        while self._before:
            signal.signal(*self._before.pop())

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = signal.Signals(number).name
