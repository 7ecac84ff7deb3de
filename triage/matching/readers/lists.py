"""Bare lists: one digest a line."""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from triage.matching.batch import DigestBatch
from triage.matching.feed import Block, Feed
from triage.matching.fields import (
    algorithm_of,
    placeholder,
)
from triage.matching.mixing import KIND, ODD, SKIPPED, Scan, digests_at, mixed
from triage.matching.reading import HEAD_SIZE_BYTES, Item, Reader, ReadOptions
from triage.matching.source import head_text, lines, read_head
from triage.model.digest import DIGEST_SIZE_BYTES, EXACT, Algorithm
from triage.model.hashset import ReferenceRecord, RefusedRecord

SHOWN_LINES = 40
_HEX_LINE = re.compile(
    r"\s*(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})\s*", re.IGNORECASE
)

_LONG_LINE = re.compile(r"\s*[0-9a-f]{64}\s*", re.IGNORECASE)
_PDQ_SLACK_BITS = 2
"""A PDQ sets the bits above a median: half of them, but for ties."""
PDQ_WARNING = (
    "read as SHA-256, but in every value shown about half of the bits are set, as in PDQ hashes: "
    "if it is a list of PDQ hashes, remove this pack and import it with --format pdq-list"
)


def data_lines(head: bytes) -> tuple[str, ...]:
    """Give the first lines of a head that are neither blank nor comments."""
    text = head_text(head)
    found = [line for line in text.splitlines()[:2_000] if line.strip() and line.strip()[0] != "#"]
    return tuple(found[:SHOWN_LINES])


def mostly(pattern: re.Pattern[str], shown: tuple[str, ...]) -> bool:
    """Tell whether more than half of the shown lines fit a pattern as a whole."""
    return 2 * sum(pattern.fullmatch(line) is not None for line in shown) > len(shown)


class PlainListReader(Reader):
    """One MD5, SHA-1 or SHA-256 a line, told apart by length; ``#`` starts a comment."""

    id = "hash-list"
    title = "plain list of MD5, SHA-1 or SHA-256, one a line"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the first lines; one of them may be malformed."""
        return mostly(_HEX_LINE, data_lines(head))

    def warnings(self, path: Path, options: ReadOptions) -> tuple[str, ...]:  # noqa: ARG002  (protocol)
        """Warn of PDQ hashes, which look like SHA-256 and would never match as such."""
        shown = data_lines(read_head(path, HEAD_SIZE_BYTES))
        values = [line.strip() for line in shown if _LONG_LINE.fullmatch(line)]
        halves = all(abs(int(value, 16).bit_count() - 128) <= _PDQ_SLACK_BITS for value in values)
        return (PDQ_WARNING,) if values and halves else ()

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the digests of a list."""
        return _items(enumerate((line for batch in lines(path, options) for line in batch), 1))

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the digests of a list in columns."""
        feed = Feed(path, options)
        return mixed(feed, _scan, lambda: _items(islice(feed.lines(), 1)))


def _items(numbered: Iterable[tuple[int, bytes]]) -> Iterator[Item]:
    for number, line in numbered:
        for text in _parts(line):
            if text and text[:1] != b"#":
                yield _exact_item(text, f"line {number}")


def _parts(line: bytes) -> list[bytes]:
    """Part a line at carriage returns where each part is a digest: lists of two systems joined."""
    text = line.strip()
    parts = [part.strip() for part in text.split(b"\r")] if b"\r" in text else [text]
    return parts if all(algorithm_of(len(part)) for part in parts) else [text]


def _scan(block: Block) -> Scan:
    lengths = block.stops - block.starts
    kinds = np.where(block.unspoken(), SKIPPED, ODD).astype(np.int8)
    digests = {}
    for algorithm in EXACT:
        lines = lengths == 2 * DIGEST_SIZE_BYTES[algorithm]
        if lines.any():
            digests[algorithm], good = digests_at(block, block.starts, lines, algorithm)
            kinds[good] = KIND[algorithm]
    return Scan(kinds=kinds, digests=digests)


def _exact_item(text: bytes, place: str) -> Item:
    algorithm = algorithm_of(len(text))
    if algorithm is None:
        return RefusedRecord(place=place, reason=_length_reason(len(text)))
    try:
        value = unhexlify(text)
    except ValueError:
        return RefusedRecord(place=place, reason=f"{algorithm}: not hex")
    words = placeholder(value, algorithm)
    if words:
        return RefusedRecord(place=place, reason=words)
    if algorithm is Algorithm.MD5:
        return ReferenceRecord(md5=value, place=place)
    if algorithm is Algorithm.SHA1:
        return ReferenceRecord(sha1=value, place=place)
    return ReferenceRecord(sha256=value, place=place)


def _length_reason(length: int) -> str:
    if length == 128:
        return "128 hex digits: SHA-512 is not computed here"
    return f"{length} characters where 32 (MD5), 40 (SHA-1) or 64 (SHA-256) belong"
