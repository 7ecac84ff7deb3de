"""What an export says of the case as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from triage.model.grade import Category
from triage.model.hashset import PackManifest


class CodeTable(Protocol):
    """What an export needs of a category scheme."""

    @property
    def id(self) -> str:
        """Name of the scheme."""

    @property
    def version(self) -> str:
        """Version of its table."""

    @property
    def region(self) -> str:
        """Region whose exports may carry its codes."""

    @property
    def codes(self) -> tuple[tuple[str, Category], ...]:
        """Codes with their categories, in the order of the table."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the codes may be relied on."""

    @property
    def confirmed_by(self) -> str:
        """Who confirmed the table, ``""`` where nobody had to."""

    def sha256(self) -> str:
        """Digest of what the table says."""

    def code_for(self, category: Category) -> str | None:
        """Code of a category, ``None`` where the table has none."""

    def category_of(self, code: str | None) -> Category:
        """Category of a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHead:
    """The case, who sends it, and what it was examined with.

    Attributes:
        exhibits: references of the exhibits that the export covers.
        region: ``UK``, ``US``, ``Default`` …; part of the context of a VICS file.
        scheme: the table that categories are turned into codes with.
        packs: reference sets that were applied.
        graded: people have voted on contents of the case.
    """

    case: str
    exhibits: tuple[str, ...]
    region: str
    scheme: CodeTable
    tool_version: str
    packs: tuple[PackManifest, ...] = ()
    organisation: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    contact_title: str = ""
    graded: bool = False
