"""What lies between the medium and a volume: a medium that is made of another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from triage.ingest.container import Container, ContainerHandover
from triage.ingest.filesystem import FileSystem
from triage.model.display import printable
from triage.model.entry import DirectoryRef, FileEntry
from triage.model.evidence import DamagedRange, DamageKind, EvidenceInfo
from triage.model.listing import Listing
from triage.model.volume import VolumeInfo, VolumeState

__all__ = [
    "InnerMedium",
    "LayeredFileSystem",
    "Locked",
    "Medium",
    "Opened",
    "Source",
    "without_places",
]


class Source(Protocol):
    """Bytes that are made of those of a stretch of another medium."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give bytes; the range lies inside, and fewer come only where the medium below ends.

        Raises:
            OSError: they could not be made.
        """

    def within(self, offset_bytes: int, length_bytes: int) -> Iterable[tuple[int, int]]:
        """Give the ranges of this source that a range of the medium below goes into.

        All of them: a byte that changes below changes none outside the ranges given.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One medium that a layer holds.

    Attributes:
        name: as in ``VolumeInfo.layer``: ``luks``, ``lvm:group:volume``; one of its kind in it.
        source: ``None`` where it does not open.
        reason: why it does not, in words.
        state: what it is then.
        note: words on a state of before that is looked into.
    """

    name: str
    source: Source | None
    reason: str = ""
    state: VolumeState = VolumeState.UNSUPPORTED
    label: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A layer that gives what it holds.

    Attributes:
        words: what it is.
        unlocked: by what kind of secret, ``""`` where it needs none.
        notes: what of it could not be looked at, each in words.
    """

    words: str
    media: tuple[Medium, ...]
    unlocked: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A layer that does not open.

    Attributes:
        reason: what it is, and what would open it.
        state: another one where no secret would.
    """

    reason: str
    state: VolumeState = VolumeState.LOCKED


class InnerMedium:
    """A source as a medium: the same promises as those of any container.

    Damage of the medium below is damage here, in the ranges that it goes into, from the moment
    when it is known there. What the source cannot make is damage as well.
    """

    def __init__(self, below: Container, medium: str, source: Source) -> None:
        self._below = below
        self._medium = medium
        self._source = source
        self._info = replace(below.info, size_bytes=source.size_bytes, damage=(), segments=())
        self._failed: set[DamagedRange] = set()
        self._from: dict[DamagedRange, DamagedRange] = {}
        self._seen: tuple[DamagedRange, ...] = ()
        self._all: tuple[DamagedRange, ...] | None = ()

    @property
    def info(self) -> EvidenceInfo:
        """The evidence that it belongs to, with the size of this medium."""
        return self._info

    @property
    def source(self) -> Source:
        """What makes its bytes."""
        return self._source

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes; zeros where they are lost, fewer only at the end."""
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._source.size_bytes)
        if start >= end:
            return b""
        try:
            data = self._source.read(start, end - start)
        except OSError as error:
            self._fail(start, end - start, printable(str(error)))
            return bytes(end - start)
        if len(data) < end - start:
            self._fail(start + len(data), end - start - len(data), "the medium below ends")
            data += bytes(end - start - len(data))
        return data

    def read_content(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the same bytes: nothing is kept here."""
        return self.read_at(offset_bytes, length_bytes)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far, by its place on this medium."""
        below = self._below.damage()
        if self._all is None or below != self._seen:
            self._take(below)
            self._all = tuple(sorted({*self._from, *self._failed}))
        return self._all

    def below(self, hurt: DamagedRange) -> DamagedRange:
        """Give the range of the outermost medium that a range of ``damage`` comes from."""
        found = self._from.get(hurt)
        if found is None:
            return hurt
        return self._below.below(found) if isinstance(self._below, InnerMedium) else found

    def handover(self) -> ContainerHandover | None:
        """Give nothing: other processes open it by way of the evidence."""
        return None

    def gone(self) -> str:
        """Say in words that a file of the image is not there any more."""
        return self._below.gone()

    def close(self) -> None:
        """Leave the medium below open: it belongs to the evidence."""

    def _take(self, below: tuple[DamagedRange, ...]) -> None:
        self._seen = below
        self._from = {
            DamagedRange(
                offset_bytes=start, length_bytes=length, kind=hurt.kind, detail=hurt.detail
            ): hurt
            for hurt in below
            if hurt.length_bytes
            for start, length in self._source.within(hurt.offset_bytes, hurt.length_bytes)
            if length > 0
        }

    def _fail(self, offset: int, length: int, words: str) -> None:
        self._all = None
        self._failed.add(
            DamagedRange(
                offset_bytes=offset,
                length_bytes=length,
                kind=DamageKind.READ_ERROR,
                detail=f"inside {self._medium}: {words}",
            )
        )


class LayeredFileSystem:
    """A file system on an inner medium: its entries have no places on the outer one."""

    def __init__(self, inner: FileSystem, medium: Container, volume: VolumeInfo) -> None:
        self._inner = inner
        self._medium = medium
        self.volume = volume

    @property
    def inner(self) -> FileSystem:
        """The file system itself, whose entries have places on the inner medium."""
        return self._inner

    @property
    def medium(self) -> Container:
        """The inner medium."""
        return self._medium

    def roots(self) -> tuple[DirectoryRef, ...]:
        """Give the roots of the file system."""
        return self._inner.roots()

    def list_directory(self, folder: DirectoryRef) -> Listing:
        """Give all names of one folder, none with a place."""
        return without_places(self._inner.list_directory(folder))

    def read(self, entry: FileEntry) -> Iterator[bytes]:
        """Give the content of a stream in order."""
        return self._inner.read(entry)

    def read_range(self, entry: FileEntry, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part of the content of a stream."""
        return self._inner.read_range(entry, offset_bytes, length_bytes)

    def touches_damage(self, entry: FileEntry) -> tuple[DamagedRange, ...]:
        """Give the damaged ranges of the outermost medium that the content is made of."""
        hurt = self._inner.touches_damage(entry)
        medium = self._medium
        if not isinstance(medium, InnerMedium):
            return hurt
        return tuple(sorted({medium.below(one) for one in hurt}))


def without_places(listing: Listing) -> Listing:
    """Give a listing whose entries and problems tell no places: those are of an inner medium."""
    return Listing(
        entries=tuple(
            replace(entry, extents=(), first_block_offset_bytes=None)
            if entry.extents or entry.first_block_offset_bytes is not None
            else entry
            for entry in listing.entries
        ),
        directories=listing.directories,
        problems=tuple(
            replace(problem, offset_bytes=None, length_bytes=None) for problem in listing.problems
        ),
    )
