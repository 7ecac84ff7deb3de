"""Turn record numbers of a pack into the words of a match."""

from __future__ import annotations

import numpy as np

from triage.matching import layout
from triage.matching.index import Numbers
from triage.matching.pack import OpenPack
from triage.model.digest import Algorithm
from triage.model.match import Match, MatchKind


class Describer:
    """Makes matches of one pack."""

    def __init__(self, pack: OpenPack) -> None:
        self._pack = pack
        self._manifest = pack.manifest

    def code_keys(self, records: Numbers) -> Numbers:
        """Give one number for each code; records of equal numbers have the same code.

        An absent code and an empty one differ. One code may, in rare cases, have two numbers.
        """
        has_code = self._pack.values(layout.FLAGS, records) & layout.HAS_CODE
        return self._pack.values(layout.CODES, records) * 2 + has_code

    def match(  # noqa: PLR0913  (the facts of one match)
        self,
        record: int,
        kind: MatchKind,
        algorithm: Algorithm,
        digest: bytes,
        *,
        distance_bits: int = 0,
        detail: str = "",
    ) -> Match:
        """Give the match of one record."""
        place = np.array([record], np.int64)
        flags = int(self._pack.values(layout.FLAGS, place)[0])
        return Match(
            pack=self._manifest.name,
            pack_version=self._manifest.version,
            kind=kind,
            algorithm=algorithm,
            distance_bits=distance_bits,
            record=digest.hex(),
            polarity=self._manifest.polarity,
            scheme=self._manifest.scheme,
            code=self._pack.string(int(self._pack.values(layout.CODES, place)[0])),
            has_code=bool(flags & layout.HAS_CODE),
            trusted=layout.TRUSTED_WORDS[flags >> layout.TRUSTED_SHIFT & 3],
            series=self._pack.string(int(self._pack.values(layout.SERIES, place)[0])),
            detail=detail,
        )
