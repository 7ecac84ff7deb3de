"""A Bloom filter of 64-bit blocks: says at once of most digests that they are not in a table."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

KEYS_A_BLOCK = 8
"""Eight bits a digest: of a hundred that are not in the table, about three pass."""
BITS_A_KEY = 3

_HALF = np.uint64(32)
_BITS = 12
_WORDS = np.uint64((1 << _BITS) - 1)


def filter_blocks(count: int) -> int:
    """Give how many blocks a filter of so many digests has."""
    return -(-count // KEYS_A_BLOCK)


def places_of(upper: U64, blocks: int) -> NDArray[np.int64]:
    """Give the block of each digest: its first 32 bits, scaled to the number of blocks.

    Blocks of ascending digests ascend, so that a filter is written from its start to its end.
    """
    places = upper * np.uint64(blocks)
    places >>= _HALF
    return places.view(np.int64)


def upper_of(prefixes: U64) -> U64:
    """Give the first 32 bits of each digest."""
    return prefixes >> _HALF


def marks_of(prefixes: U64) -> U64:
    """Give the bits that a digest sets in its block, from the last 12 bits of its prefix."""
    marks: U64 = _marks().take((prefixes & _WORDS).view(np.int64))
    return marks


@cache
def _marks() -> U64:
    """Six bits of a word say where the first bit is set, six how far the next ones are away."""
    words = np.arange(1 << _BITS, dtype=np.uint64)
    first, step = words & np.uint64(63), words >> np.uint64(6) | np.uint64(1)
    marks = np.zeros(1 << _BITS, np.uint64)
    for number in range(BITS_A_KEY):
        marks |= np.uint64(1) << (first + np.uint64(number) * step & np.uint64(63))
    return marks
