"""Which frames of a video are hashed: one for each second, a key frame where one is near."""

from __future__ import annotations

import math

HALF_S = 0.5


class Sampling:
    """The seconds of a video that have no frame yet, while its frames go by in order of decoding.

    A second is served by a key frame that lies within half a second of it, which costs the
    decoding of that frame alone; else by the first frame at or after it, for which all since the
    last key frame have to be decoded.
    """

    def __init__(self) -> None:
        self._next_s = 0

    def wants_key(self, at_s: float) -> bool:
        """Tell whether a key frame at this moment serves a second."""
        return _second(at_s) >= self._next_s

    def is_due(self, at_s: float) -> bool:
        """Tell whether no key frame from this moment on can serve the next second."""
        return at_s > self._next_s + HALF_S

    def is_open_before(self, key_s: float) -> bool:
        """Tell whether a second is left that a key frame at this moment does not serve."""
        return self._next_s < _second(key_s)

    def wants(self, at_s: float) -> bool:
        """Tell whether any frame at this moment serves a second."""
        return at_s >= self._next_s

    def take(self, at_s: float) -> None:
        """Count the second of a moment, and those before it, as served."""
        self._next_s = max(self._next_s, _second(at_s) + 1)


def _second(at_s: float) -> int:
    return math.floor(at_s + HALF_S)
