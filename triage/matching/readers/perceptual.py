"""Lists of perceptual hashes: PDQ and 64-bit pHash."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from triage.matching.fields import Draft, judged
from triage.matching.readers.lists import data_lines, mostly
from triage.matching.reading import Item, Reader, ReadOptions
from triage.matching.source import head_text, numbered_lines
from triage.model.digest import Algorithm, PdqRecipe
from triage.model.hashset import RefusedRecord

_PDQ_LINE = re.compile(
    r"(?:.*[,;\t])?\s*([0-9a-f]{64})\s*(?:[,;\t]\s*(\d{1,3})\s*)?(?:[,;\t].*)?", re.IGNORECASE
)
_PHASH_LINE = re.compile(r"\s*([0-9a-f]{16})\s*(?:[,;\t].*)?", re.IGNORECASE)
_BARE_PHASH = re.compile(r"\s*[0-9a-f]{16}\s*", re.IGNORECASE)
_SAYS_PDQ = re.compile(r"^\s*#.*\bpdq\b|^[^#\n]*\bpdq\b[^\n]*$", re.IGNORECASE | re.MULTILINE)
_RECIPE = re.compile(r"#\s*recipe\s*[:=]\s*(\S+)", re.IGNORECASE)
_MORE_COLUMNS = re.compile(
    r"^[^#\n]*\b(?:md5|sha-?1|sha-?256|phash|category)\b", re.IGNORECASE | re.MULTILINE
)
_HEADER_WORD = re.compile(r"\b(?:hash|pdq|phash|quality)\b", re.IGNORECASE)


class PdqListReader(Reader):
    """64 hex digits a line: alone, ``hash,quality``, ``name,hash,quality``, ``hash,quality,name``.

    64 hex digits are a SHA-256 to every other reader, so that this one offers itself only where
    a comment or a header line says ``pdq``. ``# recipe: squeezed-512`` states the recipe.
    """

    id = "pdq-list"
    title = "list of PDQ hashes, with or without quality and name"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by the word pdq above lines with 64 hex digits.

        A table whose header names other digests too is left to the reader of tables, which takes
        them as well: here they would be passed over.
        """
        before = re.split(r"[0-9a-fA-F]{64}", head_text(head), maxsplit=1)[0]
        if _MORE_COLUMNS.search(before):
            return False
        shown = data_lines(head)
        return _SAYS_PDQ.search(before) is not None and mostly(_PDQ_LINE, shown[-10:])

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the hashes, under the recipe last stated."""
        first = True
        for place, text in _numbered(path, options):
            if text.startswith("#"):
                options = replace(options, pdq_recipe=_recipe(text, options.pdq_recipe))
                continue
            item = _pdq_item(place, text, options)
            if not (first and isinstance(item, RefusedRecord) and _HEADER_WORD.search(text)):
                yield item
            first = False


class PhashListReader(Reader):
    """16 hex digits a line, with or without a name after a comma."""

    id = "phash-list"
    title = "list of 64-bit pHash values, 16 hex digits a line"

    def recognises(self, head: bytes, path: Path) -> bool:  # noqa: ARG002  (protocol)
        """Tell by every line shown being 16 hex digits and nothing else."""
        shown = data_lines(head)
        return bool(shown) and all(_BARE_PHASH.fullmatch(line) for line in shown)

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        """Stream the hashes."""
        first = True
        for place, text in _numbered(path, options):
            if text.startswith("#"):
                continue
            found = _PHASH_LINE.fullmatch(text)
            if found:
                yield judged(Draft(place=place, digests={Algorithm.PHASH: found[1]}), options)
            elif not (first and _HEADER_WORD.search(text)):
                yield RefusedRecord(place=place, reason="phash: no 16 hex digits at the start")
            first = False


def _numbered(path: Path, options: ReadOptions) -> Iterator[tuple[str, str]]:
    for number, text in numbered_lines(path, options, comments=True):
        yield f"line {number}", text.strip()


def _recipe(comment: str, now: PdqRecipe) -> PdqRecipe:
    found = _RECIPE.match(comment)
    known = {recipe.value: recipe for recipe in PdqRecipe}
    return known.get(found[1].lower(), PdqRecipe.UNKNOWN) if found else now


def _pdq_item(place: str, text: str, options: ReadOptions) -> Item:
    found = _PDQ_LINE.fullmatch(text)
    if not found:
        return RefusedRecord(place=place, reason="pdq: no field of 64 hex digits")
    draft = Draft(
        place=place,
        digests={Algorithm.PDQ: found[1]},
        recipe=options.pdq_recipe,
        quality=int(found[2]) if found[2] else None,
    )
    return judged(draft, options)
