"""Chooses graded contents for a second look: by chance, reproducibly, from every category; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import partial

from triage.errors import UsageFault
from triage.model.display import printable

_LEAST = Decimal("0.000001")
"""A smaller share means nothing, and its exact fraction could be of any length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """What was chosen of one category: ``chosen`` of ``contents``, by digest."""

    category: str
    contents: int
    chosen: tuple[bytes, ...]


def rate_of(text: str) -> Fraction:
    """Read a rate, ``5%`` or ``0.05``, exactly.

    Raises:
        UsageFault: it is no number above 0 and up to 1 (100 %).
    """
    plain = text.strip()
    whole = 100 if plain.endswith("%") else 1
    try:
        value = Decimal(plain.removesuffix("%").strip())
        fits = _LEAST <= value <= whole
    except InvalidOperation:
        fits = False
    if not fits:
        raise UsageFault(f"--rate {printable(text)}: say a share such as 5% or 0.05")
    return Fraction(value) / whole


def sample(graded: Iterable[tuple[bytes, str]], rate: Fraction, seed: str) -> tuple[Stratum, ...]:
    """Choose from each category its share of contents, at least one.

    Each content has a place that only the seed, its category and its digest decide (SHA-256 of
    them), and the first ones are chosen. So the same contents, rate and seed give the same sample,
    in whatever order they come; a higher rate only adds to it; and nobody who grades can foresee
    it without the seed.

    Args:
        graded: SHA-256 and category of each content.
        rate: above 0, at most 1; a share that is no whole number is rounded up.
        seed: any words.
    """
    by: dict[str, set[bytes]] = {}
    for sha256, category in graded:
        by.setdefault(category, set()).add(sha256)
    found = []
    for category in sorted(by):
        size = -(-len(by[category]) * rate.numerator // rate.denominator)
        first = sorted(by[category], key=partial(_place, seed, category))
        found.append(
            Stratum(
                category=category,
                contents=len(by[category]),
                chosen=tuple(sorted(first[: max(1, size)])),
            )
        )
    return tuple(found)


def _place(seed: str, category: str, sha256: bytes) -> bytes:
    told = seed.encode("utf-8", "backslashreplace")
    head = b"%d:%b%d:%b" % (len(told), told, len(category), category.encode())
    return hashlib.sha256(head + sha256).digest()
