"""A category scheme: what the codes of a hash list or of a national database mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from triage.model.grade import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One version of one table of codes. Codes of two schemes are never compared.

    Attributes:
        version: a whole number as text; raised whenever the table changes.
        region: ``UK``, ``US``, …: the region of an export that may carry these codes.
        confirmed_by: the person who checked the table against the force's own data.
        confirmed_at: ISO 8601 UTC; ``confirmed_source``: what it was checked against.
        codes: ``(("1", Category.A), …)`` in the order of the table.
        needs_confirmation: whether the codes mean nothing until a person has confirmed them.
    """

    id: str
    version: str
    title: str
    region: str
    codes: tuple[tuple[str, Category], ...]
    needs_confirmation: bool
    notes: str = ""
    confirmed_by: str = ""
    confirmed_at: str = ""
    confirmed_source: str = ""

    def sha256(self) -> str:
        """Give the digest, lower hex, of what the codes mean as the scheme stands.

        It covers the table and whether it is in force, so that grades given before a confirmation
        can be told from those given after it; who confirmed it and when is left out.
        """
        said = {
            "id": self.id,
            "version": self.version,
            "region": self.region,
            "in_force": self.is_confirmed,
            "codes": [[code, category.value] for code, category in self.codes],
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def is_confirmed(self) -> bool:
        """Tell whether the codes may be relied on."""
        return not self.needs_confirmation or bool(self.confirmed_by)

    def category_of(self, code: str | None) -> Category:
        """Give the category of a code; compared without regard to case and outer blanks.

        Args:
            code: as the source wrote it; ``None`` where the record has none.

        Returns:
            ``UNCATEGORISED`` for no code at all, ``UNMAPPED`` for a code that the table does not
            hold and for every code of a table that still waits to be confirmed.
        """
        if code is None:
            return Category.UNCATEGORISED
        if not self.is_confirmed:
            return Category.UNMAPPED
        wanted = folded(code)
        for known, category in self.codes:
            if folded(known) == wanted:
                return category
        return Category.UNMAPPED

    def code_for(self, category: Category) -> str | None:
        """Give the first code of the table with this category, ``None`` where there is none."""
        return next((code for code, known in self.codes if known is category), None)


def folded(code: str) -> str:
    """Give the form in which two codes are compared."""
    return code.strip().casefold()
