"""Turn record numbers of a pack into the words of a match."""

from __future__ import annotations

import base64
from typing import NamedTuple

from triage.matching import layout
from triage.matching.index import Numbers
from triage.matching.pack import OpenPack
from triage.model.digest import Algorithm
from triage.model.match import Match, MatchKind

FROM_SEALED = "from a sealed set"


class Facts(NamedTuple):
    """What a pack holds of one record beside its digests; strings by their numbers."""

    flags: int
    size_bytes: int
    code: int
    series: int
    photodna: bytes


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

    def facts(self, records: Numbers) -> list[Facts]:
        """Fetch many records at once."""
        names = (layout.FLAGS, layout.SIZES, layout.CODES, layout.SERIES)
        columns = [self._pack.values(name, records).tolist() for name in names]
        carried = self._pack.photodna(records)
        return [Facts(*values) for values in zip(*columns, carried, strict=True)]

    def match(  # noqa: PLR0913  (the facts of one match)
        self,
        facts: Facts,
        kind: MatchKind,
        algorithm: Algorithm,
        digest: bytes,
        *,
        distance_bits: int = 0,
        detail: str = "",
    ) -> Match:
        """Give the match of one record.

        Of a sealed set no digest is told that the content itself does not have.
        """
        told = digest.hex()
        if self._manifest.is_sealed:
            detail = "; ".join(filter(None, (detail, FROM_SEALED)))
            told = "" if kind is MatchKind.VISUAL else told
        return Match(
            pack=self._manifest.name,
            pack_version=self._manifest.version,
            kind=kind,
            algorithm=algorithm,
            distance_bits=distance_bits,
            record=told,
            polarity=self._manifest.polarity,
            scheme=self._manifest.scheme,
            code=self._pack.string(facts.code),
            has_code=bool(facts.flags & layout.HAS_CODE),
            trusted=layout.TRUSTED_WORDS[facts.flags >> layout.TRUSTED_SHIFT & 3],
            series=self._pack.string(facts.series),
            detail=detail,
            photodna=_carried(facts.photodna) if kind is MatchKind.EXACT else "",
        )


def _carried(photodna: bytes) -> str:
    return base64.b64encode(photodna).decode("ascii")
