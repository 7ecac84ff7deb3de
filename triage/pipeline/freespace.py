"""Works out which stretches are looked through: what is free, less what listed files hold; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from triage.model.extents import Extents

LEAST_BYTES = 128
"""Shorter stretches hold no file."""


def without(stretches: Extents, held: Iterable[tuple[int, int]]) -> Extents:
    """Give stretches, in order, without the places that files hold, which come in any order."""
    cuts = _merged(held)
    found: list[tuple[int, int]] = []
    cut = next(cuts, None)
    for start, length in stretches:
        at, end = start, start + length
        while cut is not None and cut[0] < end:
            if cut[0] > at:
                found.append((at, cut[0] - at))
            at = max(at, cut[1])
            if cut[1] > end:
                break
            cut = next(cuts, None)
        if at < end:
            found.append((at, end - at))
    return tuple(one for one in found if one[1] >= LEAST_BYTES)


def place_of(stretches: Extents, number: int) -> int:
    """Give where a byte lies, counted as if the stretches followed one another."""
    for start, length in stretches:
        if number < length:
            return start + number
        number -= length
    return number


def _merged(held: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where held places begin and end, in order, joined where they touch."""
    since = until = -1
    for start, length in sorted(held):
        if start > until:
            if until > since:
                yield since, until
            since = start
        until = max(until, start + length)
    if until > since:
        yield since, until


def slack(ends: Iterable[int], heap_bytes: int, block_bytes: int) -> Extents:
    """Give what is left of the last blocks of files behind their ends.

    Args:
        ends: of the contents on the medium, in any order.
        heap_bytes: where blocks are counted from; ``block_bytes``: their size.
    """
    if block_bytes <= 0:
        return ()
    found = ((end, -(end - heap_bytes) % block_bytes) for end in sorted(set(ends)))
    return tuple(one for one in found if one[1] >= LEAST_BYTES)
