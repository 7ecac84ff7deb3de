"""Finds the disk that another one was made from, by the name that is recorded, in its folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from triage.errors import EvidenceError
from triage.model.display import printable

MOST_PARENTS = 64
"""Disks above one another; more is a circle, or made up."""

_SEPARATORS = re.compile(r"[\\/]")


def named_beside(path: Path, recorded: str) -> Path | None:
    """Give the file of the recorded name in the folder of ``path``; nothing outside of it.

    Args:
        recorded: as it stands in the image: it may have a folder of another machine before it,
            which is left out, and be in other capitals than the file.
    """
    name = _SEPARATORS.split(recorded)[-1]
    if name in {"", ".", ".."} or "\0" in name:
        return None
    try:
        found = path.parent / name
        if found.is_file():
            return found
        wanted = name.casefold()
        same = [one for one in path.parent.iterdir() if one.name.casefold() == wanted]
        return next((one for one in sorted(same) if one.is_file()), None)
    except (OSError, ValueError):
        return None


def parent_beside(path: Path, recorded: Sequence[str], below: tuple[Path, ...]) -> Path:
    """Give the parent of a disk that holds differences alone.

    Args:
        recorded: names of the parent, the best first.
        below: the disks that led here, this one not among them.

    Raises:
        EvidenceError: it is not there, or it is one of those below.
    """
    shown = printable(path.name)
    for name in recorded:
        found = named_beside(path, name)
        if found is None:
            continue
        if found in {*below, path} or len(below) >= MOST_PARENTS:
            raise EvidenceError(
                f"{shown}: its parents lead back to itself",
                hint="the names that the disks record of each other are made up",
            )
        return found
    names = next((_SEPARATORS.split(one)[-1] for one in recorded if one), "of no name")
    raise EvidenceError(
        f"{shown}: holds only the differences to its parent {printable(names)}, which is missing",
        hint="put the parent into the same folder under that name",
    )
