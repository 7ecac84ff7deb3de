"""What an export format is, and the formats that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Literal, Protocol

from triage.export.case_head import CaseHead
from triage.model.grade import Category, Standing
from triage.model.hashset import Polarity
from triage.model.outcome import Done
from triage.model.record import ExportRecord

Order = Literal["path", "content"]
_HITS = frozenset({Standing.KNOWN_BAD, Standing.NOTABLE, Standing.VISUAL, Standing.UNMAPPED})
_MEDIA = frozenset({"picture", "video"})


class Include(StrEnum):
    """Which entries an export holds."""

    HITS = "hits"
    """What matched a reference set that is not a known-good one, conflicts of digests included, and
    what people gave a grade other than non-pertinent or have in dispute."""
    MEDIA = "media"
    """Hits, and every picture and video by type."""
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written.

    Attributes:
        entries: entries (places) written.
        contents: distinct contents written; 0 for formats that do not group.
        without_digest: entries left out because their content was never digested.
        omitted: ``((category, contents), …)``: categories that the scheme has no code for.
        disputed: contents written without a category, because people differ about it.
    """

    entries: int
    contents: int = 0
    without_digest: int = 0
    omitted: tuple[tuple[str, int], ...] = ()
    disputed: int = 0


class Exporter(Protocol):
    """One file format.

    Laws: the same records and head give the same bytes (no clock, no chance, no name of a host or
    a folder); records are streamed, never held as a whole; names from evidence pass through
    :func:`triage.model.display.printable`.
    """

    @property
    def id(self) -> str:
        """Name on the command line."""

    @property
    def order(self) -> Order:
        """Order in which the records must come."""

    @property
    def include(self) -> Include:
        """Which entries are written when nobody says."""

    def check(self, head: CaseHead) -> None:
        """Refuse what must not be written, before any file is opened.

        Raises:
            ExportError: saying what is missing and how to supply it.
        """

    def write(self, records: Iterable[ExportRecord], head: CaseHead, out: BinaryIO) -> ExportReport:
        """Write the file.

        Raises:
            ExportError: where the export is refused or the records come out of order.
        """


def select(records: Iterable[ExportRecord], include: Include) -> Iterator[ExportRecord]:
    """Give the records that an export holds, in the order in which they come."""
    return (record for record in records if _wanted(record, include))


def _wanted(record: ExportRecord, include: Include) -> bool:
    if include is Include.ALL:
        return True
    if any(match.polarity is not Polarity.KNOWN_GOOD for match in record.matches):
        return True
    if record.proposal is not None and record.proposal.standing in _HITS:
        return True
    decision = record.decision
    if decision is not None and decision.category is not Category.NON_PERTINENT:
        return True
    outcome = record.outcome
    is_media = isinstance(outcome, Done) and outcome.type.family in _MEDIA
    return include is Include.MEDIA and is_media
