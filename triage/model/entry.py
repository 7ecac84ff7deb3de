"""One name in one directory of one volume: the unit that is listed, digested and reported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct, error
from typing import Any

_LENGTH = Struct("<Q").pack
_NUMBERS = Struct("<qqqqqqqq").pack


class EntryKind(StrEnum):
    """What a name points at."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    SPECIAL = "special"
    """Device, pipe, socket, whiteout."""
    VIRTUAL = "virtual"
    """Made up by the file-system parser ($MBR, $FAT1, $OrphanFiles): not on the disk as a file."""
    UNKNOWN = "unknown"


class Allocation(StrEnum):
    """Whether the file system still holds the file."""

    LIVE = "live"
    DELETED = "deleted"
    ORPHAN = "orphan"
    """Metadata survives, the name or the folder does not."""


class Origin(StrEnum):
    """How an entry came to be listed; possession turns on it, so they are counted apart."""

    FILE = "file"
    """A name of a file system, of an extraction or of an archive."""
    THUMBNAIL = "thumbnail"
    """A small copy of a picture that a program or a camera made: a cache, an EXIF thumbnail."""
    CARVED = "carved"
    """Found by its structure where no file lies; it has no name, and no time of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Times of an entry in nanoseconds since 1970-01-01.

    ``naive_local`` is true where the file system records local time without a zone (FAT): the
    numbers are then to be printed without a zone, never as UTC. ``None``: not recorded.
    """

    modified_ns: int | None = None
    accessed_ns: int | None = None
    changed_ns: int | None = None
    created_ns: int | None = None
    naive_local: bool = False

    def __reduce__(self) -> tuple[Callable[..., Times], tuple[Any, ...]]:
        """Travel as plain fields: the default for frozen values costs ten times as much."""
        return made_times, (
            self.modified_ns,
            self.accessed_ns,
            self.changed_ns,
            self.created_ns,
            self.naive_local,
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EntryRef:
    """The derived identity of an entry: the same in every run and on every worker.

    Attributes:
        evidence: key of the evidence.
        volume: key of the volume.
        path: path inside the volume, ``b"/a/b"``, raw bytes as the file system has them.
        stream: name of the data stream, ``b""`` for the default one.
        parent_address: metadata address of the folder it was listed in.
        address: metadata address (inode, MFT number, directory slot).
        sequence: generation of the address where the file system has one, else 0.
        nth: 0, or 1, 2, … for further entries that agree in all of the above.
    """

    evidence: str
    volume: str
    path: bytes
    stream: bytes = b""
    parent_address: int = 0
    address: int = 0
    sequence: int = 0
    nth: int = 0

    def key(self) -> bytes:
        """Give 16 bytes that stand for this identity in the store."""
        return identity(
            identity_head(self.evidence, self.volume),
            self.path,
            self.stream,
            self.parent_address,
            self.address,
            self.sequence,
            self.nth,
        )

    def __reduce__(self) -> tuple[Callable[..., EntryRef], tuple[Any, ...]]:
        """Travel as plain fields, see :class:`Times`."""
        return made_ref, (
            self.evidence,
            self.volume,
            self.path,
            self.stream,
            self.parent_address,
            self.address,
            self.sequence,
            self.nth,
        )


def identity_head(evidence: str, volume: str) -> bytes:
    """Give the part of an identity that the entries of a volume share."""
    parts = evidence.encode(), volume.encode()
    return b"".join(_LENGTH(len(part)) + part for part in parts)


def identity(  # noqa: PLR0913, PLR0917 (the fields of a reference in order)
    head: bytes,
    path: bytes,
    stream: bytes,
    parent_address: int,
    address: int,
    sequence: int,
    nth: int,
) -> bytes:
    """Give the 16 bytes of :meth:`EntryRef.key`: each part with its length, numbers in 16 bytes.

    Args:
        head: as :func:`identity_head` gives it.
    """
    numbers = parent_address, address, sequence, nth
    try:
        tail = _NUMBERS(
            parent_address,
            parent_address >> 63,
            address,
            address >> 63,
            sequence,
            sequence >> 63,
            nth,
            0,
        )
    except error:
        tail = b"".join(number.to_bytes(16, "little", signed=True) for number in numbers)
    return hashlib.blake2b(
        head + _LENGTH(len(path)) + path + _LENGTH(len(stream)) + stream + tail, digest_size=16
    ).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """An entry as the file system tells of it, before any of its content is read.

    Attributes:
        size_bytes: size of this stream as recorded.
        first_block_offset_bytes: offset on the medium of the first byte of content, ``None`` where
            there is none of its own (resident, sparse, empty, unknown).
        no_content: why the content cannot or need not be read, when the listing already knows it;
            a value of :class:`triage.model.outcome.SkipReason`, else ``""``.
        extents: ``(offset_bytes, length_bytes)`` on the medium, in order of content, adding up to
            ``size_bytes``, where the content lies there as it is: allocated in full, not packed,
            not encrypted. Empty where it has to be read by way of the file system.
        detail: words to go with ``no_content``.
        container: the archive that this entry was found in, ``None`` for entries of a file system.
            Its path then is the archive's path followed by the path inside the archive.
        partial: only a first part of the content is there: carved, and cut short by what was
            written over it.
    """

    ref: EntryRef
    kind: EntryKind
    allocation: Allocation
    size_bytes: int
    times: Times = Times()
    first_block_offset_bytes: int | None = None
    extents: tuple[tuple[int, int], ...] = ()
    resident: bool = False
    compressed: bool = False
    sparse: bool = False
    encrypted: bool = False
    no_content: str = ""
    detail: str = ""
    container: FileEntry | None = None
    origin: Origin = Origin.FILE
    partial: bool = False

    def __reduce__(self) -> tuple[Callable[..., FileEntry], tuple[Any, ...]]:
        """Travel as plain fields, see :class:`Times`."""
        return made_entry, (
            self.ref,
            self.kind.value,
            self.allocation.value,
            self.size_bytes,
            self.times,
            self.first_block_offset_bytes,
            self.extents,
            self.resident,
            self.compressed,
            self.sparse,
            self.encrypted,
            self.no_content,
            self.detail,
            self.container,
            self.origin.value,
            self.partial,
        )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class DirectoryRef:
    """A folder still to be listed.

    Attributes:
        path: path inside the volume, ``b"/"`` for the root.
        address: metadata address; a volume's folders are listed once an address.
        live: false when the folder itself is deleted or orphan; what lies in it is then too.
    """

    volume: str
    path: bytes
    address: int
    sequence: int = 0
    live: bool = True
    orphan: bool = False
    depth: int = 0

    def __reduce__(self) -> tuple[Callable[..., DirectoryRef], tuple[Any, ...]]:
        """Travel as plain fields, see :class:`Times`."""
        return made_directory, (
            self.volume,
            self.path,
            self.address,
            self.sequence,
            self.live,
            self.orphan,
            self.depth,
        )


_KINDS = {kind.value: kind for kind in EntryKind}
_ALLOCATIONS = {allocation.value: allocation for allocation in Allocation}
_ORIGINS = {origin.value: origin for origin in Origin}


def _bare(of: type) -> type:
    """Give a class with the slots of a frozen one, whose instances can be filled and become its.

    Python lets an instance change its class where both have the same ``__slots__``; a frozen value
    is then made in a third of the time that its own constructor takes.
    """
    return type(f"Bare{of.__name__}", (), {"__slots__": of.__slots__})  # type: ignore[attr-defined]


_BareTimes, _BareRef = _bare(Times), _bare(EntryRef)
_BareEntry, _BareDirectory = _bare(FileEntry), _bare(DirectoryRef)


def made_times(
    modified_ns: int | None,
    accessed_ns: int | None,
    changed_ns: int | None,
    created_ns: int | None,
    naive_local: bool,  # noqa: FBT001 (a field in order)
) -> Times:
    """Make times quickly from their fields in order."""
    one: Any = _BareTimes()
    one.modified_ns = modified_ns
    one.accessed_ns = accessed_ns
    one.changed_ns = changed_ns
    one.created_ns = created_ns
    one.naive_local = naive_local
    one.__class__ = Times
    return one  # type: ignore[no-any-return]


def made_ref(  # noqa: PLR0913, PLR0917 (its fields in order)
    evidence: str,
    volume: str,
    path: bytes,
    stream: bytes,
    parent_address: int,
    address: int,
    sequence: int,
    nth: int,
) -> EntryRef:
    """Make a reference quickly from its fields in order."""
    one: Any = _BareRef()
    one.evidence = evidence
    one.volume = volume
    one.path = path
    one.stream = stream
    one.parent_address = parent_address
    one.address = address
    one.sequence = sequence
    one.nth = nth
    one.__class__ = EntryRef
    return one  # type: ignore[no-any-return]


def made_entry(  # noqa: PLR0913, PLR0917 (its fields in order)
    ref: EntryRef,
    kind: str,
    allocation: str,
    size_bytes: int,
    times: Times,
    first_block_offset_bytes: int | None,
    extents: tuple[tuple[int, int], ...],
    resident: bool,  # noqa: FBT001 (a field in order)
    compressed: bool,  # noqa: FBT001 (a field in order)
    sparse: bool,  # noqa: FBT001 (a field in order)
    encrypted: bool,  # noqa: FBT001 (a field in order)
    no_content: str,
    detail: str,
    container: FileEntry | None,
    origin: str = "file",
    partial: bool = False,  # noqa: FBT001, FBT002 (a field in order)
) -> FileEntry:
    """Make an entry quickly from its fields in order; kinds by their values."""
    one: Any = _BareEntry()
    one.ref = ref
    one.kind = _KINDS[kind]
    one.allocation = _ALLOCATIONS[allocation]
    one.size_bytes = size_bytes
    one.times = times
    one.first_block_offset_bytes = first_block_offset_bytes
    one.extents = extents
    one.resident = resident
    one.compressed = compressed
    one.sparse = sparse
    one.encrypted = encrypted
    one.no_content = no_content
    one.detail = detail
    one.container = container
    one.origin = _ORIGINS[origin]
    one.partial = partial
    one.__class__ = FileEntry
    return one  # type: ignore[no-any-return]


def made_directory(  # noqa: PLR0913, PLR0917 (its fields in order)
    volume: str,
    path: bytes,
    address: int,
    sequence: int,
    live: bool,  # noqa: FBT001 (a field in order)
    orphan: bool,  # noqa: FBT001 (a field in order)
    depth: int,
) -> DirectoryRef:
    """Make a reference to a folder quickly from its fields in order."""
    one: Any = _BareDirectory()
    one.volume = volume
    one.path = path
    one.address = address
    one.sequence = sequence
    one.live = live
    one.orphan = orphan
    one.depth = depth
    one.__class__ = DirectoryRef
    return one  # type: ignore[no-any-return]
