"""Which sizes the records of a set state, and which digest decides for a file of a size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.pack import ExactTable, OpenPack
from triage.model.digest import Algorithm

Sizes = NDArray[np.uint64]
Kinds = NDArray[np.uint8]

BLOCK_RECORDS = 1 << 20
_MERGED_SIZES = 1 << 22

_SECONDS_A_GB = {Algorithm.SHA256: 0.575, Algorithm.SHA1: 0.537, Algorithm.MD5: 1.379}
"""Measured on a processor with instructions for SHA; only the speed depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeTable:
    """The sizes that the records of some packs state.

    What a record holds is a *kind*: one bit for each place in ``layout.STRENGTH``, 1 to 7. A set
    of kinds is a byte in which bit *k* stands for kind *k*. Records without any of these digests
    are left out: they cannot be found by one.

    Attributes:
        sizes: distinct sizes in bytes, ascending.
        kinds: for each size, the kinds of the records that state it.
        unsized: the kinds of the records that state no size; 0 where all do.
        records: records with an exact digest; ``records_unsized``: those of them without a size.
    """

    sizes: Sizes = field(default_factory=lambda: np.empty(0, np.uint64))
    kinds: Kinds = field(default_factory=lambda: np.empty(0, np.uint8))
    unsized: int = 0
    records: int = 0
    records_unsized: int = 0

    def wanted(self, sizes: Sequence[int]) -> bytes:
        """Give for each size the digests that decide whether a record of it is met.

        Returns:
            A byte a size: a bit for each place in ``layout.STRENGTH``, 0 where no record can be
            met. Every record that states the size, or states none, has at least one of them.
        """
        asked = np.array(sizes, np.uint64)
        kinds = np.full(len(asked), self.unsized, np.uint8)
        if len(self.sizes):
            place = np.minimum(np.searchsorted(self.sizes, asked), len(self.sizes) - 1)
            kinds |= np.where(self.sizes[place] == asked, self.kinds[place], 0).astype(np.uint8)
        return _CHEAPEST[kinds].tobytes()


def size_table(pack: OpenPack) -> SizeTable:
    """Gather the sizes of one pack, block by block, so that memory does not grow with the list."""
    holders = _holders(pack)
    count = pack.manifest.taken
    flags, sizes = pack.whole(layout.FLAGS), pack.whole(layout.SIZES)
    found: dict[int, list[Sizes]] = {}
    unsized = records = records_unsized = 0
    for start in range(0, count, BLOCK_RECORDS):
        stop = min(start + BLOCK_RECORDS, count)
        kinds = _kinds(holders, start, stop)
        stated = kinds > 0
        records += int(np.count_nonzero(stated))
        if flags is None:
            sized = np.zeros(len(kinds), bool)
        else:
            sized = stated & ((flags[start:stop] & layout.HAS_SIZE) != 0)
        without = kinds[stated & ~sized]
        records_unsized += len(without)
        unsized |= _as_set(without)
        here = np.zeros(len(kinds), np.uint64) if sizes is None else sizes[start:stop]
        for kind in np.unique(kinds[sized]).tolist():
            _gather(found.setdefault(kind, []), here[sized & (kinds == kind)])
    merged = _merged((kind, _distinct(parts)) for kind, parts in found.items())
    return SizeTable(
        sizes=merged[0],
        kinds=merged[1],
        unsized=unsized,
        records=records,
        records_unsized=records_unsized,
    )


def joined(tables: Iterable[SizeTable]) -> SizeTable:
    """Give one table for several packs."""
    tables = tuple(tables)
    parts: list[tuple[int, Sizes]] = []
    for table in tables:
        for kind in range(1, 8):
            has = (table.kinds >> kind) & 1 > 0
            if has.any():
                parts.append((kind, table.sizes[has]))
    sizes, kinds = _merged(parts)
    unsized = 0
    for table in tables:
        unsized |= table.unsized
    return SizeTable(
        sizes=sizes,
        kinds=kinds,
        unsized=unsized,
        records=sum(table.records for table in tables),
        records_unsized=sum(table.records_unsized for table in tables),
    )


def _holders(pack: OpenPack) -> list[tuple[int, ExactTable]]:
    """Give for each digest that occurs its bit, and its table."""
    tables = ((1 << place, pack.exact(name)) for place, name in enumerate(layout.STRENGTH))
    return [(bit, table) for bit, table in tables if table is not None]


def _kinds(holders: list[tuple[int, ExactTable]], start: int, stop: int) -> Kinds:
    kinds = np.zeros(stop - start, np.uint8)
    for bit, table in holders:
        kinds[table.holds_between(start, stop)] |= np.uint8(bit)
    return kinds


def _gather(parts: list[Sizes], sizes: Sizes) -> None:
    parts.append(_ascending(sizes))
    if len(parts) > 1 and sum(map(len, parts)) > _MERGED_SIZES:
        parts[:] = [_distinct(parts)]


def _distinct(parts: list[Sizes]) -> Sizes:
    return parts[0] if len(parts) == 1 else _ascending(np.concatenate(parts))


def _ascending(sizes: Sizes) -> Sizes:
    """Give distinct sizes in order; ``np.unique`` gives the same, measured 25 times as slowly."""
    ordered = np.sort(sizes)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _merged(parts: Iterable[tuple[int, Sizes]]) -> tuple[Sizes, Kinds]:
    """Join sizes by kind, each ascending, into one ascending list with the kinds of each."""
    parts = tuple(parts)
    if not parts:
        return np.empty(0, np.uint64), np.empty(0, np.uint8)
    if len({kind for kind, _ in parts}) == 1:
        sizes = _distinct([part for _, part in parts])
        return sizes, np.full(len(sizes), 1 << parts[0][0], np.uint8)
    sizes = _ascending(np.concatenate([part for _, part in parts]))
    kinds = np.zeros(len(sizes), np.uint8)
    for kind, part in parts:
        kinds[np.searchsorted(sizes, part)] |= np.uint8(1 << kind)
    return sizes, kinds


def _as_set(kinds: Kinds) -> int:
    present = 0
    for kind in np.unique(kinds).tolist():
        present |= 1 << kind
    return present


def _cheapest(kinds: int) -> int:
    """Give the digests that cost least and of which every kind in a set has one."""
    present = [kind for kind in range(1, 8) if kinds >> kind & 1]
    fitting = [bits for bits in range(8) if all(kind & bits for kind in present)]
    return min(fitting, key=lambda bits: (_cost(bits), bits))


def _cost(bits: int) -> float:
    return sum(
        _SECONDS_A_GB[name] for place, name in enumerate(layout.STRENGTH) if bits >> place & 1
    )


_CHEAPEST = np.array([_cheapest(kinds & 0xFE) for kinds in range(256)], np.uint8)
