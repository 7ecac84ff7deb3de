"""Categories, and who gave which to what content."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """The internal categories that every scheme's codes are mapped to."""

    A = "A"
    B = "B"
    C = "C"
    PROHIBITED = "PROHIBITED"
    EXTREME = "EXTREME"
    INDICATIVE = "INDICATIVE"
    OTHER_NOTABLE = "OTHER_NOTABLE"
    NON_PERTINENT = "NON_PERTINENT"
    UNCATEGORISED = "UNCATEGORISED"
    KNOWN_BAD = "KNOWN_BAD"
    """Listed in a known-bad set that gives no category."""
    UNMAPPED = "UNMAPPED"
    """Has a code that no confirmed scheme gives a meaning to."""


SEVERITY = (
    Category.A,
    Category.B,
    Category.C,
    Category.PROHIBITED,
    Category.EXTREME,
    Category.KNOWN_BAD,
    Category.UNMAPPED,
    Category.INDICATIVE,
    Category.OTHER_NOTABLE,
    Category.UNCATEGORISED,
    Category.NON_PERTINENT,
)
"""Order in which the most serious of several proposals is found, most serious first."""

ILLEGAL = frozenset(
    {
        Category.A,
        Category.B,
        Category.C,
        Category.PROHIBITED,
        Category.EXTREME,
        Category.KNOWN_BAD,
    }
)
"""Categories of which one exact hit makes a result red."""


class Standing(StrEnum):
    """What a content is, all its matches taken together."""

    KNOWN_BAD = "known-bad"
    """An exact hit in a known-bad set, or in a by-category set with an illegal category."""
    NOTABLE = "notable"
    """An exact hit with a category that is not illegal but is wanted (indicative, other)."""
    VISUAL = "visual"
    """Looks like a known-bad record: needs a person."""
    UNMAPPED = "unmapped"
    """An exact hit whose category code nobody has confirmed: needs a person."""
    KNOWN_GOOD = "known-good"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the reference sets say of one content; a person decides.

    Attributes:
        category: ``None`` where nothing is proposed.
        conflict: words where a content is in a known-bad and a known-good set at once, where two
            sets give different categories, or where digests disagree; ``""`` otherwise.
        reason: in words, naming set and version.
    """

    standing: Standing
    category: Category | None = None
    original_code: str = ""
    scheme: str = ""
    reason: str = ""
    conflict: str = ""
