"""Turns bitmaps of blocks in use into the runs of those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]
Runs = Iterator[tuple[int, int]]
"""``(first, number)`` of blocks, in order, joined where they touch."""


def free_bits(pieces: Iterable[bytes], count: int, *, highest_first: bool = False) -> Runs:
    """Yield the runs of zeros of a bitmap that comes in pieces.

    Args:
        count: of bits that stand for anything.
        highest_first: the first bit is the highest of its byte (HFS+), else the lowest.
    """
    order: Literal["big", "little"] = "big" if highest_first else "little"

    def flags() -> Iterator[Flags]:
        left = count
        for piece in pieces:
            bits = np.unpackbits(np.frombuffer(piece, np.uint8), bitorder=order)
            yield bits[:left] == 0
            left -= min(left, len(bits))
            if not left:
                return

    return runs_of(flags())


def runs_of(pieces: Iterable[Flags]) -> Runs:
    """Yield the runs of true flags that come in pieces."""
    base, since = 0, -1
    for flags in pieces:
        edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=np.int8(since >= 0)))
        for edge in edges.tolist():
            if since < 0:
                since = base + edge
            else:
                yield since, base + edge - since
                since = -1
        base += len(flags)
    if since >= 0:
        yield since, base - since
