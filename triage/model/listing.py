"""What listing one folder gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from triage.model.entry import DirectoryRef, FileEntry
from triage.model.packing import Packed, pack
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


def joined(listings: Iterable[Listing]) -> Listing:
    """Give the listings of several folders of one volume as one, in their order."""
    every = tuple(listings)
    if len(every) == 1:
        return every[0]
    return Listing(
        entries=_joined([listing.entries for listing in every if listing.entries]),
        directories=tuple(folder for listing in every for folder in listing.directories),
        problems=tuple(problem for listing in every for problem in listing.problems),
    )


def _joined(parts: list[Sequence[FileEntry]]) -> Sequence[FileEntry]:
    packs = [part for part in map(pack, parts) if isinstance(part, Packed)]
    if packs and len(packs) == len(parts):
        whole = packs[0].then(packs[1:])
        if whole is not None:
            return whole
    return tuple(entry for part in parts for entry in part)


def _listing(
    entries: Sequence[FileEntry],
    directories: tuple[DirectoryRef, ...],
    problems: tuple[Problem, ...],
) -> Listing:
    return Listing(entries=entries, directories=directories, problems=problems)
