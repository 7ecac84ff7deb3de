"""What md5sum and its kin, BSD's md5 and md5deep print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from triage.matching.fields import Draft, algorithm_of, judged
from triage.matching.readers.lists import data_lines, mostly
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import numbered_lines
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

_SUM = re.compile(r"\\?([0-9a-f]+)[ \t][ *]?.*", re.IGNORECASE | re.DOTALL)
_SIZED = re.compile(r"\s*(\d{1,18})\s+([0-9a-f]{32,128})(?:\s.*)?", re.IGNORECASE | re.DOTALL)
_BSD = re.compile(r"\\?([A-Za-z0-9-]{2,12}) ?\(.*\) ?= ?([0-9a-f]+)\s*", re.IGNORECASE | re.DOTALL)
_ANY = re.compile(
    rf"{_SIZED.pattern}|{_BSD.pattern}|\\?[0-9a-f]{{32,128}}[ \t][ *]?.*",
    re.IGNORECASE | re.DOTALL,
)
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
        for number, text in numbered_lines(path, options):
            yield _item(text, f"line {number}", options)


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
