"""Which frames of a video are hashed: one for each second, a key frame where one lies there."""

from __future__ import annotations

import math

NEAR_S = 0.1
"""How far from its second a key frame may lie to serve it. Further off, what moves has moved on:
lists that others made, and other copies of a video, have the frame at the second itself."""
_ALONE_S = 0.5


class Sampling:
    """The seconds of a video that have no frame yet, while its frames go by in order of decoding.

    A second is served by a key frame that lies beside it, which costs the decoding of that frame
    alone; else by the first frame at or after it, for which all since the last key frame have to
    be decoded.
    """

    def __init__(self) -> None:
        self._next_s = 0

    def wants_key(self, at_s: float, *, alone: bool = False) -> bool:
        """Tell whether a key frame at this moment serves a second.

        Args:
            alone: whether key frames are all there is: then one half a second off does, too.
        """
        return at_s >= self._next_s - (_ALONE_S if alone else NEAR_S)

    def is_due(self, at_s: float) -> bool:
        """Tell whether a second is left that no key frame from this moment on can serve."""
        return at_s > self._next_s + NEAR_S

    def wants(self, at_s: float) -> bool:
        """Tell whether any frame at this moment serves a second."""
        return at_s >= self._next_s

    def take(self, at_s: float) -> None:
        """Count the second of a moment, and those before it, as served."""
        self._next_s = max(self._next_s, math.floor(at_s + NEAR_S) + 1)
