"""Looks at many rows of delimited text at once, the plain ones as well as those in quotes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.matching.decoding import numbers, words
from triage.matching.feed import Block, Mask
from triage.matching.index import Numbers, Rows
from triage.matching.mixing import KIND, ODD, SKIPPED, Scan, digests_at
from triage.matching.tables import Table
from triage.model.digest import DIGEST_SIZE_BYTES, EXACT, Algorithm

LINE_LIMIT_BYTES = 65_536
"""A longer line is read by itself: the csv module refuses very long fields in quotes."""
_SINGLE = {"md5": Algorithm.MD5, "sha1": Algorithm.SHA1, "sha256": Algorithm.SHA256}
_BLANK = ("pdq", "phash", "photodna", "series", "tags", "victim", "offender", "distributed")
"""A row that says something here is more than a batch can carry."""
_QUOTE = ord('"')


@dataclass(slots=True)
class _Fields:
    """Where fields lie; the places are of account on lines that are still ``fine``."""

    block: Block
    table: Table
    fine: Mask
    first: Numbers
    delimiters: Numbers
    quoted: bool

    def at(self, name: str) -> tuple[Numbers, Numbers]:
        """Give start and stop of a field on every line."""
        column = self.table.columns[name]
        last = self.table.width - 1
        starts = self.delimiters[self.first + column - 1] + 1 if column else self.block.starts
        stops = self.delimiters[self.first + column] if column < last else self.block.stops
        if self.quoted:
            within = (self.block.text[starts] == _QUOTE) & (stops - starts > 1)
            starts, stops = starts + within, stops - within
        return starts, stops


def scannable(table: Table) -> bool:
    """Tell whether rows of a table can be looked at many at a time."""
    mark = table.delimiter
    several = "hash" in table.columns and not _SINGLE.keys().isdisjoint(table.columns)
    return (mark == "\t" or (mark.isascii() and mark.isprintable())) and not several


def scanned(table: Table, block: Block) -> Scan:
    """Look at all lines of a block as rows of a table."""
    kinds = np.where(block.unspoken(), SKIPPED, ODD).astype(np.int8)
    fields = _laid_out(block, table, kinds == ODD)
    digests: dict[Algorithm, Rows] = {}
    found = np.zeros(block.count, np.int8)
    for name, algorithm in _SINGLE.items():
        if name in table.columns:
            starts, stops = fields.at(name)
            here = _digests(fields, starts, stops - starts, algorithm, digests)
            fields.fine &= here | (stops == starts)
            found[here] |= KIND[algorithm]
    if "hash" in table.columns:
        starts, stops = fields.at("hash")
        for algorithm in EXACT:
            found[_digests(fields, starts, stops - starts, algorithm, digests)] = KIND[algorithm]
    for name in _BLANK:
        if name in table.columns:
            starts, stops = fields.at(name)
            fields.fine &= starts == stops
    sizes = _sizes(fields)
    codes, code_words = _codes(fields)
    fine = fields.fine
    kinds[fine] = found[fine]
    return Scan(kinds=kinds, digests=digests, sizes=sizes, codes=codes, code_words=code_words)


def _laid_out(block: Block, table: Table, fine: Mask) -> _Fields:
    text, delimiter = block.text, ord(table.delimiter)
    fine &= (text[block.starts] > ord(" ")) & (block.stops - block.starts < LINE_LIMIT_BYTES)
    fine &= ~block.broken()
    delimiters = np.flatnonzero(text == delimiter)
    quotes = np.flatnonzero(text == _QUOTE)
    if len(quotes):
        fine &= _well_quoted(block, quotes, delimiter)
        delimiters = delimiters[_outside(block, delimiters)]
    upto = np.searchsorted(delimiters, block.stops)
    first = np.concatenate(([0], upto[:-1]))
    fine &= upto - first == table.width - 1
    padded = np.append(delimiters, np.full(table.width, block.stops[-1]))
    return _Fields(block, table, fine, first, padded, len(quotes) > 0)


def _well_quoted(block: Block, quotes: Numbers, delimiter: int) -> Mask:
    """Tell on which lines each quote opens a field at its start or closes it at its end."""
    upto = np.searchsorted(quotes, block.stops)
    counts = np.diff(upto, prepend=0)
    lines = np.repeat(np.arange(block.count), counts)
    nth = np.arange(len(quotes)) - np.repeat(upto - counts, counts)
    opens = (quotes == block.starts[lines]) | (block.text[quotes - 1] == delimiter)
    closes = (quotes + 1 == block.stops[lines]) | (block.text[quotes + 1] == delimiter)
    well: Mask = counts % 2 == 0
    well[lines[~np.where(nth % 2 == 0, opens, closes)]] = False
    return well


def _outside(block: Block, places: Numbers) -> Mask:
    """Tell which places lie outside of quotes, counted from the start of their line."""
    odd = np.cumsum(block.text == _QUOTE, dtype=np.uint8) & 1
    lines = np.searchsorted(block.starts, places, "right") - 1
    outside: Mask = odd[places] == odd[block.starts[lines] - 1]
    return outside


def _digests(
    fields: _Fields,
    starts: Numbers,
    lengths: Numbers,
    algorithm: Algorithm,
    digests: dict[Algorithm, Rows],
) -> Mask:
    """Decode a column; tell which lines have a good digest there."""
    here: Mask = fields.fine & (lengths == 2 * DIGEST_SIZE_BYTES[algorithm])
    if here.any():
        digests[algorithm], good = digests_at(fields.block, starts, here, algorithm)
        here &= good
    return here


def _sizes(fields: _Fields) -> NDArray[np.int64] | None:
    if "size" not in fields.table.columns:
        return None
    starts, stops = fields.at("size")
    sizes = np.full(fields.block.count, -1, np.int64)
    stated = fields.fine & (stops > starts)
    sizes[stated], whole = numbers(fields.block.text, starts[stated], stops[stated])
    fields.fine[stated] = whole
    return sizes


def _codes(fields: _Fields) -> tuple[NDArray[np.int32] | None, tuple[str, ...]]:
    if "category" not in fields.table.columns:
        return None, ()
    starts, stops = fields.at("category")
    codes = np.full(fields.block.count, -1, np.int32)
    fine = fields.fine.copy()
    codes[fine], known, good = words(fields.block.text, starts[fine], stops[fine])
    fields.fine[fine] = good
    return codes, known
