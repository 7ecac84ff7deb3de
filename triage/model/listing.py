"""What listing one folder gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from triage.model.entry import DirectoryRef, FileEntry
from triage.model.packing import pack
from triage.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All names of one folder, and the folders below that are still to be listed.

    Attributes:
        entries: in the order of the folder; named streams follow their file. A tuple, or
            :class:`triage.model.packing.Packed`, which is what arrives from another process.
        directories: folders to list next, in the order of the folder.
        problems: what could not be read of this folder.
    """

    entries: Sequence[FileEntry]
    directories: tuple[DirectoryRef, ...]
    problems: tuple[Problem, ...] = ()

    def __reduce__(self) -> tuple[Callable[..., Listing], tuple[Any, ...]]:
        """Travel packed: a listing is what most crosses from workers to the parent."""
        return _listing, (pack(self.entries), self.directories, self.problems)


def _listing(
    entries: Sequence[FileEntry],
    directories: tuple[DirectoryRef, ...],
    problems: tuple[Problem, ...],
) -> Listing:
    return Listing(entries=entries, directories=directories, problems=problems)
