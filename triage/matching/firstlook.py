"""One digest looked up in all packs: enough to rule a content out, never to call it a hit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from triage.matching import layout
from triage.matching.index import rows_of
from triage.matching.indexes.keys import Keys
from triage.matching.pack import ExactTable, OpenPack
from triage.matching.sealed.keyed import KeyedDigests
from triage.matching.sealed.ring import KeyRing
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm


class FirstLook:
    """Tells whether a digest occurs in any of some packs.

    Args:
        packs: sealed ones among them were checked against the keys.
        ring: the keys of sealed packs.
    """

    def __init__(self, packs: Sequence[OpenPack], ring: KeyRing | None = None) -> None:
        ring = ring or KeyRing()
        self._tables: dict[Algorithm, list[tuple[ExactTable, KeyedDigests | None]]] = {}
        for name in layout.STRENGTH:
            tables = [(pack.exact(name), ring.keyed_of(pack.manifest)) for pack in packs]
            self._tables[name] = [(one, keyed) for one, keyed in tables if one is not None]

    def met(self, algorithm: Algorithm, digests: Sequence[bytes]) -> list[bool]:
        """Tell of each digest whether any record has it, in the order asked."""
        found = np.zeros(len(digests), bool)
        if digests:
            prepared: dict[KeyedDigests | None, Keys] = {}
            for table, keyed in self._tables[algorithm]:
                if keyed not in prepared:
                    asked = list(digests) if keyed is None else keyed.of(algorithm, digests)
                    prepared[keyed] = Keys(rows_of(asked, DIGEST_SIZE_BYTES[algorithm]))
                found |= table.index.met(prepared[keyed])
        answers: list[bool] = found.tolist()
        return answers

    def close(self) -> None:
        """Let go of the columns."""
        self._tables = {name: [] for name in layout.STRENGTH}
