"""Reads from APFS superblocks what libfsapfs does not tell: size, snapshots, a sealed system."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from triage.ingest.container import Container
from triage.model.display import printable

SNAPSHOT_LIMIT = 100
"""More snapshots of one volume are counted, but not named."""

_NODE_LIMIT = 4096
_DESCRIPTOR_LIMIT = 4096
_LEVELS = 16
_BLOCK_SIZES = tuple(1 << bits for bits in range(12, 17))
_POOL, _VOLUME = b"NXSB", b"APSB"
_ROOT_NODE, _FIXED_ENTRIES = 1, 4
_TREE_FACTS_BYTES = 40
_SNAPSHOT_RECORD = 1
_SEALED = 0x20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFacts:
    """What a volume superblock says.

    Attributes:
        snapshots: of each its name and when it was taken, in words.
        counted: how many the superblock counts.
        sealed: a system volume of macOS whose contents lie in a tree of their own.
    """

    snapshots: tuple[str, ...]
    counted: int
    sealed: bool

    def words(self) -> Iterator[str]:
        """Say of each snapshot that it was not looked into."""
        for told in self.snapshots[:SNAPSHOT_LIMIT]:
            yield f"snapshot {told}: not looked into, the volume is examined as it is now"
        more = max(self.counted, len(self.snapshots)) - min(len(self.snapshots), SNAPSHOT_LIMIT)
        if more:
            yield f"{more} more snapshot(s) without a name that reads: not looked into"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """What the newest superblock of a container says; volumes by their UUID."""

    size_bytes: int
    volumes: dict[str, VolumeFacts]


def pool_facts(container: Container, base_bytes: int) -> PoolFacts:
    """Read the superblocks of an APFS container; what does not read is left out.

    Source: Apple, *Apple File System Reference*, chapters on containers, object maps, B-trees,
    volumes and snapshot metadata.
    """
    head = container.read_at(base_bytes, 4096)
    (block_bytes,) = struct.unpack_from("<I", head, 36) if len(head) == 4096 else (0,)
    if block_bytes not in _BLOCK_SIZES or head[32:36] != _POOL:
        return PoolFacts(size_bytes=0, volumes={})
    return _Pool(container, base_bytes, block_bytes).facts()


class _Pool:
    """The blocks of one container; each node is read once, so that none leads in a circle."""

    def __init__(self, container: Container, base_bytes: int, block_bytes: int) -> None:
        self._container = container
        self._base = base_bytes
        self._block_bytes = block_bytes

    def facts(self) -> PoolFacts:
        newest = self._newest(self._block(0))
        (blocks,) = struct.unpack_from("<Q", newest, 40)
        (map_place,) = struct.unpack_from("<Q", newest, 160)
        wanted = {one for one in struct.unpack_from("<100Q", newest, 184) if one}
        places: dict[int, int] = {}
        object_map = self._block(map_place)
        if len(object_map) == self._block_bytes:
            (root,) = struct.unpack_from("<Q", object_map, 48)
            for key, value in self._records(root):
                if len(key) == 16 and len(value) == 16:  # keys rise, so the newest comes last
                    places[int.from_bytes(key[:8], "little")] = int.from_bytes(value[8:], "little")
        found = dict(self._volume(places[one]) for one in sorted(wanted) if one in places)
        found.pop("", None)
        return PoolFacts(size_bytes=blocks * self._block_bytes, volumes=found)

    def _block(self, number: int) -> bytes:
        """Give a block, nothing where its checksum says that it is not as it was written."""
        if number >> 48:
            return b""
        at = self._base + number * self._block_bytes
        raw = self._container.read_at(at, self._block_bytes)
        return raw if len(raw) == self._block_bytes and _sound(raw) else b""

    def _newest(self, first: bytes) -> bytes:
        """Give the superblock of the last transaction, out of the area that holds them in turn."""
        if not first:
            return bytes(self._block_bytes)
        count, _, start = struct.unpack_from("<IIQ", first, 104)
        newest, last = first, int.from_bytes(first[16:24], "little")
        for number in range(start, start + min(count & 0x7FFFFFFF, _DESCRIPTOR_LIMIT)):
            raw = b"" if count >> 31 else self._block(number)
            transaction = int.from_bytes(raw[16:24], "little")
            if raw[32:36] == _POOL and transaction > last:
                newest, last = raw, transaction
        return newest

    def _volume(self, place: int) -> tuple[str, VolumeFacts]:
        raw = self._block(place)
        if raw[32:36] != _VOLUME:
            return "", VolumeFacts(snapshots=(), counted=0, sealed=False)
        (features,) = struct.unpack_from("<Q", raw, 56)
        (tree,) = struct.unpack_from("<Q", raw, 152)
        (counted,) = struct.unpack_from("<Q", raw, 216)
        told = tuple(_snapshots(self._records(tree))) if counted else ()
        facts = VolumeFacts(snapshots=told, counted=counted, sealed=bool(features & _SEALED))
        return str(uuid.UUID(bytes=raw[240:256])), facts

    def _records(self, root: int) -> Iterator[tuple[bytes, bytes]]:
        yield from self._node(root, _LEVELS, set())

    def _node(self, number: int, levels: int, seen: set[int]) -> Iterator[tuple[bytes, bytes]]:
        raw = b"" if number in seen or len(seen) >= _NODE_LIMIT else self._block(number)
        if not raw or not levels:
            return
        seen.add(number)
        flags, level = struct.unpack_from("<HH", raw, 32)
        for key, value in _entries(raw, flags, leaf=not level):
            if not level:
                yield key, value
            elif len(value) >= 8:
                child = int.from_bytes(value[:8], "little")
                yield from self._node(child, levels - 1, seen)


def _entries(raw: bytes, flags: int, *, leaf: bool) -> Iterator[tuple[bytes, bytes]]:
    """Give keys and values of a node: those of fixed size are all of an object map."""
    count, start, length = struct.unpack_from("<IHH", raw, 36)
    table = 56 + start
    keys = table + length
    end = len(raw) - (_TREE_FACTS_BYTES if flags & _ROOT_NODE else 0)
    each = 4 if flags & _FIXED_ENTRIES else 8
    for at in range(table, min(table + count * each, end - each), each):
        if each == 4:
            key, value = struct.unpack_from("<HH", raw, at)
            key_bytes, value_bytes = 16, 16 if leaf else 8
        else:
            key, key_bytes, value, value_bytes = struct.unpack_from("<HHHH", raw, at)
        yield raw[keys + key : keys + key + key_bytes], raw[end - value :][:value_bytes]


def _snapshots(records: Iterator[tuple[bytes, bytes]]) -> Iterator[str]:
    for key, value in records:
        if len(key) < 8 or key[7] >> 4 != _SNAPSHOT_RECORD or len(value) < 50:
            continue
        (made,) = struct.unpack_from("<Q", value, 16)
        (length,) = struct.unpack_from("<H", value, 48)
        name = printable(value[50 : 50 + length].rstrip(b"\0"))
        yield f"{name} of {_moment(made)}"


def _moment(nanoseconds: int) -> str:
    try:
        taken = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return "an impossible time"
    return taken.strftime("%Y-%m-%d %H:%M:%S UTC")


def _sound(raw: bytes) -> bool:
    """Check a block against the Fletcher sum of 64 bits in its first eight bytes."""
    low = high = 0
    for (word,) in struct.iter_unpack("<I", raw[8:]):
        low += word
        high += low
    modulus = 0xFFFFFFFF
    check = modulus - (low + high) % modulus
    return int.from_bytes(raw[:8], "little") == (modulus - (low + check) % modulus) << 32 | check
