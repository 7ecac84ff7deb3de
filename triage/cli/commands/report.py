"""``triage report``: the result page of a case, from the store."""

from __future__ import annotations

import click

from triage.cli.result import show_result
from triage.config import database_url
from triage.store.database import open_store


@click.command(
    epilog="\b\nExamples:\n"
    "  triage report --case OP-X\n"
    "  triage report --case OP-X --exhibit ABC/1 --json"
)
@click.option("--case", required=True, help="Reference of the case.")
@click.option("--exhibit", help="Only this exhibit.")
@click.option("--db", metavar="URL", help="Case database.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an exhibit.")
def report(*, case: str, exhibit: str | None, db: str | None, as_json: bool) -> None:
    """Show the result page of each exhibit of a case; the evidence is not needed."""
    with open_store(database_url(db)) as store:
        store.exhibit_ids(case, exhibit)
        for reference in [exhibit] if exhibit else store.exhibits(case):
            show_result(store, case, reference, as_json=as_json)
