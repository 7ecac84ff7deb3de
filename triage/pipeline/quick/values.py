"""What travels between the quick pass and its workers: plain values, light to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from triage.matching.manifest import PackFile
from triage.model.digest import Digests
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange
from triage.model.outcome import FailReason
from triage.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where evidence lies."""

    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackItem:
    """A file of a pack to be checked, or the pack whose sizes are wanted."""

    folder: str
    file: PackFile | None = None


class FoldersItem(NamedTuple):
    """Folders of a volume to be listed, as many of them as make one answer."""

    place: Place
    folders: tuple[DirectoryRef, ...]


class Sheet(NamedTuple):
    """What the entries of one folder or archive have in common."""

    location: str
    evidence: str
    volume: str
    container: FileEntry | None = None


class EntryItem(NamedTuple):
    """An entry to be looked at; a tuple, as one goes through a pipe for every file of a disk.

    Attributes:
        number: what the entry is known by to whoever asked.
        row: its columns (:data:`triage.model.packing.COLUMNS`), by :mod:`marshal`.
        bits: digests to compute, a bit for each place in ``STRENGTH``; 0 to look at the start.
    """

    number: int
    sheet: Sheet
    row: bytes
    bits: int = 0


class ListedFolders(NamedTuple):
    """What the first ``taken`` folders of an item list, joined in their order."""

    taken: int
    found: Found


class ArchiveItem(NamedTuple):
    """An archive whose members are to be looked at in the visit in which they are listed."""

    entry: EntryItem


class Found(NamedTuple):
    """What folders or an archive list.

    Attributes:
        listed: all of its entries; ``skipped``: those without content, by reason.
        sizes, offsets: of the others, as 64-bit numbers; -1 where none of its own.
        rows: the others, one after another; ``ends``: where each ends, as 64-bit numbers.
    """

    listed: int
    skipped: tuple[tuple[str, int], ...]
    sizes: bytes
    offsets: bytes
    rows: bytes
    ends: bytes
    directories: tuple[DirectoryRef, ...]
    problems: tuple[Problem, ...]
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one entry showed, where that is more than its digests.

    Attributes:
        digests: as asked for, in the order of ``STRENGTH``.
        archive: type of an archive, ``""`` for any other content.
        opens: the archive is of a kind whose members can be listed.
    """

    digests: tuple[bytes, ...]
    archive: str
    opens: bool
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An entry that could not be examined."""

    reason: FailReason
    detail: str
    damage: tuple[DamagedRange, ...] = ()


class Visited(NamedTuple):
    """What an archive lists, and what its members with content showed in the same visit.

    Attributes:
        bits: digests that the sizes call for, a byte for each member with content.
        looks: as looking at each by itself gives it, in the order of ``found``; fewer where the
            visit ended before the archive did.
    """

    found: Found
    bits: bytes
    looks: tuple[tuple[bytes, ...] | Looked | Unread, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """All digests of a content, and of the archives that it lies in, outermost first.

    Attributes:
        damaged: digested, but over a range that the imager recorded as unreadable.
    """

    digests: Digests
    containers: tuple[Digests | Unread, ...] = ()
    damaged: bool = False
