"""Records in columns: what readers of long lists give in place of one value a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Rows
from triage.model.digest import Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBatch:
    """Consecutive records of a source that carry the same kinds of exact digest.

    Nothing else is known of them but, perhaps, a size and a category code; a record with more is
    given as a :class:`triage.model.hashset.ReferenceRecord`, in its place among the batches.

    Attributes:
        count: number of records, in the order of the source.
        digests: for each kind the digests as rows of bytes, shape (count, width); one for every
            record, at least one kind.
        sizes: bytes of each record, -1 where the source does not say; ``None`` where it says none.
        codes: for each record the place of its code in ``code_words``, -1 where it has none;
            ``None`` where no record has one.
        code_words: category codes as written in the source.
    """

    count: int
    digests: Mapping[Algorithm, Rows]
    sizes: NDArray[np.int64] | None = None
    codes: NDArray[np.int32] | None = None
    code_words: tuple[str, ...] = field(default=())
