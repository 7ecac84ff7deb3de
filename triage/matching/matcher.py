"""Equal digests: a hit agrees in every digest that the record has, else it is a conflict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from triage.matching import layout
from triage.matching.describing import Describer, Facts
from triage.matching.index import Numbers, Rows, rows_of
from triage.matching.pack import DigestTable, OpenPack
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm, Digests
from triage.model.match import Match, MatchKind


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


class ExactMatcher:
    """Looks contents up in one pack."""

    def __init__(self, pack: OpenPack) -> None:
        self._describer = Describer(pack)
        self._tables: dict[Algorithm, DigestTable] = {}
        for algorithm in layout.STRENGTH:
            table = pack.table(algorithm)
            if table is not None:
                self._tables[algorithm] = table

    def match(self, contents: Sequence[Digests]) -> Iterator[tuple[int, Match]]:
        """Give (number of the content, match): one match for each kind and code, in fixed order.

        Of several records that give a content the same code, the one that agrees in the
        strongest digest stands, then the first in the source.
        """
        if not contents or not self._tables:
            return
        queries = {name: rows_of(_column(contents, name), _width(name)) for name in self._tables}
        pairs = self._pairs(queries)
        yield from self._matches(contents, pairs, self._chosen(pairs))

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

    def _pairs(self, queries: dict[Algorithm, Rows]) -> _Pairs:
        """Find all pairs by any digest, then compare all digests of each pair."""
        found = []
        for name, table in self._tables.items():
            content, row = table.index.find(queries[name])
            found.append(np.stack([content, table.records_of(row)], axis=1))
        both = np.unique(np.concatenate(found), axis=0)
        contents, records = both[:, 0], both[:, 1]
        agrees, differs = np.zeros(len(both), np.int64), np.zeros(len(both), np.int64)
        for name, table in self._tables.items():
            has, row = table.rows_of_records(records)
            equal = (table.digests[row] == queries[name][contents]).all(axis=1)
            bit = 1 << layout.STRENGTH.index(name)
            agrees |= np.where(has & equal, bit, 0)
            differs |= np.where(has & ~equal, bit, 0)
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


def _column(contents: Sequence[Digests], algorithm: Algorithm) -> list[bytes]:
    return [_digest(content, algorithm) for content in contents]


def _width(algorithm: Algorithm) -> int:
    return DIGEST_SIZE_BYTES[algorithm]


def _names(bits: int) -> str:
    return " and ".join(
        str(name) for place, name in enumerate(layout.STRENGTH) if bits >> place & 1
    )
