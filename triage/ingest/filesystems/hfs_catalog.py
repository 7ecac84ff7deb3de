"""Reads the names of one folder from an HFS+ catalog, where The Sleuth Kit gives up.

The Sleuth Kit 4.15 takes the thread record of a folder for damaged when it stands within 520 bytes
of the end of its node, which is so for several folders in a hundred, and then lists none of its
files. Layout: Apple Technical Note 1150.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_LEAF, _INDEX = 0xFF, 0x00
_FOLDER, _FILE = 1, 2
_DEPTH_LIMIT = 64


class CatalogError(Exception):
    """The catalog contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One name in a folder, with the number of its record."""

    raw: bytes
    identifier: int
    folder: bool


class Catalog:
    """The catalog B-tree of one volume.

    Args:
        read: gives bytes of the catalog file from an offset and a length.

    Raises:
        CatalogError: there is no B-tree header.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        self._read = read
        header = read(0, 40)
        if len(header) < 40 or header[8] != 1:
            raise CatalogError("no B-tree header")
        self._root: int
        self._node_bytes: int
        self._nodes: int
        self._root, self._node_bytes, self._nodes = struct.unpack(">16xI12xHxxI", header)
        if self._node_bytes < 512:
            raise CatalogError(f"nodes of {self._node_bytes} bytes")

    def children(self, identifier: int) -> Iterator[Child]:
        """Give the names of a folder in the order of the catalog.

        Raises:
            CatalogError: a node does not read, or the tree runs in a circle.
        """
        number, seen = self._leaf(identifier), set()
        while number:
            if number in seen:
                raise CatalogError(f"node {number} comes round again")
            seen.add(number)
            node = self._node(number)
            if node[8] != _LEAF:
                raise CatalogError(f"node {number} is no leaf")
            for offset in self._offsets(node):
                parent = _u32(node, offset + 2)
                if parent > identifier:
                    return
                child = _child(node, offset) if parent == identifier else None
                if child is not None:
                    yield child
            number = _u32(node, 0)

    def _leaf(self, identifier: int) -> int:
        """Give the leaf in which the records of a folder begin."""
        number = self._root
        for _ in range(_DEPTH_LIMIT):
            node = self._node(number)
            if node[8] == _LEAF:
                return number
            below = 0
            for offset in self._offsets(node):
                if below and _u32(node, offset + 2) >= identifier:
                    break
                below = _u32(node, offset + 2 + _u16(node, offset))
            number = below
        raise CatalogError("the tree is too deep")

    def _node(self, number: int) -> bytes:
        if not 0 < number < self._nodes:
            raise CatalogError(f"node {number} lies outside the catalog")
        node = self._read(number * self._node_bytes, self._node_bytes)
        if len(node) != self._node_bytes:
            raise CatalogError(f"node {number} does not read")
        return node

    def _offsets(self, node: bytes) -> Iterator[int]:
        for index in range(_u16(node, 10)):
            place = self._node_bytes - 2 * (index + 1)
            if place < 14:
                raise CatalogError("more records than a node holds")
            yield _u16(node, place)


def _child(node: bytes, offset: int) -> Child | None:
    data = offset + 2 + _u16(node, offset)
    kind = _u16(node, data)
    if kind not in (_FOLDER, _FILE):
        return None
    length = _u16(node, offset + 6)
    if 8 + 2 * length > data - offset:
        raise CatalogError("a name is longer than its key")
    text = node[offset + 8 : offset + 8 + 2 * length].decode("utf-16-be", "surrogatepass")
    raw = text.replace("/", ":").replace("\0", "^").encode("utf-8", "surrogatepass")
    return Child(raw=raw, identifier=_u32(node, data + 8), folder=kind == _FOLDER)


def _u16(raw: bytes, offset: int) -> int:
    part = raw[offset : offset + 2]
    if len(part) != 2:
        raise CatalogError("a record reaches beyond its node")
    return int.from_bytes(part, "big")


def _u32(raw: bytes, offset: int) -> int:
    part = raw[offset : offset + 4]
    if len(part) != 4:
        raise CatalogError("a record reaches beyond its node")
    return int.from_bytes(part, "big")
