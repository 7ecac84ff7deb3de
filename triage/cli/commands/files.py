"""``triage files``: the entries of a case, one a line."""

from __future__ import annotations

import click

from triage.cli.listing import STATES, Filters, print_records, with_filters
from triage.config import database_url
from triage.grading.voting import decide
from triage.store.database import open_store


@click.command(
    epilog="\b\nExamples:\n"
    "  triage files --case OP-X --json\n"
    "  triage files --case OP-X --type picture --allocation deleted\n"
    "  triage files --case OP-X --path '*/Users/*.jpg' --mismatch"
)
@with_filters
@click.option("--state", type=click.Choice(STATES), help="Only entries in this state.")
@click.option("--mismatch", is_flag=True, help="Only files whose name belies their content.")
def files(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    case: str,
    exhibit: str | None,
    allocation: str | None,
    origin: str | None,
    family: str | None,
    path: str | None,
    db: str | None,
    as_json: bool,
    state: str | None,
    mismatch: bool,
) -> None:
    """List every entry of a case: live and deleted files, folders, named streams.

    The keys of the JSON lines are described in docs/formats/listing.md.
    """
    filters = Filters(
        state=state,
        allocation=allocation,
        origin=origin,
        family=family,
        path=path,
        mismatch=mismatch,
    )
    with open_store(database_url(db)) as store:
        chosen = filter(filters.takes, store.records(case, exhibit, decide=decide))
        print_records(chosen, as_json=as_json, graded=store.is_graded(case))
