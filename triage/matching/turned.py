"""Which look-alikes of a turned picture count: those that the picture as it lies does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.matching.index import Numbers, Rows, rows_of
from triage.model.digest import Turn

_NOTHING = -1


@dataclass(frozen=True, slots=True)
class Upright:
    """The hashes of pictures as they lie, for each of a number of queries.

    Attributes:
        bits: of shape (queries, hashes of a picture, bytes).
        recipes: of shape (queries, hashes of a picture); -1 where there is no such hash.
    """

    bits: Rows
    recipes: Numbers

    def near(self, queries: Numbers, records: Rows, radius: int) -> NDArray[np.bool_]:
        """Tell which hashes lie within the radius of their record: (pairs, hashes)."""
        differing = self.bits[queries] ^ records[:, None, :]
        distances = np.bitwise_count(differing).sum(axis=2, dtype=np.int64)
        kept: NDArray[np.bool_] = (distances <= radius) & (self.recipes[queries] != _NOTHING)
        return kept


def upright_of(hashes: Sequence[Sequence[tuple[bytes, int]]], width: int) -> Upright:
    """Lay the hashes of pictures out, each given with its recipe, for one query after the other."""
    most = max(map(len, hashes), default=0)
    padded = [[*some, *[(bytes(width), _NOTHING)] * (most - len(some))] for some in hashes]
    bits = rows_of([bits for some in padded for bits, _ in some], width)
    recipes = np.array([recipe for some in padded for _, recipe in some], np.int64)
    shape = (len(hashes), most)
    return Upright(bits=bits.reshape(*shape, width), recipes=recipes.reshape(shape))


def words_of(turn: Turn) -> str:
    """Give what a match says of it."""
    return f"alike once {turn}"
