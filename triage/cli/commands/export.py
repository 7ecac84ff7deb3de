"""``triage export``: write a case to a file that others read."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

import click

from triage.bench.exporting import CaseReader, Wanted, export_case, report_words
from triage.config import database_url, home
from triage.export.exporter import ExportReport, Include
from triage.export.formats import EXPORTERS
from triage.export.writing import refuse_other_files
from triage.grading.scheme import SchemeBook
from triage.model.display import printable

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
    refuse_other_files(out)
    wanted = Wanted(
        form=format_id,
        case=case,
        exhibit=exhibit,
        include=Include(include) if include else None,
        region=region,
        scheme=scheme_id,
        contact=(organisation, contact_name, contact_title, contact_phone, contact_email),
    )
    with _opened(database_url(db)) as reader:
        report, digest = export_case(reader, SchemeBook(home()), wanted, out)
    _tell(report, digest, out, format_id, as_json=as_json)


def _opened(url: str) -> AbstractContextManager[CaseReader]:
    from triage.store.database import open_store  # noqa: PLC0415  (slow to import; help is not)

    return open_store(url)


def _tell(report: ExportReport, digest: str, out: Path, format_id: str, *, as_json: bool) -> None:
    for words in report_words(report):
        click.echo(words, err=True)
    if report.disputed:
        click.echo("See 'triage grade list'.", err=True)
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
