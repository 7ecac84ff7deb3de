"""A thread that does one small thing again and again while other work goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self


class Heartbeat:
    """Calls a function at an interval until it says that there is no use any more.

    Args:
        function: gives ``False`` once beating is of no use; it then is not called again. It has to
            deal with its own errors: one that gets out ends the beating as ``False`` does.
        interval_s: between the end of one call and the start of the next.
    """

    def __init__(self, function: Callable[[], bool], interval_s: float) -> None:
        self._function = function
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    @property
    def lost(self) -> bool:
        """Tell whether the function has said that there is no use."""
        return self._lost.is_set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop beating; a call that is under way is waited for."""
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        alive = False
        try:
            while not self._ended.wait(self._interval_s):
                if not self._function():
                    return
            alive = True
        finally:
            if not alive:
                self._lost.set()
