"""The plain linear scan: slow, obvious, and what every other index is held against."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from triage.matching.index import Numbers, Rows


class LinearEqual:
    """Compares each query with each row."""

    def __init__(self, rows: Rows) -> None:
        self._rows = [bytes(row) for row in rows]

    def find(self, queries: Rows) -> tuple[Numbers, Numbers]:
        """Give query numbers and row numbers."""
        pairs = [
            (number, row)
            for number, query in enumerate(queries)
            for row, digest in enumerate(self._rows)
            if bytes(query) == digest
        ]
        table = np.array(pairs, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]


class LinearRadius:
    """Counts the differing bits of each query and each row."""

    def __init__(self, rows: Rows, radius: int) -> None:
        self._rows = [int.from_bytes(bytes(row), "big") for row in rows]
        self.radius = radius

    def search(self, queries: Rows) -> tuple[Numbers, Numbers, Numbers]:
        """Give query numbers, row numbers and distances in bits."""
        found: list[tuple[int, int, int]] = []
        for number, query in enumerate(queries):
            value = int.from_bytes(bytes(query), "big")
            distances = [(value ^ row).bit_count() for row in self._rows]
            found += [
                (number, row, distance)
                for row, distance in enumerate(distances)
                if distance <= self.radius
            ]
        table = np.array(found, np.int64).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]

    def parts(self, queries: Rows) -> Iterator[tuple[Numbers, Numbers, Numbers]]:
        """Give everything in one part."""
        yield self.search(queries)
