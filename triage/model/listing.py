"""What listing one folder gives."""

from __future__ import annotations

from dataclasses import dataclass

from triage.model.entry import DirectoryRef, FileEntry
from triage.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All names of one folder, and the folders below that are still to be listed.

    Attributes:
        entries: in the order of the folder; named streams follow their file.
        directories: folders to list next, in the order of the folder.
        problems: what could not be read of this folder.
    """

    entries: tuple[FileEntry, ...]
    directories: tuple[DirectoryRef, ...]
    problems: tuple[Problem, ...] = ()
