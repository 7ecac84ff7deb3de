"""Whether a folder may be offered to officers as one that evidence is picked from."""

from __future__ import annotations

import os
from pathlib import Path


def folder_fault(folder: str, home: Path, *others: Path) -> str:
    """Say why a folder cannot be an intake folder, ``""`` where it can.

    Args:
        folder: as an administrator wrote it.
        home: ``TRIAGE_HOME``, which holds what nobody picks evidence from; so do ``others``.
    """
    path = Path(folder)
    if not path.is_absolute():
        return f"{folder} is not a whole path. Begin it with / or a drive"
    try:
        if not path.is_dir():
            return f"{folder} is not a folder that this machine can see"
        real = path.resolve(strict=True)
        kept = [one.resolve() for one in (home, *others)]
    except (OSError, ValueError):
        return f"{folder} cannot be looked at"
    for one in kept:
        if real == one or one in real.parents:
            return f"{folder} lies inside the folder where triage keeps its own data"
        if real in one.parents:
            return (
                f"{folder} holds the folder where triage keeps its own data. Choose one beside it"
            )
    return ""


def folder_warning(folder: str) -> str:
    """Say what is wrong with an intake folder by now, ``""`` where nothing is."""
    path = Path(folder)
    try:
        if not path.is_dir():
            return "it is not there at the moment"
        if not os.access(path, os.R_OK | os.X_OK):
            return "this service may not read it"
        with os.scandir(path) as entries:
            next(entries, None)
    except (OSError, ValueError) as error:
        return f"it cannot be read: {getattr(error, 'strerror', None) or error}"
    return ""
