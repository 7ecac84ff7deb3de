"""What travels between a run and its workers: plain values, light to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from triage.hashing.limits import PictureLimits
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange, EvidenceInfo
from triage.model.listing import Listing
from triage.model.outcome import Done, Failed, Outcome, PictureOutcome, Skipped
from triage.model.packing import PATH, SIZE, Row, entry_of
from triage.model.picturefacts import PictureFacts
from triage.model.problem import Problem
from triage.model.rendition import View
from triage.model.volume import VolumeInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyItem:
    """Evidence to be opened.

    Attributes:
        live: where it is a folder, it is in use.
    """

    location: str
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TypesItem:
    """What telling types needs is to be read, once for all workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Evidence that opened, its volumes, and what other workers need to open it at once.

    Attributes:
        opened_archives: types of archives whose members can be listed, and
        unopened_archives: of those that are only named; the parent knows no format.
        handover: packed, as nothing else has to know what it holds.
    """

    info: EvidenceInfo
    volumes: tuple[VolumeInfo, ...]
    problems: tuple[Problem, ...]
    damage: tuple[DamagedRange, ...]
    opened_archives: frozenset[str] = frozenset()
    unopened_archives: frozenset[str] = frozenset()
    handover: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """Evidence that did not open, and why."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootsItem:
    """A volume whose root folders are wanted."""

    location: str
    volume: str


class FoldersItem(NamedTuple):
    """Folders of one volume to be listed one after the other.

    Attributes:
        first: place of the first of them among all that are to be listed now.
    """

    location: str
    first: int
    folders: tuple[DirectoryRef, ...]


class ListedFolders(NamedTuple):
    """The listings of folders as one, in their order, and the damage that was met on the way.

    Attributes:
        folders: how many of those asked for; fewer where that was enough for one answer.
    """

    folders: int
    listing: Listing
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A listing, and the damage that was met on the way."""

    listing: Listing
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadItem:
    """An entry whose content is wanted."""

    entry_id: int
    location: str
    entry: FileEntry

    @property
    def path(self) -> bytes:
        """Its path."""
        return self.entry.ref.path

    @property
    def size_bytes(self) -> int:
        """Its size."""
        return self.entry.size_bytes


class PlacedItem(NamedTuple):
    """A content to be digested whose place on the medium is known.

    A tuple, as its answer is: one of each goes through a pipe for every file of a disk, and a
    frozen value takes ten times as long to be packed and unpacked.
    """

    entry_id: int
    location: str
    path: bytes
    stream: bytes
    size_bytes: int
    first_bytes: int
    extents: bytes
    """As :mod:`triage.model.extents` writes them."""


class RowItem(NamedTuple):
    """Any other content to be digested: as the row that it is in the store; made up by the worker.

    Attributes:
        row: columns of :data:`triage.model.packing.COLUMNS`.
        container: the archive that it lies in.
    """

    entry_id: int
    location: str
    evidence: str
    volume: str
    row: Row
    container: FileEntry | None

    @property
    def entry(self) -> FileEntry:
        """The entry."""
        return entry_of(self.row, self.evidence, self.volume, self.container)

    @property
    def path(self) -> bytes:
        """Its path."""
        path: bytes = self.row[PATH]
        return path

    @property
    def size_bytes(self) -> int:
        """Its size."""
        size_bytes: int = self.row[SIZE]
        return size_bytes


class PlacedDone(NamedTuple):
    """The fields of :class:`triage.model.outcome.Done`, where no new damage was met."""

    md5: bytes
    sha1: bytes
    sha256: bytes
    size_bytes: int
    mime: str
    family: str
    extension_agrees: bool | None
    damaged: bool


def brief(outcome: PlacedDone | Outcome) -> PlacedDone | Skipped | Failed:
    """Give an outcome as it travels best."""
    if not isinstance(outcome, Done):
        return outcome
    digests, kind = outcome.digests, outcome.type
    return PlacedDone(
        digests.md5,
        digests.sha1,
        digests.sha256,
        digests.size_bytes,
        kind.mime,
        kind.family,
        kind.extension_agrees,
        outcome.damaged,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Digested:
    """What became of an entry, and the damage that was met on the way."""

    outcome: Outcome
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """An archive that was listed, and what became of its members in the same visit.

    Attributes:
        outcomes: one an entry of the listing, ``None`` for those without content and for those
            that are still to be digested by themselves; fewer where all that follow are ``None``.
    """

    listing: Listing
    outcomes: tuple[PlacedDone | Outcome | None, ...]
    damage: tuple[DamagedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureItem:
    """A content to be decoded, read from one of its entries.

    Attributes:
        turned: give its hashes turned and mirrored too.
    """

    sha256: bytes
    location: str
    entry: FileEntry
    mime: str
    limits: PictureLimits
    turned: bool = False


class Decoded(NamedTuple):
    """What decoding a picture gave, and what it says of itself; ``None`` where it says nothing."""

    outcome: PictureOutcome
    facts: PictureFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewItem:
    """A content to be shown, read from one of its entries."""

    sha256: bytes
    location: str
    entry: FileEntry
    mime: str
    view: View
    limits: PictureLimits = field(default_factory=PictureLimits)
