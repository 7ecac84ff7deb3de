"""Sort more digests than memory should hold: parted by their bytes on disk, then part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Rows

U32 = NDArray[np.uint32]
Packed = NDArray[Any]
"""Structured rows of a digest and the number of its record."""

RUN_ROWS = 1 << 20
"""Rows held in memory before they are written to their parts: 36 MB at most, and as much again."""
PART_ROWS = 1 << 21
"""Rows of a part that is sorted in memory; larger parts are parted again."""

_KEY_BYTES = 5
_INDEX_BITS = 24
_INDEX_MASK = np.uint64((1 << _INDEX_BITS) - 1)


class DigestSorter:
    """Takes digests in any order and gives them sorted by all their bytes.

    Equal digests keep the order in which they came, so the result depends on nothing else. Parts
    are cut at the first byte in which their digests differ; equal ones are never cut, and never
    sorted. So memory is bounded and no distribution takes more passes than a digest has bytes.

    Args:
        folder: for the parts; it must exist.
        stem: start of the names of the parts.
        width: bytes of a digest.
        run_rows: rows held before they are written out.
        part_rows: rows that are sorted in memory, at most 2**24.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        width: int,
        *,
        run_rows: int = RUN_ROWS,
        part_rows: int = PART_ROWS,
    ) -> None:
        self._folder = folder
        self._stem = stem
        self.width = width
        self._kind = np.dtype([("digest", "u1", (width,)), ("record", "<u4")])
        self._run_rows = run_rows
        self._part_rows = part_rows
        self._held: list[Packed] = []
        self._held_rows = 0
        self._spilled = False
        self.count = 0

    def add(self, digests: Rows, records: U32) -> None:
        """Take digests, rows of bytes, and the number of the record of each."""
        packed = np.empty(len(digests), self._kind)
        packed["digest"] = digests
        packed["record"] = records
        self._held.append(packed)
        self._held_rows += len(packed)
        self.count += len(packed)
        if self._held_rows >= self._run_rows:
            self._part(self._taken(), 0, "")
            self._spilled = True

    def blocks(self, on_rows: Callable[[int], None] | None = None) -> Iterator[tuple[Rows, U32]]:
        """Give all digests in order with their records, by blocks, and delete the parts.

        Args:
            on_rows: called with the number of rows given so far.
        """
        done = 0
        for packed in self._sorted():
            yield packed["digest"], packed["record"]
            done += len(packed)
            if on_rows is not None:
                on_rows(done)

    def _sorted(self) -> Iterator[Packed]:
        packed = self._taken()
        if not self._spilled:
            if len(packed):
                yield _ordered(packed, 0, self.width)
            return
        self._part(packed, 0, "")
        yield from self._parts("", 1)

    def _taken(self) -> Packed:
        packed = np.concatenate([np.empty(0, self._kind), *self._held])
        self._held, self._held_rows = [], 0
        return packed

    def _part(self, packed: Packed, place: int, name: str) -> None:
        """Append rows to the parts that their byte at a place belongs to, keeping their order."""
        values = packed["digest"][:, place]
        ordered = packed.take(np.argsort(values, kind="stable"))
        counts = np.bincount(values, minlength=256)
        ends = np.cumsum(counts)
        for value in np.flatnonzero(counts).tolist():
            with self._path(f"{name}{value:02x}").open("ab") as file:
                file.write(ordered[ends[value] - counts[value] : ends[value]].tobytes())

    def _path(self, name: str) -> Path:
        return self._folder / f"{self._stem}.run-{name}"

    def _parts(self, name: str, same: int) -> Iterator[Packed]:
        """Give the rows of all parts of a name, whose digests share their first bytes."""
        for value in range(256):
            path = self._path(f"{name}{value:02x}")
            if not path.exists():
                continue
            if path.stat().st_size // self._kind.itemsize > self._part_rows:
                yield from self._large(path, f"{name}{value:02x}", same)
            else:
                packed = np.fromfile(path, self._kind)
                path.unlink()
                yield _ordered(packed, same, self.width)

    def _large(self, path: Path, name: str, same: int) -> Iterator[Packed]:
        place = self._differing(path, same)
        if place is None:
            yield from self._read(path)
            path.unlink()
            return
        for packed in self._read(path):
            self._part(packed, place, f"{name}-")
        path.unlink()
        yield from self._parts(f"{name}-", place + 1)

    def _differing(self, path: Path, same: int) -> int | None:
        """Give the first byte in which digests of a part differ; ``None`` where all are equal."""
        first: Rows | None = None
        differ = np.zeros(self.width, bool)
        for packed in self._read(path):
            first = packed["digest"][0].copy() if first is None else first
            differ |= (packed["digest"] != first).any(axis=0)
            if differ[same : same + 1].any():
                break
        places = np.flatnonzero(differ)
        return int(places[0]) if len(places) else None

    def _read(self, path: Path) -> Iterator[Packed]:
        with path.open("rb") as file:
            while len(packed := np.fromfile(file, self._kind, self._part_rows)):
                yield packed


def _ordered(packed: Packed, same: int, width: int) -> Packed:
    """Sort rows by all bytes of their digests, of which the first ``same`` are equal.

    Five bytes and the place of the row are sorted as one number, which numpy does several times
    faster than it finds an order; the few rows that agree in those bytes are put right after.
    """
    used = min(_KEY_BYTES, width - same)
    head = np.zeros((len(packed), 8), np.uint8)
    head[:, :used] = packed["digest"][:, same : same + used]
    keys = head.view(">u8").astype(np.uint64).reshape(len(packed))
    keys |= np.arange(len(packed), dtype=np.uint64)
    keys.sort()
    ordered = packed.take((keys & _INDEX_MASK).astype(np.int64))
    keys >>= np.uint64(_INDEX_BITS)
    tied = keys[1:] == keys[:-1]
    return _untied(ordered, tied) if tied.any() else ordered


def _untied(ordered: Packed, tied: NDArray[np.bool_]) -> Packed:
    """Sort the runs of rows that are tied with the one before, unless all of them are equal."""
    digests = ordered["digest"]
    pairs = np.flatnonzero(tied)
    wrong = pairs[(digests[pairs] != digests[pairs + 1]).any(axis=1)]
    if not len(wrong):
        return ordered
    runs = np.concatenate([[0], np.cumsum(~tied)])
    rows = np.flatnonzero(np.isin(runs, runs[wrong]))
    words = _words(digests[rows])
    order = np.lexsort((*reversed(words), runs[rows]))
    ordered[rows] = ordered[rows[order]]
    return ordered


def _words(digests: Rows) -> list[NDArray[np.uint64]]:
    """Give digests as numbers, column by column; their order is that of the bytes."""
    count, width = digests.shape
    padded = np.zeros((count, width + -width % 8), np.uint8)
    padded[:, :width] = digests
    return list(padded.view(">u8").astype(np.uint64).T)
