"""Passwords and recovery keys that were given for a run: held in memory, never written down."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 64
"""Secrets that are tried on each lock; deriving a key from one takes up to seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What may open locked volumes, encrypted backups and archives, in order of trial.

    Attributes:
        texts: passwords and recovery keys as typed, without line ends; none is empty.
    """

    texts: tuple[str, ...] = field(default=(), repr=False)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.texts)


NO_SECRETS = Secrets()
