"""How often somebody may try: a sliding window a key, kept in memory and bounded."""

from __future__ import annotations

from collections import OrderedDict

from triage.scheduler.latch import Latch

KEYS = 20_000
"""Keys that are remembered; the one not heard of for longest is forgotten first."""


class Rates:
    """Counts attempts by key; each call of one process counts, others are not known."""

    def __init__(self) -> None:
        self._latch = Latch()
        self._seen: OrderedDict[str, tuple[int, ...]] = OrderedDict()

    def wait_s(self, key: str, *, now_s: int, most: int, window_s: int) -> int:
        """Count an attempt and give how long the next has to wait; 0 where it may be made now.

        Of attempts at the same moment each is counted.

        Args:
            most: attempts within ``window_s`` seconds.
        """
        with self._latch:
            return self._wait_s(key, now_s, most, window_s)

    def _wait_s(self, key: str, now_s: int, most: int, window_s: int) -> int:
        kept = tuple(one for one in self._seen.pop(key, ()) if one > now_s - window_s)
        if len(kept) >= most:
            self._seen[key] = kept
            return max(1, kept[0] + window_s - now_s)
        self._seen[key] = (*kept, now_s)
        while len(self._seen) > KEYS:
            self._seen.popitem(last=False)
        return 0

    def forget(self, key: str) -> None:
        """Forget a key: the attempt was a success."""
        with self._latch:
            self._seen.pop(key, None)
