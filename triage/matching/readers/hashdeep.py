"""Hashdeep 1.0 files, after the FILEFORMAT text of that project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from triage.errors import HashSetError
from triage.matching.batch import DigestBatch
from triage.matching.decoding import numbers
from triage.matching.feed import Block, Feed
from triage.matching.fields import Draft, judged
from triage.matching.index import Rows
from triage.matching.mixing import KIND, ODD, SKIPPED, Scan, digests_at, mixed
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, numbered_lines, spoken
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm
from triage.model.hashset import RefusedRecord

_MARK = "%%%%"
_MAGIC = "%%%% HASHDEEP-1.0"
_NAMES = {
    "md5": Algorithm.MD5,
    "sha1": Algorithm.SHA1,
    "sha-1": Algorithm.SHA1,
    "sha256": Algorithm.SHA256,
    "sha-256": Algorithm.SHA256,
    "whirlpool": None,
    "tiger": None,
}


class HashdeepReader(Reader):
    """``size,digest…,filename``; commas beyond the columns belong to the file name."""

    id = "hashdeep"
    title = "hashdeep 1.0"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the first line."""
        return head_text(head).startswith(_MAGIC)

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the records; a second header inside the file changes the columns.

        Raises:
            HashSetError: no column line, or columns that are not in the format.
        """
        return _Lines(path, options).items(numbered_lines(path, options))

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the records in columns.

        Raises:
            HashSetError: as :meth:`read`.
        """
        feed = Feed(path, options)
        lines = _Lines(path, options)
        while not lines.columns and feed.block() is not None:
            yield from lines.items(spoken(islice(feed.lines(), 1)))
        yield from mixed(
            feed,
            lambda block: lines.scan(block, feed.at),
            lambda: lines.items(spoken(islice(feed.lines(), 1))),
        )


class _Lines:
    """Reads lines under the columns last announced."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._path = path
        self._options = options
        self.columns: tuple[Algorithm | None, ...] = ()

    def items(self, numbered: Iterable[tuple[int, str]]) -> Iterator[Item]:
        for number, text in numbered:
            if text.startswith(_MARK):
                if not text.startswith(_MAGIC):
                    self.columns = _columns(text, f"{self._path.name}: line {number}")
            elif self.columns:
                yield _item(text, self.columns, f"line {number}", self._options)
            else:
                where = f"{self._path.name}: line {number}"
                raise HashSetError(f"{where}: no column line above it")

    def scan(self, block: Block, at: int) -> Scan:
        """Look at the lines from a place on, up to one that may announce other columns."""
        marked = np.flatnonzero(block.text[block.starts[at:]] == ord(_MARK[0]))
        return _scan(block, self.columns, at + int(marked[0]) if len(marked) else block.count)


def _scan(block: Block, columns: tuple[Algorithm | None, ...], upto: int) -> Scan:
    kinds = np.where(block.unspoken(), SKIPPED, ODD).astype(np.int8)
    commas = np.flatnonzero(block.text == ord(","))
    found = np.searchsorted(commas, block.starts)
    lines = kinds == ODD
    lines[upto:] = False
    commas = np.append(commas, np.full(len(columns) + 1, len(block.text)))
    ends = [commas[found + nth] for nth in range(len(columns) + 1)]
    lines &= ends[-1] < block.stops
    sizes = np.full(block.count, -1, np.int64)
    sizes[lines], whole = numbers(block.text, block.starts[lines], ends[0][lines])
    lines[lines] = whole
    digests: dict[Algorithm, Rows] = {}
    for algorithm, before, after in zip(columns, ends, ends[1:], strict=False):
        if algorithm is not None:
            lines &= after - before == 2 * DIGEST_SIZE_BYTES[algorithm] + 1
            digests[algorithm], good = digests_at(block, before + 1, lines, algorithm)
            lines &= good
    kinds[lines] = sum(KIND[algorithm] for algorithm in digests)
    return Scan(kinds=kinds, digests=digests, sizes=sizes)


def _columns(text: str, where: str) -> tuple[Algorithm | None, ...]:
    names = [name.strip().lower() for name in text[4:].split(",")]
    middle = names[1:-1]
    unknown = [name for name in middle if name not in _NAMES]
    if len(names) < 3 or names[0] != "size" or names[-1] != "filename" or unknown:
        raise HashSetError(f"{where}: columns must be size, digests, filename: {text[4:100]!r}")
    columns = tuple(_NAMES[name] for name in middle)
    if not any(columns):
        raise HashSetError(f"{where}: no MD5, SHA-1 or SHA-256 among the columns {middle}")
    return columns


def _item(
    text: str, columns: tuple[Algorithm | None, ...], place: str, options: ReadOptions
) -> Item:
    parts = text.split(",", len(columns) + 1)
    if len(parts) < len(columns) + 2:
        reason = f"{len(parts)} fields where {len(columns) + 2} belong"
        return RefusedRecord(place=place, reason=reason)
    named = zip(columns, parts[1:-1], strict=True)
    digests: dict[Algorithm, str | None] = {name: text for name, text in named if name is not None}
    return judged(Draft(place=place, digests=digests, size=parts[0]), options)
