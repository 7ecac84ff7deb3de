"""Known answers of the matching room: each index against a plain linear scan, on fixed data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from triage.matching.eligible import PDQ_RADIUS_BITS, PHASH_RADIUS_BITS
from triage.matching.index import RadiusIndex, Rows
from triage.matching.indexes import (
    BandRadius,
    ExactIndex,
    LinearEqual,
    LinearRadius,
    ScanRadius,
)
from triage.model.knownanswer import KnownAnswer

_KNOWN = 600
_ASKED = 40


def _stream(seed: str, size: int) -> bytes:
    """Give bytes that are the same on every machine and every release of numpy."""
    return hashlib.shake_256(seed.encode()).digest(size)


def _known(width: int) -> Rows:
    """Lay out digests of which a quarter share their first eight bytes."""
    rows = np.frombuffer(_stream(f"known {width}", _KNOWN * width), np.uint8)
    rows = rows.reshape(_KNOWN, width).copy()
    rows[: _KNOWN // 4, :8] = rows[0, :8]
    return rows


def _asked(known: Rows, radius: int) -> Rows:
    """Take known digests and flip from none to just over ``radius`` of their bits."""
    bits = np.unpackbits(known[:: _KNOWN // _ASKED], axis=1)
    for number, row in enumerate(bits):
        noise = np.frombuffer(_stream(f"flip {number}", len(row) * 2), np.uint16)
        row[np.argsort(noise, kind="stable")[: number % (radius + 2)]] ^= 1
    return np.packbits(bits, axis=1)


def _exact(width: int) -> str | None:
    known = _known(width)
    asked = np.concatenate([known[:_ASKED], _asked(known, 1)])
    expected = LinearEqual(known).find(asked)
    return _compared(ExactIndex.of(known).find(asked), expected, _ASKED)


def _radius(kind: Callable[[Rows, int], RadiusIndex], width: int, radius: int) -> str | None:
    known = _known(width)
    asked = _asked(known, radius)
    expected = LinearRadius(known, radius).search(asked)
    return _compared(kind(known, radius).search(asked), expected, _ASKED // 2)


def _compared(
    found: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...], least: int
) -> str | None:
    if len(expected[0]) < least:
        return f"the linear scan found {len(expected[0])} pairs, at least {least} are there"
    if [part.tolist() for part in found] == [part.tolist() for part in expected]:
        return None
    return f"{len(found[0])} pairs found that differ from the {len(expected[0])} of a linear scan"


KNOWN_ANSWERS: tuple[tuple[str, Callable[[], str | None]], ...] = (
    ("look-up of MD5 equals a linear scan", lambda: _exact(16)),
    ("look-up of SHA-1 equals a linear scan", lambda: _exact(20)),
    ("look-up of SHA-256 equals a linear scan", lambda: _exact(32)),
    ("PDQ scan equals a linear scan", lambda: _radius(ScanRadius, 32, PDQ_RADIUS_BITS)),
    ("PDQ index equals a linear scan", lambda: _radius(BandRadius.of, 32, PDQ_RADIUS_BITS)),
    ("pHash scan equals a linear scan", lambda: _radius(ScanRadius, 8, PHASH_RADIUS_BITS)),
    ("pHash index equals a linear scan", lambda: _radius(BandRadius.of, 8, PHASH_RADIUS_BITS)),
)
"""Name, and a check that gives ``None`` or what is wrong in words."""


def known_answers() -> tuple[KnownAnswer, ...]:
    """Give the checks as lines of the self-test."""
    expected = "every pair of a linear scan over seeded data, and no other"
    return tuple(
        KnownAnswer(name=name, expected=expected, check=check) for name, check in KNOWN_ANSWERS
    )
