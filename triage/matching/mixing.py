"""Gives records that are alike in batches and all others one by one, in the order of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from triage.matching.batch import DigestBatch
from triage.matching.decoding import unhexed, usual, windows
from triage.matching.feed import Block, Feed, Mask
from triage.matching.index import Numbers, Rows
from triage.matching.reading import Item
from triage.model.digest import DIGEST_SIZE_BYTES, EXACT, Algorithm

SHORTEST_RUN = 32
"""Fewer neighbours of one kind are read one by one: a batch costs as much as about so many."""

SKIPPED = -1
ODD = 0
KIND = {algorithm: 1 << number for number, algorithm in enumerate(EXACT)}
"""The kind of a record is the sum of these over the digests that it has."""


@dataclass(slots=True, kw_only=True)
class Scan:
    """What a look at many lines, or other rows of a source, found; one element each.

    Attributes:
        kinds: the digests of each as a sum of ``KIND``; ``ODD`` for one to be read by itself,
            ``SKIPPED`` for one that is no record.
        digests: rows of bytes; those of lines without such a digest are of no account.
    """

    kinds: NDArray[np.int8]
    digests: Mapping[Algorithm, Rows]
    sizes: NDArray[np.int64] | None = None
    codes: NDArray[np.int32] | None = None
    code_words: tuple[str, ...] = field(default=())

    def runs(self, at: int = 0) -> Iterator[tuple[int, Numbers]]:
        """Give (kind, places) of neighbours of one kind from a place on, the skipped left out."""
        places = at + np.flatnonzero(self.kinds[at:] != SKIPPED)
        kinds = self.kinds[places]
        cuts = (np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()
        if len(places):
            for start, end in pairwise([0, *cuts, len(places)]):
                yield int(kinds[start]), places[start:end]

    def batch(self, kind: int, places: Numbers) -> DigestBatch:
        """Give the records at some places, all of one kind."""
        first, last = int(places[0]), int(places[-1])
        whole = last - first + 1 == len(places)
        taken = slice(first, last + 1) if whole else places
        sizes = None if self.sizes is None else self.sizes[taken]
        codes = None if self.codes is None else self.codes[taken]
        coded = codes is not None and bool((codes >= 0).any())
        return DigestBatch(
            count=len(places),
            digests={name: rows[taken] for name, rows in self.digests.items() if kind & KIND[name]},
            sizes=sizes if sizes is not None and bool((sizes >= 0).any()) else None,
            codes=codes if coded else None,
            code_words=self.code_words if coded else (),
        )


def digests_at(
    block: Block, starts: Numbers, lines: Mask, algorithm: Algorithm
) -> tuple[Rows, Mask]:
    """Decode the digests that start at some places, for the marked lines.

    Gives rows and which of them are good, each with an element for every line of the block.
    """
    width = DIGEST_SIZE_BYTES[algorithm]
    everywhere = bool(lines.all())
    rows, good = unhexed(windows(block.text, starts if everywhere else starts[lines], 2 * width))
    good &= usual(rows, algorithm)
    if everywhere:
        return rows, good
    all_rows = np.zeros((len(lines), width), np.uint8)
    all_good = np.zeros(len(lines), bool)
    all_rows[lines], all_good[lines] = rows, good
    return all_rows, all_good


def mixed_rows(scan: Scan, slow: Callable[[int], Item]) -> Iterator[Item | DigestBatch]:
    """Give the records of many rows; ``slow`` reads the row of one place."""
    for kind, places in scan.runs():
        if kind != ODD and len(places) >= SHORTEST_RUN:
            yield scan.batch(kind, places)
        else:
            for place in places.tolist():
                yield slow(place)


def mixed(
    feed: Feed, scan: Callable[[Block], Scan], slow: Callable[[], Iterator[Item]]
) -> Iterator[Item | DigestBatch]:
    """Stream the records of a text source from its next line on.

    Args:
        feed: the source.
        scan: looks at all lines of a block; what it says of a line must hold whenever a record
            starts there.
        slow: takes one line, or more, from the feed and gives what they hold.
    """
    while (block := feed.block()) is not None:
        yield from _block_items(feed, block, scan(block), slow)
        if feed.holds(block):
            feed.at = block.count


def _block_items(
    feed: Feed, block: Block, scan: Scan, slow: Callable[[], Iterator[Item]]
) -> Iterator[Item | DigestBatch]:
    for kind, places in scan.runs(feed.at):
        left = places[np.searchsorted(places, feed.at) :]
        if kind != ODD and len(left) >= SHORTEST_RUN:
            yield scan.batch(kind, left)
            feed.at = int(left[-1]) + 1
            continue
        for place in left.tolist():
            if place >= feed.at:
                feed.at = place
                yield from slow()
            if not feed.holds(block):
                return
