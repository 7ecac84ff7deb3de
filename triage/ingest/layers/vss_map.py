"""Reads from a VSS catalog where the stores of shadow copies lie, and which blocks they hold."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from triage.ingest.container import Container

BLOCK_BYTES = 0x4000
HEAD_OFFSET = 0x1E00
IDENTIFIER = uuid.UUID("3808876b-c176-4e48-b7ae-04046e6cc752").bytes_le

_HEAD = struct.Struct("<16sII24xQ")
_BLOCK_HEAD_BYTES = 128
_HEAD_RECORD, _CATALOG, _LIST, _STORE, _RANGES, _BITMAP = 1, 2, 3, 4, 5, 6
_ENTRY_BYTES = 128
_STORE_ENTRY = 3
_DESCRIPTOR = struct.Struct("<QQQII")
_FORWARDS, _UNUSED = 1, 4
_STORE_LIMIT = 512
"""So many shadow copies Windows keeps of one volume at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where the parts of one store begin on the volume, in bytes; 0 where it has no such part."""

    identifier: str
    lists: int
    parts: tuple[tuple[int, int], ...]
    """Start of each chain of blocks that holds no data, and the type of its blocks."""


def has_stores(container: Container, offset_bytes: int, length_bytes: int) -> bool:
    """Tell a volume with a catalog of shadow copies."""
    if length_bytes < HEAD_OFFSET + 512:
        return False
    raw = container.read_at(offset_bytes + HEAD_OFFSET, 512)
    if len(raw) < 512:
        return False
    identifier, _, kind, catalog = _HEAD.unpack_from(raw)
    return bool(identifier == IDENTIFIER and kind == _HEAD_RECORD and catalog > 0)


class ShadowMap:
    """What the catalog and the lists of one volume say of blocks, read when it is asked for.

    Source: J. Metz, *Volume Shadow Snapshot (VSS)* (documentation of libvshadow).
    """

    def __init__(self, container: Container, offset_bytes: int, length_bytes: int) -> None:
        self._container = container
        self._base = offset_bytes
        self._blocks = -(-length_bytes // BLOCK_BYTES)
        self.size_bytes = length_bytes
        self.stores = {store.identifier: store for store in self._read_stores()}

    def held(self, stores: Iterable[str]) -> Iterator[tuple[int, int]]:
        """Give which block of the volume each block of some stores holds: its place, and whose.

        A block that leads to another one, in a newer store, is given with both and no place, -1.
        """
        for identifier in stores:
            store = self.stores.get(identifier)
            if store is None:
                continue
            for raw in self._chain(store.lists, _LIST):
                for original, relative, place, flags, _ in _DESCRIPTOR.iter_unpack(
                    raw[_BLOCK_HEAD_BYTES:]
                ):
                    if flags & _UNUSED or not (original or relative or place):
                        continue
                    yield -1 if flags & _FORWARDS else place, original
                    if flags & _FORWARDS:
                        yield -1, relative

    def changed(self, stores: Iterable[str]) -> bytearray:
        """Give one byte a block of the volume: 1 where some stores hold what it was before."""
        found = bytearray(self._blocks)
        for _, original in self.held(stores):
            for block in (original // BLOCK_BYTES, -(-original // BLOCK_BYTES)):
                if block < self._blocks:
                    found[block] = 1
        return found

    def bookkeeping(self) -> Iterator[int]:
        """Give where on the volume each block lies that says where others lie."""
        raw = self._read(HEAD_OFFSET, 512)
        yield HEAD_OFFSET
        for start, _ in self._chained(_HEAD.unpack_from(raw)[3] if len(raw) == 512 else 0, 2):
            yield start
        for store in self.stores.values():
            for first, kind in store.parts:
                for start, _ in self._chained(first, kind):
                    yield start

    def _read_stores(self) -> Iterator[Store]:
        raw = self._read(HEAD_OFFSET, 512)
        catalog = _HEAD.unpack_from(raw)[3] if len(raw) == 512 else 0
        count = 0
        for block in self._chain(catalog, _CATALOG):
            for at in range(_BLOCK_HEAD_BYTES, BLOCK_BYTES, _ENTRY_BYTES):
                kind, lists = struct.unpack_from("<QQ", block, at)
                if kind != _STORE_ENTRY or count == _STORE_LIMIT:
                    continue
                count += 1
                head, ranges, bitmap = struct.unpack_from("<QQQ", block, at + 32)
                (before,) = struct.unpack_from("<Q", block, at + 72)
                yield Store(
                    identifier=str(uuid.UUID(bytes_le=block[at + 16 : at + 32])),
                    lists=lists,
                    parts=(
                        (head, _STORE),
                        (lists, _LIST),
                        (ranges, _RANGES),
                        (bitmap, _BITMAP),
                        (before, _BITMAP),
                    ),
                )

    def _chain(self, first: int, kind: int) -> Iterator[bytes]:
        for _, raw in self._chained(first, kind):
            yield raw

    def _chained(self, first: int, kind: int) -> Iterator[tuple[int, bytes]]:
        """Give a chain of blocks of one type, each with its place; one in a circle ends."""
        at, seen = first, set[int]()
        while at and at not in seen and len(seen) <= self._blocks:
            seen.add(at)
            raw = self._read(at, BLOCK_BYTES)
            if len(raw) < BLOCK_BYTES:
                return
            identifier, _, stands = struct.unpack_from("<16sII", raw)
            if identifier != IDENTIFIER or stands != kind:
                return
            yield at, raw
            (at,) = struct.unpack_from("<Q", raw, 40)

    def _read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size_bytes:
            return b""
        return self._container.read_at(self._base + offset, length)
