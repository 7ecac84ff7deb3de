"""The bucket table of one band: which digests share a key, and sixteen bits more of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows
from triage.matching.indexes.bandplan import TAG_BITS, Band, bits_of, numbers_of

BLOCK_BUCKETS = 64
"""Buckets that share one full start; within them a start is known by its low 16 bits."""
TABLE_PARTS = ("lows", "blocks", "wide", "tags", "ids")
_LARGEST = (1 << 16) - 1
_ROW_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class BandTable:
    """The entries of a band, bucket by bucket, and within a bucket by row number.

    Attributes:
        lows: low 16 bits of each bucket's start, and of the end of the last; shape (buckets + 1,).
        blocks: start of every 64th bucket, in full.
        wide: buckets whose start or count 16 bits cannot tell, ascending: bucket, start and count;
            shape (n, 3).
        tags: the first 16 bits of the following band, one an entry.
        ids: row numbers, in as few bytes as the number of rows needs, lowest first;
            shape (entries, bytes).
    """

    lows: NDArray[np.uint16]
    blocks: NDArray[np.uint32]
    wide: NDArray[np.uint32]
    tags: NDArray[np.uint16]
    ids: Rows

    def runs(self, buckets: Numbers) -> tuple[Numbers, Numbers]:
        """Give where buckets start and how many entries they hold."""
        low = self.lows.take(buckets, mode="clip")
        ends = self.lows[1:].take(buckets, mode="clip")
        block = self.blocks.take(buckets // BLOCK_BUCKETS, mode="clip")
        # Numbers of 16 bits wrap round, which is what is wanted below 65,536.
        starts = (block + (low - block.astype(np.uint16))).astype(np.int64)
        counts = (ends - low).astype(np.int64)
        if len(self.wide):
            at = np.searchsorted(self.wide[:, 0], buckets.astype(np.uint32))
            at = np.minimum(at, len(self.wide) - 1)
            hit = np.flatnonzero(self.wide[at, 0] == buckets)
            starts[hit], counts[hit] = self.wide[at[hit], 1], self.wide[at[hit], 2]
        return starts, counts

    def rows_at(self, places: Numbers) -> Numbers:
        """Give the row numbers of entries."""
        taken = np.zeros((len(places), 4), np.uint8)
        taken[:, : self.ids.shape[1]] = self.ids.take(places, axis=0, mode="clip")
        return taken.view("<u4").reshape(-1).astype(np.int64)


def id_bytes(count: int) -> int:
    """Tell how many bytes a row number needs."""
    return max(1, (max(0, count - 1).bit_length() + 7) // 8)


def blocks_of(band: Band) -> int:
    """Count the blocks of a band's buckets."""
    return -(-band.buckets // BLOCK_BUCKETS)


def band_table(rows: Rows, band: Band, chosen: Numbers | None = None) -> BandTable:
    """Sort rows by one band; needs about 30 bytes a row while it works.

    Args:
        chosen: the numbers of the rows that are wanted, ascending; ``None`` for all.
    """
    chosen = np.arange(len(rows)) if chosen is None else chosen
    packed = np.empty(len(chosen), np.uint64)
    tags = np.empty(len(rows), np.uint16)
    for start in range(0, len(chosen), _ROW_BLOCK):
        number = chosen[start : start + _ROW_BLOCK]
        part = numbers_of(rows[number])
        keys = bits_of(part, band.first_bit, band.key_bits)
        packed[start : start + len(part)] = keys << np.uint64(32) | number.astype(np.uint64)
        tags[number] = bits_of(part, band.tag_bit, TAG_BITS)
    packed.sort()
    keys = (packed >> np.uint64(32)).view(np.int64)
    starts = np.zeros(band.buckets + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=band.buckets), out=starts[1:])
    blocks = starts[:-1:BLOCK_BUCKETS]
    ids = packed.astype("<u4")
    return BandTable(
        lows=starts.astype(np.uint16),
        blocks=blocks.astype(np.uint32),
        wide=_wide(starts, blocks),
        tags=tags[ids],
        ids=np.ascontiguousarray(ids.view(np.uint8).reshape(-1, 4)[:, : id_bytes(len(rows))]),
    )


def _wide(starts: Numbers, blocks: Numbers) -> NDArray[np.uint32]:
    """List the buckets that 16 bits cannot tell; there are few, as each takes 65,536 entries."""
    counts = np.diff(starts)
    beyond = starts[:-1] - np.repeat(blocks, BLOCK_BUCKETS)[: len(counts)] > _LARGEST
    bucket = np.flatnonzero(beyond | (counts > _LARGEST))
    return np.stack([bucket, starts[bucket], counts[bucket]], axis=1).astype(np.uint32)
