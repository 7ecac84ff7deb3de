"""Writes a case for others to read: what the command line and the pages both go through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import triage
from triage.errors import ExportError, UsageFault
from triage.export.case_head import CaseHead
from triage.export.exporter import Exporter, ExportReport, Include, Order, select
from triage.export.formats import named
from triage.export.writing import write_atomically
from triage.grading.scheme import Scheme, SchemeBook
from triage.grading.voting import decide
from triage.model.display import printable
from triage.model.evidence import EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.record import ExportRecord
from triage.model.vote import Decide

SCHEME_OF_REGION = {"US": "us-vics-current"}


class CaseReader(Protocol):
    """What an export asks of the case database."""

    def records(
        self,
        case: str,
        exhibit: str | None = None,
        order: Order = "path",
        *,
        decide: Decide | None = None,
    ) -> Iterator[ExportRecord]:
        """All entries of a case."""

    def packs(self, case: str, exhibit: str | None = None) -> tuple[PackManifest, ...]:
        """Reference sets that were applied."""

    def exhibits(self, case: str) -> tuple[str, ...]:
        """References of the exhibits of a case."""

    def is_graded(self, case: str) -> bool:
        """Whether people have voted on contents of the case."""

    def exhibit_ids(self, case: str, exhibit: str | None = None) -> tuple[int, ...]:
        """Ids of the exhibits."""

    def schemes_of(self, exhibit_id: int) -> dict[str, str]:
        """Id and SHA-256 of the schemes that an exhibit was graded with."""

    def evidence_of(self, exhibit_id: int) -> tuple[tuple[int, EvidenceInfo, str], ...]:
        """Id, facts and place of an exhibit's evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be written.

    Attributes:
        form: id of the format, ``vics``, ``csv`` or ``jsonl``.
        exhibit: ``None`` for all of the case; ``include``: ``None`` for what the format takes.
        scheme: its id, by default that of the region.
        contact: who sends the case: organisation, name, title, telephone, e-mail.
    """

    form: str
    case: str
    exhibit: str | None = None
    include: Include | None = None
    region: str = "UK"
    scheme: str | None = None
    contact: tuple[str, str, str, str, str] = ("", "", "", "", "")


def export_case(
    reader: CaseReader, book: SchemeBook, wanted: Wanted, out: Path
) -> tuple[ExportReport, str]:
    """Write a case to a file, with its SHA-256 beside it.

    Returns:
        What was written, and SHA-256 of what lies on the disk.

    Raises:
        ExportError: nobody has confirmed the scheme, the case was graded with another state of it,
            the file lies in the evidence, or it cannot be written.
        UsageFault: there is no such case, exhibit, format or scheme.
    """
    exporter = named(wanted.form)
    scheme = book.get(wanted.scheme or SCHEME_OF_REGION.get(wanted.region, "uk"))
    head = _head(reader, wanted, scheme)
    exporter.check(head)
    _refuse_inside_evidence(reader, wanted.case, out)
    if exporter.id == "vics":
        _refuse_stale_grades(reader, wanted, book)
    records = reader.records(wanted.case, wanted.exhibit, order=exporter.order, decide=decide)
    return _written(exporter, select(records, wanted.include or exporter.include), head, out)


def _head(reader: CaseReader, wanted: Wanted, scheme: Scheme) -> CaseHead:
    organisation, name, title, phone, email = wanted.contact
    return CaseHead(
        case=wanted.case,
        exhibits=_exhibits(reader, wanted.case, wanted.exhibit),
        region=wanted.region,
        scheme=scheme,
        tool_version=triage.__version__,
        packs=reader.packs(wanted.case, wanted.exhibit),
        graded=reader.is_graded(wanted.case),
        organisation=organisation,
        contact_name=name,
        contact_phone=phone,
        contact_email=email,
        contact_title=title,
    )


def _exhibits(reader: CaseReader, case: str, exhibit: str | None) -> tuple[str, ...]:
    known = reader.exhibits(case)
    if exhibit is None:
        return known
    if exhibit not in known:
        raise UsageFault(
            f"case {printable(case)} has no exhibit {printable(exhibit)!r}",
            hint="Exhibits are: " + ", ".join(printable(one) for one in known),
        )
    return (exhibit,)


def _refuse_inside_evidence(reader: CaseReader, case: str, out: Path) -> None:
    """A folder that was examined is evidence: nothing is written into it."""
    for exhibit_id in reader.exhibit_ids(case):
        for _, _, location in reader.evidence_of(exhibit_id):
            folder = Path(location)
            if folder.is_dir() and out.resolve().is_relative_to(folder.resolve()):
                raise ExportError(
                    f"{printable(str(out))} lies in the evidence, {printable(location)}",
                    hint="Choose a place outside of it.",
                )


def _refuse_stale_grades(reader: CaseReader, wanted: Wanted, book: SchemeBook) -> None:
    """Grades given by one table are not written as codes of another."""
    known, case = book.ids(), printable(wanted.case)
    for exhibit_id in reader.exhibit_ids(wanted.case, wanted.exhibit):
        for scheme_id, sha256 in sorted(reader.schemes_of(exhibit_id).items()):
            if scheme_id in known and book.get(scheme_id).sha256() != sha256:
                raise ExportError(
                    f"case {case} was graded before scheme {scheme_id} was changed or confirmed",
                    hint=f"Grade it with the current one: triage rematch --case {case}",
                )


def _written(
    exporter: Exporter, records: Iterator[ExportRecord], head: CaseHead, out: Path
) -> tuple[ExportReport, str]:
    reports: list[ExportReport] = []

    def write(file: BinaryIO) -> None:
        reports.append(exporter.write(records, head, file))

    digest = write_atomically(out, write)
    if not reports:
        raise ExportError(f"{printable(str(out))}: nothing was written")
    return reports[0], digest


def report_words(report: ExportReport) -> tuple[str, ...]:
    """Say what an export leaves out, a sentence each."""
    words = [
        f"{contents:,} contents of category {category} carry no code: the scheme has none"
        for category, contents in report.omitted
    ]
    if report.disputed:
        words.append(
            f"{report.disputed:,} contents carry no category: people differ about it, or with a "
            "reference set"
        )
    if report.without_digest:
        words.append(f"{report.without_digest:,} entries without digests are left out")
    return tuple(words)
