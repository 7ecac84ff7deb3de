"""A comparison that came out positive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from triage.model.digest import Algorithm
from triage.model.hashset import Polarity


class MatchKind(StrEnum):
    """Classes that are counted and shown apart, never merged."""

    EXACT = "exact"
    VISUAL = "visual"
    """Within the radius of a perceptual hash: needs a person."""
    CONFLICT = "conflict"
    """One digest agrees and another that both sides have does not: no hit, but shown."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Match:
    """One record of one pack that agrees with one content.

    Attributes:
        algorithm: strongest digest that agreed.
        distance_bits: 0 for exact matches.
        code: category code of the record as the source wrote it; ``has_code`` tells an empty or
            absent code from a real one (0 is a real one).
        photodna: PhotoDNA of an exact record as base64, carried through and never compared.
        trusted: ``yes``, ``no`` or ``unknown``.
        record: digest of the record that was hit, hex, in ``algorithm``.
        detail: words; for a conflict, which digests differ.
    """

    pack: str
    pack_version: str
    kind: MatchKind
    algorithm: Algorithm
    distance_bits: int = 0
    record: str = ""
    polarity: Polarity
    scheme: str = ""
    code: str = ""
    has_code: bool = False
    trusted: str = "unknown"
    series: str = ""
    detail: str = ""
    photodna: str = ""
