"""How much of what an archive holds is read in the visit in which it is listed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

VISIT_MEMBERS = 2048
VISIT_BYTES = 64 * 1024 * 1024
VISIT_S = 20.0


@dataclass(slots=True)
class Visit:
    """Keeps account of one visit, so that no archive holds up a worker or its answer for long.

    What a visit does not cover is read by itself, as any other entry is: where it ends decides on
    the work alone, not on what is found.
    """

    _members: int = 0
    _bytes: int = 0
    _ends_at: float = field(default_factory=lambda: time.monotonic() + VISIT_S)

    def covers(self, size_bytes: int) -> bool:
        """Tell whether a member of this size is still to be read, and count it."""
        self._members += 1
        self._bytes += size_bytes
        within = self._members <= VISIT_MEMBERS and self._bytes <= VISIT_BYTES
        return within and time.monotonic() < self._ends_at
