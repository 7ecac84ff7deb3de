"""Equal digests: a hit agrees in every digest that the record has, else it is a conflict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from triage.matching import layout
from triage.matching.describing import Describer, Facts
from triage.matching.index import Numbers, rows_of
from triage.matching.indexes.keys import Keys
from triage.matching.pack import ExactTable, OpenPack
from triage.matching.sealed.keyed import KeyedDigests
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm, Digests
from triage.model.match import Match, MatchKind

_RECORD_BITS = 32
"""A pack numbers its records in so many bits; a pair of numbers is joined as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Contents and the records that agree with them in at least one digest.

    Attributes:
        agrees: a bit for each place in ``layout.STRENGTH``: both have it and it is equal.
        differs: likewise: both have it and it is not equal.
    """

    contents: Numbers
    records: Numbers
    agrees: Numbers
    differs: Numbers


class Asked:
    """Contents that are looked up: their digests prepared once, for any number of packs.

    Args:
        contents: in any order.
        keyed: what keys their digests, for packs that are sealed under one key.
    """

    def __init__(self, contents: Sequence[Digests], keyed: KeyedDigests | None = None) -> None:
        self.contents = contents
        self._keyed = keyed
        self._keys: dict[Algorithm, Keys] = {}

    def keys(self, algorithm: Algorithm) -> Keys:
        """Give the digests of one kind."""
        if algorithm not in self._keys:
            digests = [_digest(content, algorithm) for content in self.contents]
            if self._keyed is not None:
                digests = self._keyed.of(algorithm, digests)
            self._keys[algorithm] = Keys(rows_of(digests, DIGEST_SIZE_BYTES[algorithm]))
        return self._keys[algorithm]


class ExactMatcher:
    """Looks contents up in one pack."""

    def __init__(self, pack: OpenPack) -> None:
        self._describer = Describer(pack)
        self._tables: dict[Algorithm, ExactTable] = {}
        for algorithm in layout.STRENGTH:
            table = pack.exact(algorithm)
            if table is not None:
                self._tables[algorithm] = table

    def match(self, asked: Asked) -> Iterator[tuple[int, Match]]:
        """Give (number of the content, match): one match for each kind and code, in fixed order.

        Of several records that give a content the same code, the one that agrees in the
        strongest digest stands, then the first in the source.
        """
        if not asked.contents:
            return
        found = [
            (name, *table.index.look_up(asked.keys(name))) for name, table in self._tables.items()
        ]
        if any(len(contents) for _, contents, _ in found):
            pairs = self._pairs(found)
            yield from self._matches(asked.contents, pairs, self._chosen(pairs))

    def _matches(
        self, contents: Sequence[Digests], pairs: _Pairs, order: Numbers
    ) -> Iterator[tuple[int, Match]]:
        columns = (pairs.contents, pairs.agrees, pairs.differs)
        numbers, agrees, differs = (column[order].tolist() for column in columns)
        facts = self._describer.facts(pairs.records[order])
        current, seen = -1, set[tuple[MatchKind, bool, str]]()
        for number, same, other, fact in zip(numbers, agrees, differs, facts, strict=True):
            match = self._match(contents[number], same, other, fact)
            if number != current:
                current, seen = number, set()
            key = (match.kind, match.has_code, match.code)
            if key not in seen:
                seen.add(key)
                yield number, match

    def _pairs(self, found: list[tuple[Algorithm, Numbers, Numbers]]) -> _Pairs:
        """Join the pairs that were found by any digest.

        A pair that one digest found and another did not differs in the other, if the record has
        it: every look-up gives all records that are equal.
        """
        each = [contents << _RECORD_BITS | records for _, contents, records in found]
        both = np.unique(np.concatenate(each))
        contents, records = both >> _RECORD_BITS, both & ((1 << _RECORD_BITS) - 1)
        agrees, differs = np.zeros(len(both), np.int64), np.zeros(len(both), np.int64)
        for (name, _, _), pairs in zip(found, each, strict=True):
            bit = 1 << layout.STRENGTH.index(name)
            equal = np.zeros(len(both), bool)
            equal[np.searchsorted(both, pairs)] = True
            agrees[equal] |= bit
            differs[~equal & self._tables[name].holds(records)] |= bit
        return _Pairs(contents=contents, records=records, agrees=agrees, differs=differs)

    def _chosen(self, pairs: _Pairs) -> Numbers:
        """Order by content, hits first, strongest digest first; drop plain repetitions."""
        conflict = pairs.differs > 0
        strongest = pairs.agrees & -pairs.agrees  # the lowest bit is the strongest digest
        codes = self._describer.code_keys(pairs.records)
        order = np.lexsort((pairs.records, strongest, conflict, pairs.contents))
        keys = np.stack([pairs.contents, conflict.astype(np.int64), codes], axis=1)[order]
        _, first = np.unique(keys, axis=0, return_index=True)
        return order[np.sort(first)]

    def _match(self, content: Digests, agrees: int, differs: int, facts: Facts) -> Match:
        algorithm = layout.STRENGTH[(agrees & -agrees).bit_length() - 1]
        return self._describer.match(
            facts,
            MatchKind.CONFLICT if differs else MatchKind.EXACT,
            algorithm,
            _digest(content, algorithm),
            detail=(
                f"{_names(agrees)} agrees, {_names(differs)} differs"
                if differs
                else _size_detail(facts, content)
            ),
        )


def _size_detail(facts: Facts, content: Digests) -> str:
    """Say so where the list states another size; sizes in lists are often wrong."""
    if not facts.flags & layout.HAS_SIZE or facts.size_bytes == content.size_bytes:
        return ""
    return f"the record states {facts.size_bytes} bytes, the content has {content.size_bytes}"


def _digest(content: Digests, algorithm: Algorithm) -> bytes:
    if algorithm == Algorithm.MD5:
        return content.md5
    return content.sha1 if algorithm == Algorithm.SHA1 else content.sha256


def _names(bits: int) -> str:
    return " and ".join(
        str(name) for place, name in enumerate(layout.STRENGTH) if bits >> place & 1
    )
