"""One digest looked up in all packs: enough to rule a content out, never to call it a hit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from triage.matching import layout
from triage.matching.index import rows_of
from triage.matching.indexes.exact import Keys
from triage.matching.pack import ExactTable, OpenPack
from triage.model.digest import DIGEST_SIZE_BYTES, Algorithm


class FirstLook:
    """Tells whether a digest occurs in any of some packs."""

    def __init__(self, packs: Sequence[OpenPack]) -> None:
        self._tables: dict[Algorithm, list[ExactTable]] = {}
        for name in layout.STRENGTH:
            tables = [pack.exact(name) for pack in packs]
            self._tables[name] = [table for table in tables if table is not None]

    def met(self, algorithm: Algorithm, digests: Sequence[bytes]) -> list[bool]:
        """Tell of each digest whether any record has it, in the order asked."""
        found = np.zeros(len(digests), bool)
        if digests:
            keys = Keys(rows_of(list(digests), DIGEST_SIZE_BYTES[algorithm]))
            for table in self._tables[algorithm]:
                found |= table.index.met(keys)
        answers: list[bool] = found.tolist()
        return answers

    def close(self) -> None:
        """Let go of the columns."""
        self._tables = {name: [] for name in layout.STRENGTH}
