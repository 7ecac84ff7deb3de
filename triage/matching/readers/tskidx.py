"""Index files of The Sleuth Kit, read as the lists of digests that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from triage.matching.fields import Draft, algorithm_of, judged
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, numbered_lines
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

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
        for number, text in numbered_lines(path, options):
            if number > 2 or not _HEADER.match(text):
                yield _item(text.strip(), f"line {number}", options)


def _item(text: str, place: str, options: ReadOptions) -> Item:
    digest, bar, offset = text.partition("|")
    algorithm = algorithm_of(len(digest))
    if not bar or algorithm not in {Algorithm.MD5, Algorithm.SHA1} or not offset.isdigit():
        return RefusedRecord(place=place, reason="not a digest, a bar and an offset")
    return judged(Draft(place=place, digests={algorithm: digest}), options)
