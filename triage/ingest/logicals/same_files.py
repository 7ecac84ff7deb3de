"""Finds which members of an extraction are one file of the device, seen by several ways."""

from __future__ import annotations

import hashlib
import zlib
from array import array

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.uint64]

_ROUNDS = 64
_NONE = bytes(16)


class SameFiles:
    """Takes members one by one; tells in the end which are other names of which.

    Two members are one file where size and checksum agree, and the path on the device or the inode
    and device do as well. What it holds is 50 bytes a member, whatever names are like.
    """

    def __init__(self) -> None:
        self._places = array("Q")
        self._ranks = array("B")
        self._paths = bytearray()
        self._inodes = bytearray()

    def add(self, place: int, path: tuple[bytes, int], inode: bytes, content: bytes) -> None:
        """Take a member.

        Args:
            place: where its entry stands; the lower one is preferred among equals.
            path: on the device, and how far from it the name is; the nearest is preferred.
            inode: inode and device, ``b""`` where they are not recorded.
            content: size, checksum and stored digest, which differ where the content does.
        """
        own, rank = path
        self._places.append(place)
        self._ranks.append(rank)
        self._paths += _hash(b"p" + content + own)
        self._inodes += _hash(b"i" + content + inode) if inode else _NONE

    def others(self) -> tuple[Places, Places]:
        """Give the places of other names, ascending, and for each that of the file it is."""
        places = np.array(self._places, dtype=np.uint64)
        ranks = np.array(self._ranks, dtype=np.uint8)
        order = np.lexsort((places, ranks))  # the most preferred first
        labels = np.empty(len(order), dtype=np.int64)
        labels[order] = np.arange(len(order))
        own = labels.copy()
        groups = [_groups(bytes(self._paths)), _groups(bytes(self._inodes))]
        for _ in range(_ROUNDS):
            before = labels
            for group in groups:
                labels = _least(labels, *group)
            labels = labels[order[labels]]
            if np.array_equal(before, labels):
                break
        other = np.flatnonzero(labels != own)
        other = other[np.argsort(places[other], kind="stable")]
        return places[other], places[order[labels[other]]]


def packed(places: Places, firsts: Places) -> bytes:
    """Give both in few bytes, for other processes."""
    steps = np.diff(places, prepend=np.uint64(0))
    back = places - firsts  # wraps where the first comes later, and wraps back again
    return zlib.compress(np.concatenate((steps, back)).astype("<u8").tobytes(), 1)


def unpacked(data: bytes) -> tuple[Places, Places]:
    """Give what was packed."""
    both = np.frombuffer(zlib.decompress(data), dtype="<u8").astype(np.uint64)
    steps, back = both[: len(both) // 2], both[len(both) // 2 :]
    places = np.cumsum(steps, dtype=np.uint64)
    return places, places - back


def on_top(starts: array[int], ends: array[int], places: array[int]) -> Places:
    """Give the places of members that begin before another, nearer to the start, has ended."""
    if not starts:
        return np.empty(0, dtype=np.uint64)
    begins, stops = np.array(starts, dtype=np.uint64), np.array(ends, dtype=np.uint64)
    order = np.lexsort((np.array(places, dtype=np.uint64), begins))
    reached = np.maximum.accumulate(stops[order])[:-1]
    covered = order[1:][begins[order][1:] < reached]
    return np.sort(np.array(places, dtype=np.uint64)[covered])


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _groups(keys: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the members in order of their keys, and where in that order each key begins.

    Only keys that occur twice or more are in it; members without a key are in none.
    """
    pairs = np.frombuffer(keys, dtype="<u8").reshape(-1, 2)
    high, low = pairs[:, 0], pairs[:, 1]
    order = np.lexsort((low, high))
    order = order[(high[order] != 0) | (low[order] != 0)]
    if not len(order):
        return order, order
    high, low = high[order], low[order]
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    last = np.append(fresh[1:], np.True_)
    several = ~(fresh & last)
    return order[several], np.flatnonzero(fresh[several])


def _least(
    labels: NDArray[np.int64], order: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give each member the least label of its group."""
    if not len(order):
        return labels
    least = np.minimum.reduceat(labels[order], starts)
    sizes = np.diff(np.append(starts, len(order)))
    lowered = labels.copy()
    lowered[order] = np.repeat(least, sizes)
    return lowered
