"""Index files of The Sleuth Kit, read as the lists of digests that they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from triage.matching.batch import DigestBatch
from triage.matching.decoding import numbers
from triage.matching.feed import Block, Feed
from triage.matching.fields import Draft, algorithm_of, judged
from triage.matching.mixing import KIND, ODD, SKIPPED, Scan, digests_at, mixed
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, numbered_lines, spoken
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import RefusedRecord

_HEADER_LINES = 2
_HEADER = re.compile(r"0{30,80}[01]?\|")


class TskIndexReader(Reader):
    """Two header lines of zeros, then ``HEX|offset`` sorted; the offsets are of no use here."""

    id = "tsk-idx"
    title = "Sleuth Kit .idx"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the zeros before the first bar."""
        return _HEADER.match(head_text(head)) is not None

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the digests."""
        return _items(numbered_lines(path, options), options)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the digests in columns."""
        feed = Feed(path, options)
        yield from _items(spoken(islice(feed.lines(), _HEADER_LINES)), options)
        yield from mixed(feed, _scan, lambda: _items(spoken(islice(feed.lines(), 1)), options))


def _items(numbered: Iterable[tuple[int, str]], options: ReadOptions) -> Iterator[Item]:
    for number, text in numbered:
        if number > _HEADER_LINES or not _HEADER.match(text):
            yield _item(text.strip(), f"line {number}", options)


def _scan(block: Block) -> Scan:
    kinds = np.where(block.unspoken(), SKIPPED, ODD).astype(np.int8)
    digests = {}
    for algorithm in (Algorithm.MD5, Algorithm.SHA1):
        bars = block.starts + 2 * DIGEST_SIZE_BYTES[algorithm]
        lines = (bars < block.stops) & (block.text[bars] == ord("|"))
        lines[lines] = numbers(block.text, bars[lines] + 1, block.stops[lines])[1]
        if lines.any():
            digests[algorithm], good = digests_at(block, block.starts, lines, algorithm)
            kinds[good] = KIND[algorithm]
    return Scan(kinds=kinds, digests=digests)


def _item(text: str, place: str, options: ReadOptions) -> Item:
    digest, bar, offset = text.partition("|")
    algorithm = algorithm_of(len(digest))
    if not bar or algorithm not in {Algorithm.MD5, Algorithm.SHA1} or not offset.isdigit():
        return RefusedRecord(place=place, reason="not a digest, a bar and an offset")
    return judged(Draft(place=place, digests={algorithm: digest}), options)
