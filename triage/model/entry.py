"""One name in one directory of one volume: the unit that is listed, digested and reported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


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
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.evidence.encode(), self.volume.encode(), self.path, self.stream):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        for number in (self.parent_address, self.address, self.sequence, self.nth):
            digest.update(number.to_bytes(16, "little", signed=True))
        return digest.digest()


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
