"""Compares ways to stack near duplicates on families whose members are known.

    python tests/bench/stack_designs.py [--most N]

``leaders`` is what triage does. ``first come`` leaves out the move to the middle. ``components``
joins whatever is near (single linkage); ``cut components`` then cuts each where a member is further
than the radius from the one in the middle. Told: stacks of two and more; pairs of one family that
share a stack; the largest distance between two members of a stack (of samples); processor seconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from triage.matching import stacking
from triage.matching.index import Numbers, Rows
from triage.matching.indexes import radius_index

RADIUS = 31
SEED = 23
Design = Callable[[Rows], Numbers]


def families(kind: str, count: int, size: int, rng: np.random.Generator) -> Rows:
    """Make families of near copies.

    ``tight``: up to 12 bits off the original, as re-encoding gives. ``loose``: 20 to 31 bits.
    ``chain``: each copy is 8 bits off the one before.
    """
    made = np.empty((count, size, 256), bool)
    original = rng.integers(0, 2, (count, 256)).astype(bool)
    made[:, 0] = original
    for nth in range(1, size):
        low, high = {"tight": (1, 13), "loose": (20, 32), "chain": (8, 9)}[kind]
        bits = rng.integers(low, high)
        off = np.argsort(rng.random((count, 256)), axis=1) < bits
        made[:, nth] = (made[:, nth - 1] if kind == "chain" else original) ^ off
    packed: Rows = np.packbits(made.reshape(-1, 256), axis=1)
    return packed


def leaders(rows: Rows) -> Numbers:
    """Stack as triage does."""
    places = stacking.stacked([row.tobytes() for row in rows], RADIUS)
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(place.leader, len(numbers)) for place in places])


def first_come(rows: Rows) -> Numbers:
    """Stack without the move to the middle."""
    kept = stacking._Work._centres
    stacking._Work._centres = _unmoved  # type: ignore[method-assign, assignment]
    try:
        return leaders(rows)
    finally:
        stacking._Work._centres = kept  # type: ignore[method-assign]


def _unmoved(
    _: stacking._Work, asked: Numbers, many: NDArray[np.bool_], *_rest: Numbers
) -> list[tuple[int, int]]:
    return [(place, int(asked[place])) for place in np.flatnonzero(many).tolist()]


def components(rows: Rows) -> Numbers:
    """Join whatever is near."""
    query, row, _ = radius_index(rows, RADIUS).search(rows)
    starts = np.searchsorted(query, np.arange(len(rows)))
    label = np.arange(len(rows))
    while True:
        low = np.minimum.reduceat(label[row], starts)
        low = low[low]
        if (low == label).all():
            return label
        label = low


def cut_components(rows: Rows) -> Numbers:
    """Cut components until every member is within the radius of the one in the middle."""
    label = components(rows)
    order = np.argsort(label, kind="stable")
    result = np.empty(len(rows), np.int64)
    for part in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        left = part
        while len(left):
            bits = np.unpackbits(rows[left], axis=1)
            middle = np.packbits(2 * bits.sum(axis=0) > len(left))
            leader = left[np.argmin(np.bitwise_count(rows[left] ^ middle).sum(axis=1))]
            near = np.bitwise_count(rows[left] ^ rows[leader]).sum(axis=1) <= RADIUS
            result[left[near]] = leader
            left = left[~near]
    return result


def together(label: Numbers, family: Numbers) -> float:
    """Give the share of the pairs of one family that share a stack."""
    both = np.unique(np.stack([family, label], axis=1), axis=0, return_counts=True)[1]
    whole = np.unique(family, return_counts=True)[1]
    return float((both * (both - 1)).sum() / (whole * (whole - 1)).sum())


def widest(rows: Rows, label: Numbers) -> int:
    """Give the largest distance between two members of a stack, of the 20 largest stacks."""
    names, sizes = np.unique(label, return_counts=True)
    found = 0
    for name in names[np.argsort(-sizes)[:20]]:
        part: NDArray[np.uint8] = rows[label == name][:500]
        found = max(found, int(np.bitwise_count(part[:, None] ^ part[None]).sum(axis=2).max()))
    return found


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=20_000)
    most = parser.parse_args().most
    designs: tuple[Design, ...] = (leaders, first_come, components, cut_components)
    shapes = (("tight", 20), ("loose", 20), ("chain", 20))
    head = ["| families | design | stacks | pairs kept | widest, bits | CPU s |", "|" + "---|" * 6]
    sys.stdout.write("\n".join(head) + "\n")
    for kind, size in shapes:
        count = max(1, most // 2 // size)
        rng = np.random.default_rng([SEED, size])
        noise = np.frombuffer(rng.bytes(32 * (most // 2)), np.uint8).reshape(-1, 32)
        rows = np.concatenate([families(kind, count, size, rng), noise])
        family = np.repeat(np.arange(count), size)
        for design in designs:
            started = time.process_time()
            label = design(rows)
            used = time.process_time() - started
            stacks = int((np.unique(label, return_counts=True)[1] > 1).sum())
            sys.stdout.write(
                f"| {count} {kind} of {size} | {design.__name__} | {stacks} "
                f"| {together(label[: len(family)], family):.1%} | {widest(rows, label)} "
                f"| {used:.2f} |\n"
            )


if __name__ == "__main__":
    main()
