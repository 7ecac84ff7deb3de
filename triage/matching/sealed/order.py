"""The order of a sealed pack: the place of a record must not tell its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers


class Shared(NamedTuple):
    """Records that may share a digest, group after group, and where in them each group starts."""

    records: Numbers
    starts: Numbers


def shared(prefixes: NDArray[np.uint64], records: Numbers) -> Shared:
    """Find records whose digests of one algorithm start alike, which those that are equal do."""
    order = np.argsort(prefixes, kind="stable")
    ordered = prefixes[order]
    same = ordered[1:] == ordered[:-1]
    member = np.zeros(len(ordered), bool)
    member[1:] |= same
    member[:-1] |= same
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = ~same
    return Shared(records[order][member], np.flatnonzero(fresh[member]))


def shuffled(count: int, groups: Iterable[Shared], secret: bytes) -> Numbers:
    """Give all records in an order that the key alone decides.

    A list sorted by digest tells by the place of a record how its digest starts; a list in order
    of time tells when it was made. Both go with the shuffling. Records that share a digest stay in
    the order of the source among themselves, as the first of them stands for them in a match.

    Args:
        count: number of records.
        groups: of each algorithm.
        secret: derived from the key for this list.
    """
    families = _families(count, groups)
    stream = hashlib.shake_256(secret).digest(8 * count)
    chance = np.frombuffer(stream, "<u8")[families]
    order: Numbers = np.lexsort((families, chance)).astype(np.int64)  # stable: ties as they came
    return order


def _families(count: int, groups: Iterable[Shared]) -> Numbers:
    """Give each record the lowest number of those that it is joined to, by any chain."""
    families = np.arange(count, dtype=np.int64)
    joined = [group for group in groups if len(group.records)]
    while True:
        before = families.copy()
        for records, starts in joined:
            lowest = np.minimum.reduceat(families[records], starts)
            sizes = np.diff(np.append(starts, len(records)))
            # Through the representative, so that long chains close in few rounds.
            np.minimum.at(families, families[records], np.repeat(lowest, sizes))
            families[records] = np.minimum(families[records], np.repeat(lowest, sizes))
        families = families[families]
        if (families == before).all():
            return families
