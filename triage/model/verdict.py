"""Red, amber or green, and why in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Colour(StrEnum):
    """The colour of a result. Amber is never folded into green."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of an exhibit as far as it was examined.

    Attributes:
        reasons: why this colour, most important first.
        gaps: what was not examined, each in words; present under red as well.
    """

    colour: Colour
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The account of a run: ``listed == digested + skipped + failed`` once it is complete.

    Attributes:
        skipped: ``((reason, count), …)`` sorted by reason; likewise ``failed``.
        pending: listed and not yet worked; 0 when complete.
    """

    listed: int
    digested: int
    skipped: tuple[tuple[str, int], ...]
    failed: tuple[tuple[str, int], ...]
    pending: int = 0
    digested_bytes: int = 0

    @property
    def skipped_total(self) -> int:
        """Sum over all skip reasons."""
        return sum(count for _, count in self.skipped)

    @property
    def failed_total(self) -> int:
        """Sum over all failure reasons."""
        return sum(count for _, count in self.failed)

    def holds(self) -> bool:
        """Tell whether nothing that was listed is unaccounted for."""
        worked = self.digested + self.skipped_total + self.failed_total
        return self.listed == worked + self.pending
