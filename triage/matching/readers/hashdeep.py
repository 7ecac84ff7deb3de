"""Hashdeep 1.0 files, after the FILEFORMAT text of that project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.fields import Draft, judged
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, numbered_lines
from triage.model.digest import Algorithm
from triage.model.hashset import RefusedRecord

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
        columns: tuple[Algorithm | None, ...] = ()
        for number, text in numbered_lines(path, options):
            if text.startswith("%%%%"):
                if not text.startswith(_MAGIC):
                    columns = _columns(text, f"{path.name}: line {number}")
            elif columns:
                yield _item(text, columns, f"line {number}", options)
            else:
                raise HashSetError(f"{path.name}: line {number}: no column line above it")


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
