"""What md5sum and its kin, BSD's md5 and md5deep print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from triage.matching.batch import DigestBatch
from triage.matching.decoding import windows
from triage.matching.feed import Block, Feed, Mask
from triage.matching.fields import Draft, algorithm_of, judged
from triage.matching.index import Numbers, Rows
from triage.matching.mixing import KIND, ODD, SKIPPED, Scan, digests_at, mixed
from triage.matching.readers.lists import data_lines, mostly
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import numbered_lines, spoken
from triage.model.digest import DIGEST_SIZE_BYTES, EXACT, Algorithm
from triage.model.hashset import RefusedRecord

_SUM = re.compile(r"\\?([0-9a-f]+)[ \t][ *]?.*", re.IGNORECASE | re.DOTALL)
_SIZED = re.compile(r"\s*(\d{1,18})\s+([0-9a-f]{32,128})(?:\s.*)?", re.IGNORECASE | re.DOTALL)
_BSD = re.compile(r"\\?([A-Za-z0-9-]{2,12}) ?\(.*\) ?= ?([0-9a-f]+)\s*", re.IGNORECASE | re.DOTALL)
_ANY = re.compile(
    rf"{_SIZED.pattern}|{_BSD.pattern}|\\?[0-9a-f]{{32,128}}[ \t][ *]?.*",
    re.IGNORECASE | re.DOTALL,
)
_BSD_MARK = b") = "
_BSD_NAMES = {
    "md5": Algorithm.MD5,
    "sha1": Algorithm.SHA1,
    "sha-1": Algorithm.SHA1,
    "sha256": Algorithm.SHA256,
    "sha-256": Algorithm.SHA256,
    "sha2-256": Algorithm.SHA256,
}


class ChecksumReader(Reader):
    r"""``HASH  name``, ``HASH *name``, ``\HASH  n\\m``, ``MD5 (name) = HASH``, ``size HASH name``.

    Each line is read by its own form; lists that were joined from several tools are fine.
    """

    id = "checksums"
    title = "output of md5sum, sha1sum, sha256sum, BSD md5, openssl dgst, md5deep"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the first lines; one of them may be malformed."""
        return mostly(_ANY, data_lines(head))

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the digests, with sizes where md5deep printed them."""
        return _items(numbered_lines(path, options), options)

    def batches(self, path: Path, options: ReadOptions) -> Iterator[Item | DigestBatch]:
        """Stream the digests in columns where they stand first, or last after BSD's ``MD5 (``."""
        feed = Feed(path, options)
        return mixed(feed, _scan, lambda: _items(spoken(islice(feed.lines(), 1)), options))


def _items(numbered: Iterable[tuple[int, str]], options: ReadOptions) -> Iterator[Item]:
    for number, text in numbered:
        for part in _parts(text):
            yield _item(part, f"line {number}", options)


def _parts(text: str) -> list[str]:
    """Part a line at carriage returns where each part is a line: lists of two systems were joined.

    All but the first would otherwise be taken for a part of its file's name.
    """
    parts = [part for part in text.split("\r") if part.strip()]
    return parts if len(parts) > 1 and all(map(_ANY.fullmatch, parts)) else [text]


def _scan(block: Block) -> Scan:
    kinds = np.where(block.unspoken(), SKIPPED, ODD).astype(np.int8)
    whole = ~block.broken()
    digests: dict[Algorithm, Rows] = {}
    for algorithm in EXACT:
        width = 2 * DIGEST_SIZE_BYTES[algorithm]
        for likely, starts in (_first(block, width), _last(block, width, algorithm)):
            lines = likely & whole & (kinds == ODD)
            if lines.any():
                rows, good = digests_at(block, starts, lines, algorithm)
                kinds[good] = KIND[algorithm]
                digests[algorithm] = (
                    np.where(good[:, None], rows, digests[algorithm])
                    if algorithm in digests
                    else rows
                )
    return Scan(kinds=kinds, digests=digests)


def _first(block: Block, width: int) -> tuple[Mask, Numbers]:
    """Tell on which lines so many characters end the line or stand before a blank."""
    after = block.starts + width
    mark = block.text[after]
    ends = (mark == ord(" ")) | (mark == ord("\t")) | (after == block.stops)
    return (after <= block.stops) & ends, block.starts


def _last(block: Block, width: int, algorithm: Algorithm) -> tuple[Mask, Numbers]:
    """Tell which lines are ``NAME (…) = `` and so many characters."""
    starts = block.stops - width
    head = f"{algorithm.upper()} (".encode()
    lines = block.text[block.starts] == head[0]
    lines &= starts - block.starts >= len(head) + len(_BSD_MARK)
    for shown, begins in ((head, block.starts), (_BSD_MARK, starts - len(_BSD_MARK))):
        found = windows(block.text, begins[lines], len(shown)) == np.frombuffer(shown, np.uint8)
        lines[lines] = found.all(axis=1)
    return lines, starts


def _item(text: str, place: str, options: ReadOptions) -> Item:
    bsd = _BSD.fullmatch(text)
    if bsd:
        algorithm = _BSD_NAMES.get(bsd[1].lower())
        if algorithm is None:
            return RefusedRecord(place=place, reason=f"{bsd[1]} is not matched here")
        return judged(Draft(place=place, digests={algorithm: bsd[2]}), options)
    sized = _SIZED.fullmatch(text)
    if sized and algorithm_of(len(sized[1])) is None:
        return _by_length(place, sized[2], sized[1], options)
    plain = _SUM.fullmatch(text) or re.fullmatch(r"([0-9a-fA-F]+)\s*", text)
    if plain:
        return _by_length(place, plain[1], None, options)
    return RefusedRecord(place=place, reason="no digest where the line should start with one")


def _by_length(place: str, digest: str, size: str | None, options: ReadOptions) -> Item:
    algorithm = algorithm_of(len(digest))
    if algorithm is None:
        words = "SHA-512 is not computed here" if len(digest) == 128 else "no digest is that long"
        return RefusedRecord(place=place, reason=f"{len(digest)} hex digits: {words}")
    return judged(Draft(place=place, digests={algorithm: digest}, size=size), options)
