"""Which bits of a digest are looked up, and with how many of them changed, so that none is missed.

A digest is cut into ``m`` bands that do not overlap. Each band has a radius of its own, and the
radii plus one add up to more than the radius asked for. Let ``d(i)`` be the bits in which two
digests differ within band ``i``, and ``x(i) = d(i) - (radius(i) + 1)``. For a pair within the
radius the ``x(i)`` add up to less than zero. Hence:

1. some ``x(i) < 0``: looking each band up with all changes of up to ``radius(i)`` bits finds every
   pair (Norouzi, Punjani, Fleet: Fast search in Hamming space with multi-index hashing, 2012);
2. going round the bands from the place after the highest partial sum, all partial sums are below
   zero, so some band has ``x(i) < 0`` *and* ``x(i) + x(i + 1) < 0``, the last band being followed
   by the first (Qin, Xiao: Pigeonring, 2018). What a band finds may therefore be dropped when it
   and the band after it differ in more than ``radius(i) + radius(i + 1) + 1`` bits.

Both stay true when only some of a band's bits are looked at, as this can only lower ``d(i)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Rows

TAG_BITS = 16
"""Bits of the following band that stand beside each entry of a band."""
MOST_KEY_BITS = 26
_LEAST_KEY_BITS = 6
_PROBE_COST = 2
"""A look-up costs about twice what an entry costs that is found by it (measured)."""

Words = NDArray[np.uint64]
"""Digests as numbers of 64 bits, shape (count, width / 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band.

    Attributes:
        first_bit: where its key starts, counted from the highest bit of the first byte.
        key_bits: bits that choose the bucket.
        radius_bits: up to so many bits of the key are changed.
        tag_bit: where the tag starts, which is where the following band starts.
        most_bits: changes in key and tag together that a pair within the radius can have.
    """

    first_bit: int
    key_bits: int
    radius_bits: int
    tag_bit: int
    most_bits: int

    @property
    def buckets(self) -> int:
        """Count the buckets."""
        return 1 << self.key_bits


Plan = tuple[Band, ...]


def plan_of(count: int, width_bits: int, radius_bits: int) -> Plan:
    """Choose the bands that are expected to be cheapest for so many digests."""
    plans = [
        bands_of(number, max(1, count), width_bits, radius_bits)
        for number in range(2, min(width_bits // TAG_BITS, radius_bits + 1) + 1)
    ]
    return min(plans, key=lambda plan: _cost(plan, count))


def bands_of(number: int, count: int, width_bits: int, radius_bits: int) -> Plan:
    """Cut digests into so many bands, whose radii plus one add up to ``radius_bits + 1``."""
    least, more = divmod(radius_bits + 1, number)
    starts = [place * width_bits // number for place in range(number + 1)]
    radii = [least - 1 + (place < more) for place in range(number)]
    wanted = min(MOST_KEY_BITS, max(_LEAST_KEY_BITS, count.bit_length() - 1))
    return tuple(
        Band(
            first_bit=starts[place],
            key_bits=min(wanted, starts[place + 1] - starts[place]),
            radius_bits=radii[place],
            tag_bit=starts[(place + 1) % number],
            most_bits=radii[place] + radii[(place + 1) % number] + 1,
        )
        for place in range(number)
    )


def is_exact(plan: Plan, width_bits: int, radius_bits: int) -> bool:
    """Tell whether a plan that was read from a file finds every pair within the radius."""
    number = len(plan)
    starts = [band.first_bit for band in plan]
    ends = [*starts[1:], width_bits]
    return (
        number >= 2
        and sum(band.radius_bits + 1 for band in plan) > radius_bits
        and all(
            0 < band.key_bits <= min(end - start, MOST_KEY_BITS)
            and end - start >= TAG_BITS
            and band.tag_bit == starts[(place + 1) % number]
            and band.most_bits >= band.radius_bits + plan[(place + 1) % number].radius_bits + 1
            for place, (band, start, end) in enumerate(zip(plan, starts, ends, strict=True))
        )
    )


def masks_of(band: Band) -> NDArray[np.uint64]:
    """Give all keys with at most ``radius_bits`` bits set."""
    chosen = [
        places
        for count in range(band.radius_bits + 1)
        for places in combinations(range(band.key_bits), count)
    ]
    return np.array([sum(1 << place for place in places) for places in chosen], np.uint64)


def words_of(rows: Rows) -> Words:
    """Give digests as words in the machine's own order: good for counting bits, without a copy."""
    return np.ascontiguousarray(rows).view(np.uint64)


def numbers_of(rows: Rows) -> Words:
    """Give digests as numbers, first byte highest: good for taking bits out."""
    return np.ascontiguousarray(rows).view(">u8").astype(np.uint64)


def bits_of(numbers: Words, first_bit: int, count: int) -> NDArray[np.uint64]:
    """Take some consecutive bits out of every digest."""
    word, skip = divmod(first_bit, 64)
    taken = numbers[:, word] << np.uint64(skip)
    if skip + count > 64:
        taken = taken | (numbers[:, word + 1] >> np.uint64(64 - skip))
    bits: NDArray[np.uint64] = taken >> np.uint64(64 - count)
    return bits


def _cost(plan: Plan, count: int) -> float:
    return sum(
        sum(comb(band.key_bits, bits) for bits in range(band.radius_bits + 1))
        * (_PROBE_COST + count / band.buckets)
        for band in plan
    )
