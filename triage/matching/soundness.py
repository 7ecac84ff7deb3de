"""What digests of files cannot tell: that the columns of a pack fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.column import Column, column_path
from triage.matching.index import Rows
from triage.matching.indexes.blockfilter import filter_blocks, marks_of, places_of, upper_of
from triage.matching.manifest import PackDocument
from triage.matching.near import near_problem
from triage.model.digest import Algorithm

_BLOCK = 1 << 20


def index_problems(folder: Path, document: PackDocument) -> Iterator[str]:
    """Check that each index is in order, complete, and leads where it should."""
    listed = frozenset(file.name for file in document.files)
    for algorithm, distinct in document.manifest.rows:
        if algorithm in layout.VISUAL and document.manifest.is_sealed:
            continue  # encrypted: whether they are in order is seen by who holds the key
        try:
            if algorithm in layout.VISUAL:
                problem = _digests_problem(folder, algorithm, distinct)
                problem = problem or near_problem(folder, Algorithm(algorithm))
            else:
                repeats = column_path(folder, layout.repeats_name(algorithm)).name in listed
                problem = _keys_problem(folder, algorithm, distinct, repeats=repeats)
            problem = problem or _records_problem(folder, algorithm, document, listed)
        except HashSetError as error:
            problem = error.message
        if problem:
            yield f"index of {algorithm}: {problem}"


def _keys_problem(folder: Path, algorithm: str, distinct: int, *, repeats: bool) -> str:
    """Check that exact digests ascend, are as many as stated, and that buckets lead to them."""
    with (
        Column(column_path(folder, layout.prefixes_name(algorithm)), "<u8") as prefixes,
        Column(column_path(folder, layout.rows_name(algorithm)), None) as rows,
        Column(column_path(folder, layout.buckets_name(algorithm)), "<u4") as buckets,
        Column(column_path(folder, layout.filter_name(algorithm)), "<u8") as blocks,
    ):
        bits = layout.bucket_bits(prefixes.count)
        if (rows.count, buckets.count, blocks.count) != (
            prefixes.count,
            (1 << bits) + 1,
            filter_blocks(prefixes.count),
        ):
            return "its files differ in length"
        order = _Order()
        for start in range(0, prefixes.count, _BLOCK):
            block = prefixes.array[start : start + _BLOCK]
            heads = block.astype(">u8").view(np.uint8).reshape(-1, 8)
            if problem := order.next(np.hstack([heads, rows.array[start : start + _BLOCK, :-4]])):
                return problem
        if order.distinct != distinct:
            return f"{order.distinct} distinct digests instead of {distinct}"
        if not repeats and _repeats(prefixes):
            return "a prefix occurs twice, and is said to occur once"
        return _buckets_problem(prefixes, buckets, bits) or _filter_problem(prefixes, blocks)


def _repeats(prefixes: Column) -> bool:
    starts = range(0, prefixes.count, _BLOCK)
    blocks = (prefixes.array[start : start + _BLOCK + 1] for start in starts)
    return any(bool((block[1:] == block[:-1]).any()) for block in blocks)


def _buckets_problem(prefixes: Column, buckets: Column, bits: int) -> str:
    for start in range(0, 1 << bits, _BLOCK):
        stop = min(start + _BLOCK, 1 << bits)
        numbers = np.arange(start, stop, dtype=np.uint64)
        starts = np.searchsorted(prefixes.array, numbers << np.uint64(64 - bits))
        if np.any(starts != buckets.array[start:stop]):
            return "a bucket leads elsewhere"
    return "" if int(buckets.array[-1]) == prefixes.count else "a bucket leads elsewhere"


def _filter_problem(prefixes: Column, blocks: Column) -> str:
    for start in range(0, prefixes.count, _BLOCK):
        block = prefixes.array[start : start + _BLOCK]
        marks = marks_of(block)
        if np.any(blocks.array[places_of(upper_of(block), blocks.count)] & marks != marks):
            return "its filter denies a digest"
    return ""


def _digests_problem(folder: Path, algorithm: str, distinct: int) -> str:
    """Check that the digests of pictures ascend and are as many as stated."""
    with Column(column_path(folder, layout.digests_name(algorithm))) as digests:
        order = _Order()
        for start in range(0, digests.count, _BLOCK):
            if problem := order.next(np.array(digests.array[start : start + _BLOCK])):
                return problem
        return "" if order.distinct == distinct else f"{order.distinct} instead of {distinct}"


class _Order:
    """Follows digests block by block."""

    def __init__(self) -> None:
        self.distinct = 0
        self._last: Rows | None = None

    def next(self, rows: Rows) -> str:
        """Take a block; say whether it is out of order."""
        if self._last is None:
            self.distinct += 1
        else:
            rows = np.vstack([self._last, rows])
        first = (rows[1:] != rows[:-1]).argmax(axis=1)
        every = np.arange(len(first))
        before, after = rows[every, first], rows[every + 1, first]
        self.distinct += int(np.count_nonzero(before != after))
        self._last = rows[-1:]
        return "not sorted" if np.any(before > after) else ""


def _records_problem(
    folder: Path, algorithm: str, document: PackDocument, listed: frozenset[str]
) -> str:
    """Check that each record that has a digest is named once, and no other."""
    taken = document.manifest.taken
    seen = np.zeros(taken, bool)
    named = 0
    for block in _record_blocks(folder, algorithm, listed):
        if block.max() >= taken:
            return "points outside its records"
        seen[block] = True
        named += len(block)
    if np.count_nonzero(seen) != named:
        return "a record is named twice"
    if algorithm in layout.VISUAL:
        return ""
    held = column_path(folder, layout.held_name(algorithm))
    if held.name not in listed:
        return "" if seen.all() else "a digest is not in it"
    with Column(held, "u1") as column:
        same = np.array_equal(column.array, np.packbits(seen, bitorder="little"))
        return "" if same else "a digest is not in it"


def _record_blocks(
    folder: Path, algorithm: str, listed: frozenset[str]
) -> Iterator[NDArray[np.uint32]]:
    if algorithm in layout.VISUAL:
        path = column_path(folder, layout.records_name(algorithm))
        if path.name not in listed:
            return
        with Column(path, "<u4") as column:
            for start in range(0, column.count, _BLOCK):
                yield column.array[start : start + _BLOCK]
    else:
        with Column(column_path(folder, layout.rows_name(algorithm))) as column:
            for start in range(0, column.count, _BLOCK):
                block = np.ascontiguousarray(column.array[start : start + _BLOCK, -4:])
                yield block.view("<u4").reshape(-1)
