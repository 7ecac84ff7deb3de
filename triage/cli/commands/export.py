"""``triage export``: write a case to a file that others read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

import click

import triage
from triage.config import database_url, home
from triage.errors import ExportError, UsageFault
from triage.export.case_head import CaseHead
from triage.export.exporter import Exporter, ExportReport, Include, Order, select
from triage.export.formats import EXPORTERS, named
from triage.export.writing import refuse_other_files, write_atomically
from triage.grading.scheme import SchemeBook
from triage.grading.voting import decide
from triage.model.display import printable
from triage.model.evidence import EvidenceInfo
from triage.model.hashset import PackManifest
from triage.model.record import ExportRecord
from triage.model.vote import Decide

_SCHEME_OF_REGION = {"US": "us-vics-current"}


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


_EXAMPLES = """\b
Examples:
  triage export vics --case OP-X --out OP-X.json
  triage export csv --case OP-X --exhibit ABC/1 --include hits --out hits.csv
  triage export jsonl --case OP-X --out OP-X.jsonl --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("format_id", type=click.Choice([one.id for one in EXPORTERS]))
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", help="Only this exhibit.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File.")
@click.option("--include", type=click.Choice([one.value for one in Include]), help="Which entries.")
@click.option("--region", default="UK", show_default=True, help="Region of a VICS file.")
@click.option("--scheme", "scheme_id", help="Category scheme; by default that of the region.")
@click.option("--organisation", default="", help="Who sends the case.")
@click.option("--contact-name", default="", help="Contact: name.")
@click.option("--contact-title", default="", help="Contact: title.")
@click.option("--contact-phone", default="", help="Contact: telephone.")
@click.option("--contact-email", default="", help="Contact: e-mail.")
@click.option("--db", metavar="URL", help="Case database.")
@click.option("--json", "as_json", is_flag=True, help="Print the account of the export as JSON.")
def export(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    format_id: str,
    case: str,
    exhibit: str | None,
    out: Path,
    include: str | None,
    region: str,
    scheme_id: str | None,
    organisation: str,
    contact_name: str,
    contact_title: str,
    contact_phone: str,
    contact_email: str,
    db: str | None,
    as_json: bool,
) -> None:
    """Write VICS, CSV or JSON Lines, with the SHA-256 of the file beside it.

    vics holds pictures, videos and hits unless --include says otherwise; csv and jsonl hold every
    entry. A VICS file is refused until somebody has confirmed the category scheme. FILE may be an
    earlier export; any other file that is there is left alone.
    """
    exporter = named(format_id)
    refuse_other_files(out)
    book = SchemeBook(home())
    scheme = book.get(scheme_id or _SCHEME_OF_REGION.get(region, "uk"))
    with _opened(database_url(db)) as reader:
        head = CaseHead(
            case=case,
            exhibits=_exhibits(reader, case, exhibit),
            region=region,
            scheme=scheme,
            tool_version=triage.__version__,
            packs=reader.packs(case, exhibit),
            graded=reader.is_graded(case),
            organisation=organisation,
            contact_name=contact_name,
            contact_phone=contact_phone,
            contact_email=contact_email,
            contact_title=contact_title,
        )
        exporter.check(head)
        _refuse_inside_evidence(reader, case, out)
        if exporter.id == "vics":
            _refuse_stale_grades(reader, case, exhibit, book)
        records = reader.records(case, exhibit, order=exporter.order, decide=decide)
        chosen = select(records, Include(include) if include else exporter.include)
        report, digest = _written(exporter, chosen, head, out)
    _tell(report, digest, out, format_id, as_json=as_json)


def _opened(url: str) -> AbstractContextManager[CaseReader]:
    from triage.store.database import open_store  # noqa: PLC0415  (slow to import; help is not)

    return open_store(url)


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


def _refuse_stale_grades(
    reader: CaseReader, case: str, exhibit: str | None, book: SchemeBook
) -> None:
    """Grades given by one table are not written as codes of another."""
    known = book.ids()
    for exhibit_id in reader.exhibit_ids(case, exhibit):
        for scheme_id, sha256 in sorted(reader.schemes_of(exhibit_id).items()):
            if scheme_id in known and book.get(scheme_id).sha256() != sha256:
                raise ExportError(
                    f"case {printable(case)} was graded before scheme {scheme_id} "
                    "was changed or confirmed",
                    hint=f"Grade it with the current one: triage rematch --case {printable(case)}",
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


def _tell(report: ExportReport, digest: str, out: Path, format_id: str, *, as_json: bool) -> None:
    for category, contents in report.omitted:
        click.echo(
            f"{contents:,} contents of category {category} carry no code: the scheme has none",
            err=True,
        )
    if report.disputed:
        click.echo(
            f"{report.disputed:,} contents carry no category: people differ about it, or with a "
            "reference set (see 'triage grade list')",
            err=True,
        )
    if report.without_digest:
        click.echo(f"{report.without_digest:,} entries without digests are left out", err=True)
    if not as_json:
        click.echo(f"{printable(str(out))}: {report.entries:,} entries, SHA-256 {digest}")
        return
    account = {
        "format": format_id,
        "file": printable(str(out)),
        "sha256": digest,
        "entries": report.entries,
        "contents": report.contents,
        "without_digest": report.without_digest,
        "omitted": dict(report.omitted),
        **({"disputed": report.disputed} if report.disputed else {}),
    }
    click.echo(json.dumps(account, indent=2))
