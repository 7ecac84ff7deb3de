"""``triage show``: all that is known of one content or path."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from triage.config import database_url
from triage.errors import UsageFault
from triage.export.formats.jsonl import entry_object
from triage.grading.voting import decide
from triage.model.display import printable
from triage.model.outcome import Done
from triage.model.record import ExportRecord
from triage.store.database import open_store


@click.command(
    epilog="\b\nExamples:\n"
    "  triage show d41d8cd98f00b204e9800998ecf8427e --case OP-X\n"
    "  triage show /p1/Users/x/a.jpg --case OP-X --json"
)
@click.argument("what", metavar="DIGEST|PATH")
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", help="Only this exhibit.")
@click.option("--db", metavar="URL", help="Case database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an occurrence.")
def show(*, what: str, case: str, exhibit: str | None, db: str | None, as_json: bool) -> None:
    """Show every occurrence of a content (by MD5, SHA-1 or SHA-256), or one path.

    A path is given as it is printed by 'triage files', with or without its volume: /p1/a/b or /a/b.
    """
    with open_store(database_url(db)) as store:
        graded = store.is_graded(case)
        found = [one for one in store.records(case, exhibit, decide=decide) if _is(one, what)]
    if not found:
        raise UsageFault(f"nothing in case {case!r} is called or has the digest {what!r}")
    for record in found:
        fields = entry_object(record, graded=graded)
        if as_json:
            click.echo(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
        else:
            click.echo("\n".join(_lines(fields)) + "\n")


def _is(record: ExportRecord, what: str) -> bool:
    outcome, wanted = record.outcome, what.lower()
    if isinstance(outcome, Done):
        digests = outcome.digests
        if wanted in {digests.md5.hex(), digests.sha1.hex(), digests.sha256.hex()}:
            return True
    path = printable(record.entry.ref.path)
    return what in {path, f"/{record.entry.ref.volume}{path}"}


def _lines(fields: dict[str, object]) -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, list):
            yield f"{name}:" if value else f"{name}: none"
            yield from (f"    {json.dumps(one, ensure_ascii=False)}" for one in value)
        elif isinstance(value, dict):
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"
        elif value not in (None, ""):
            yield f"{name}: {value}"
