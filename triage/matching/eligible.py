"""Which pictures and records may be look-alikes at all, and how near is near."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from triage.matching import layout
from triage.matching.index import Numbers, Rows
from triage.model.digest import Algorithm

PDQ_RADIUS_BITS = 31
PDQ_MIN_QUALITY = 50
"""The start that PDQ's authors recommend: at most 31 bits apart, quality 50 or more."""
PHASH_RADIUS_BITS = 8
PHASH_MIN_SET_BITS = 4
PHASH_MAX_SET_BITS = 60
"""Uniform pictures all collide in pHashes that are nearly empty or nearly full."""
RADIUS_BITS = {Algorithm.PDQ: PDQ_RADIUS_BITS, Algorithm.PHASH: PHASH_RADIUS_BITS}


def eligible(algorithm: Algorithm, flags: Numbers) -> NDArray[np.bool_]:
    """Tell from the flags of records which may be look-alikes by an algorithm."""
    # A quality that was not stated is 127, which passes.
    fine = flags >> layout.QUALITY_SHIFT & layout.QUALITY_MASK >= PDQ_MIN_QUALITY
    # A record without a PDQ has quality 0 in its flags, and nothing is known against it.
    return fine if algorithm == Algorithm.PDQ else fine | (recipes(flags) == 0)


def recipes(flags: Numbers) -> Numbers:
    """Give the places in ``layout.RECIPES`` of records' PDQ."""
    return flags >> layout.RECIPE_SHIFT & 3


def telling(algorithm: Algorithm, digests: Rows) -> NDArray[np.bool_]:
    """Tell which digests are neither nearly empty nor nearly full; of PDQ, quality tells."""
    if algorithm == Algorithm.PDQ:
        return np.ones(len(digests), bool)
    bits = np.bitwise_count(digests).sum(axis=1, dtype=np.int64)
    kept: NDArray[np.bool_] = (bits >= PHASH_MIN_SET_BITS) & (bits <= PHASH_MAX_SET_BITS)
    return kept
