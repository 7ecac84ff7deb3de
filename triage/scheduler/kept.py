"""Values that are dear to make: made once for all threads that ask, and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """What was made of a key, for some seconds.

    One value is made at a time, whatever the key: who asks for what is being made waits for it,
    and makers never meet, so that they may use what two threads must not use at once.

    Args:
        clock: seconds from anywhere; what lies in its future, after it was put back, is not kept.
        keep_s: how long a value is good for.
        most: values that are kept, those asked for last.
    """

    def __init__(self, clock: Callable[[], float], *, keep_s: float, most: int) -> None:
        self._clock = clock
        self._keep_s = keep_s
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Give what is kept of a key, else make it; what ``make`` raises is not kept."""
        with self._lock:
            known = self._values.get(key)
            if known is None or not 0 <= self._clock() - known[0] < self._keep_s:
                known = self._clock(), make()
                self._values[key] = known
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return known[1]

    def forget(self) -> None:
        """Keep nothing of what was made so far."""
        with self._lock:
            self._values.clear()
