"""The force's own sign-in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a force's people sign in.

    Attributes:
        name: as the button calls it.
    """

    name: str
