"""The two levels of tables that tell where the clusters of a QCOW disk lie."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.filetables import FilePages, FileTable
from triage.ingest.containers.pieces import (
    How,
    Piece,
    Unpack,
    from_parent,
    lost,
    plain,
    zeros,
)

_OFFSET = 0x00FFFFFFFFFFFE00
_SUBCLUSTERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The geometry of a QCOW disk.

    Attributes:
        l2_entries: clusters that one table of the second level tells of.
        subclusters: each cluster is told of in 32 parts.
        data_file: which file holds the clusters; the tables are always in the first.
        zero_flag: the lowest bit of an entry means a cluster of zeros.
        unpack: of a packed cluster.
    """

    size_bytes: int
    cluster_bits: int
    l2_entries: int
    l1_offset_bytes: int
    l1_entries: int
    unpack: Unpack
    first_version: bool = False
    subclusters: bool = False
    zero_flag: bool = False
    data_file: int = 0


class QcowMap:
    """Finds clusters; see "The QCOW2 image format" for the bits of an entry."""

    def __init__(self, files: SegmentFiles, shape: Shape) -> None:
        self.size_bytes = shape.size_bytes
        self._shape = shape
        self._pages = FilePages(files)
        self._first = FileTable(self._pages, shape.l1_offset_bytes, shape.l1_entries, ">Q")
        self._cluster_bytes = 1 << shape.cluster_bits
        self._span = shape.l2_entries << shape.cluster_bits

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the cluster of a position is."""
        table, within = divmod(offset_bytes, self._span)
        entry = self._first.get(table)
        if entry is None:
            return lost(self._span - within, "the first table of clusters cannot be read")
        at = entry & (_OFFSET if not self._shape.first_version else (1 << 63) - 1)
        if at == 0:
            return from_parent(self._span - within)
        width = 16 if self._shape.subclusters else 8
        second = FileTable(self._pages, at, self._shape.l2_entries * width // 8, ">Q")
        return self._cluster(second, within // self._cluster_bytes, within % self._cluster_bytes)

    def _cluster(self, second: FileTable, cluster: int, skip: int) -> Piece:
        entry = second.get(cluster * (2 if self._shape.subclusters else 1))
        if entry is None:
            return lost(self._cluster_bytes - skip, "a table of clusters cannot be read")
        if self._shape.first_version:
            return self._of_first_version(entry, skip)
        if entry >> 62 & 1:
            return self._packed(entry, skip)
        if self._shape.subclusters:
            return self._part(entry, second.get(cluster * 2 + 1), skip)
        if self._shape.zero_flag and entry & 1:
            return zeros(self._cluster_bytes - skip)
        return self._stored(entry, skip, self._cluster_bytes - skip)

    def _stored(self, entry: int, skip: int, length_bytes: int) -> Piece:
        at = entry & _OFFSET
        # In a data file of its own a cluster may lie at 0: it then says that it is there.
        if at == 0 and not (self._shape.data_file and entry >> 63):
            return from_parent(length_bytes)
        return plain(length_bytes, at + skip, self._shape.data_file)

    def _part(self, entry: int, bitmap: int | None, skip: int) -> Piece:
        size = self._cluster_bytes // _SUBCLUSTERS
        number, within = divmod(skip, size)
        if bitmap is None:
            return lost(size - within, "a table of clusters cannot be read")
        if bitmap >> (number + 32) & 1:
            return zeros(size - within)
        if bitmap >> number & 1:
            return self._stored(entry, skip, size - within)
        return from_parent(size - within)

    def _packed(self, entry: int, skip: int) -> Piece:
        bits = 62 - (self._shape.cluster_bits - 8)
        at = entry & ((1 << bits) - 1)
        sectors = (entry & ((1 << 62) - 1)) >> bits
        return self._of_packed(at, (sectors + 1) * 512 - (at & 511), skip)

    def _of_packed(self, at: int, packed_bytes: int, skip: int) -> Piece:
        return Piece(
            length_bytes=self._cluster_bytes - skip,
            how=How.PACKED,
            offset_bytes=at,
            packed_bytes=packed_bytes,
            block_bytes=self._cluster_bytes,
            skip_bytes=skip,
            unpack=self._shape.unpack,
        )

    def _of_first_version(self, entry: int, skip: int) -> Piece:
        if not entry >> 63:
            whole = self._cluster_bytes - skip
            return plain(whole, entry + skip) if entry else from_parent(whole)
        bits = 63 - self._shape.cluster_bits
        length = (entry & ((1 << 63) - 1)) >> bits
        return self._of_packed(entry & ((1 << bits) - 1), length, skip)
