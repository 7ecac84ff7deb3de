"""Entries as plain rows, in which a listing travels from a worker and goes into the store."""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from triage.model.entry import (
    FileEntry,
    Origin,
    identity,
    identity_head,
    made_entry,
    made_ref,
    made_times,
)
from triage.model.extents import packed, unpacked

Row = tuple[Any, ...]
"""The columns of an entry, in the order of :data:`COLUMNS`."""

COLUMNS = (
    "entry_key",
    "path",
    "stream",
    "parent_address",
    "address",
    "sequence",
    "nth",
    "kind",
    "allocation",
    "size_bytes",
    "modified_ns",
    "accessed_ns",
    "changed_ns",
    "created_ns",
    "naive_local",
    "first_block_offset_bytes",
    "extents",
    "flags",
    "no_content",
    "detail",
)
"""``first_block_offset_bytes`` is -1 where there is none; ``flags`` are bits, see below."""

PATH, STREAM, SIZE, FIRST_BLOCK, EXTENTS = map(
    COLUMNS.index, ("path", "stream", "size_bytes", "first_block_offset_bytes", "extents")
)
"""Places of what reading looks at."""

RESIDENT, COMPRESSED, SPARSE, ENCRYPTED = 1, 2, 4, 8
THUMBNAIL, CARVED, PARTIAL = 16, 32, 64

_ORIGIN_BITS = {Origin.FILE: 0, Origin.THUMBNAIL: THUMBNAIL, Origin.CARVED: CARVED}
_ORIGINS = {bits: origin.value for origin, bits in _ORIGIN_BITS.items()}

PAGE_ROWS = 4096
"""Rows that are made and unpacked together."""

_SQUEEZED_FROM = 4 * PAGE_ROWS
"""A folder of more names than this is packed by zlib as well: it waits in memory for its turn."""


class Packed(Sequence[FileEntry]):
    """The entries of one folder or archive: counted at once, made when they are looked at.

    Args:
        pages: up to :data:`PAGE_ROWS` rows each, by :mod:`marshal`, as another process of this
            program wrote them.
        container: the archive that all of them lie in.
    """

    __slots__ = ("_container", "_count", "_evidence", "_pages", "_volume")

    def __init__(
        self,
        evidence: str,
        volume: str,
        container: FileEntry | None,
        count: int,
        pages: tuple[bytes, ...],
    ) -> None:
        self._evidence = evidence
        self._volume = volume
        self._container = container
        self._count = count
        self._pages = pages

    def __reduce__(self) -> tuple[type[Packed], tuple[Any, ...]]:
        """Travel as it is."""
        return Packed, self.parts

    @property
    def parts(self) -> tuple[str, str, FileEntry | None, int, tuple[bytes, ...]]:
        """What it is made of, in the order in which it is made."""
        return self._evidence, self._volume, self._container, self._count, self._pages

    def rows(self) -> Iterator[list[Row]]:
        """Yield pages of rows; one page at a time is unpacked."""
        for page in self._pages:
            raw = zlib.decompress(page[1:]) if page[:1] == b"z" else page[1:]
            yield marshal.loads(raw)  # noqa: S302 (written by this program, see Packer)

    def squeezed(self) -> Packed:
        """Give the same entries in less memory, for as long as they wait."""
        pages = tuple(page if page[:1] == b"z" else _squeezed(page[1:]) for page in self._pages)
        return Packed(self._evidence, self._volume, self._container, self._count, pages)

    def then(self, others: Sequence[Packed]) -> Packed | None:
        """Give these and other entries as one, ``None`` where they do not share one place."""
        pages, count = list(self._pages), self._count
        for evidence, volume, container, more, added in (other.parts for other in others):
            if (evidence, volume) != (self._evidence, self._volume):
                return None
            if container is not self._container:
                return None
            pages += added
            count += more
        return Packed(self._evidence, self._volume, self._container, count, tuple(pages))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[FileEntry]:
        for page in self.rows():
            for row in page:
                yield entry_of(row, self._evidence, self._volume, self._container)

    @overload
    def __getitem__(self, index: int) -> FileEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FileEntry]: ...
    def __getitem__(self, index: int | slice) -> FileEntry | Sequence[FileEntry]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self._evidence, self._volume, self._count, self._pages))


class Packer:
    """Packs entries one by one, in order; those that agree in identity are numbered."""

    def __init__(self, evidence: str, volume: str, parent_address: int) -> None:
        self._evidence = evidence
        self._volume = volume
        self._parent_address = parent_address
        self._head = identity_head(evidence, volume)
        self._seen: set[bytes] = set()
        self._again: dict[bytes, int] = {}
        self._rows: list[Row] = []
        self._pages: list[bytes] = []
        self._count = 0

    def add(  # noqa: PLR0913, PLR0917 (the columns in order; called once an entry)
        self,
        path: bytes,
        stream: bytes,
        address: int,
        sequence: int,
        kind: str,
        allocation: str,
        size_bytes: int,
        times: tuple[int | None, int | None, int | None, int | None, bool],
        first: int,
        extents: tuple[tuple[int, int], ...],
        flags: int,
        no_content: str,
        detail: str,
    ) -> None:
        """Take the next entry."""
        parent, nth = self._parent_address, 0
        key = identity(self._head, path, stream, parent, address, sequence, 0)
        if key in self._seen:
            nth = self._again[key] = self._again.get(key, 0) + 1
            key = identity(self._head, path, stream, parent, address, sequence, nth)
        else:
            self._seen.add(key)
        self._rows.append(
            (
                key,
                path,
                stream,
                parent,
                address,
                sequence,
                nth,
                kind,
                allocation,
                size_bytes,
                *times,
                first,
                packed(extents, first, size_bytes) if extents else b"",
                flags,
                no_content,
                detail,
            )
        )
        if len(self._rows) == PAGE_ROWS:
            self._turn()

    def done(self) -> Packed:
        """Give what was packed."""
        if self._rows:
            self._turn()
        return Packed(self._evidence, self._volume, None, self._count, tuple(self._pages))

    def _turn(self) -> None:
        self._count += len(self._rows)
        self._pages.append(_page(self._rows, squeezed=self._count > _SQUEEZED_FROM))
        self._rows.clear()


def pack(entries: Sequence[FileEntry]) -> Sequence[FileEntry]:
    """Pack entries that are there already; those that do not share one place stay as they are."""
    if isinstance(entries, Packed) or not entries:
        return entries
    first = entries[0]
    evidence, volume, container = first.ref.evidence, first.ref.volume, first.container
    for entry in entries:
        if entry.container is not container:
            return entries
        if entry.ref.evidence != evidence or entry.ref.volume != volume:
            return entries
    squeezed = len(entries) > _SQUEEZED_FROM
    rows = list(rows_of(entries))
    pages = (rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS))
    packs = tuple(_page(page, squeezed=squeezed) for page in pages)
    return Packed(evidence, volume, container, len(entries), packs)


def rows_of(entries: Iterable[FileEntry]) -> Iterator[Row]:
    """Give the rows of entries."""
    for entry in entries:
        ref, times = entry.ref, entry.times
        first = entry.first_block_offset_bytes
        first = -1 if first is None else first
        yield (
            ref.key(),
            ref.path,
            ref.stream,
            ref.parent_address,
            ref.address,
            ref.sequence,
            ref.nth,
            entry.kind.value,
            entry.allocation.value,
            entry.size_bytes,
            times.modified_ns,
            times.accessed_ns,
            times.changed_ns,
            times.created_ns,
            times.naive_local,
            first,
            packed(entry.extents, first, entry.size_bytes),
            flags_of(entry),
            str(entry.no_content),
            entry.detail,
        )


def flags_of(entry: FileEntry) -> int:
    """Give the properties of a content, and how it came to be listed, as bits."""
    return (
        RESIDENT * entry.resident
        | COMPRESSED * entry.compressed
        | SPARSE * entry.sparse
        | ENCRYPTED * entry.encrypted
        | _ORIGIN_BITS[entry.origin]
        | PARTIAL * entry.partial
    )


def origin_of(flags: int) -> Origin:
    """Read from the bits of an entry how it came to be listed."""
    return Origin(_ORIGINS[flags & (THUMBNAIL | CARVED)])


def entry_of(row: Row, evidence: str, volume: str, container: FileEntry | None) -> FileEntry:
    """Read an entry back from its columns, which may be followed by others."""
    first, flags = row[15], row[17]
    return made_entry(
        made_ref(evidence, volume, row[1], row[2], row[3], row[4], row[5], row[6]),
        row[7],
        row[8],
        row[9],
        made_times(row[10], row[11], row[12], row[13], bool(row[14])),
        None if first < 0 else first,
        unpacked(row[16], first, row[9]),
        bool(flags & RESIDENT),
        bool(flags & COMPRESSED),
        bool(flags & SPARSE),
        bool(flags & ENCRYPTED),
        row[18],
        row[19],
        container,
        _ORIGINS[flags & (THUMBNAIL | CARVED)],
        bool(flags & PARTIAL),
    )


def _page(rows: Sequence[Row], *, squeezed: bool) -> bytes:
    raw = marshal.dumps(list(rows))
    return _squeezed(raw) if squeezed else b"p" + raw


def _squeezed(raw: bytes) -> bytes:
    return b"z" + zlib.compress(raw, 1)
