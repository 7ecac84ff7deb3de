"""``triage hits``: what matched a reference set."""

from __future__ import annotations

import click

from triage.cli.listing import Filters, print_records, with_filters
from triage.config import database_url
from triage.grading.voting import decide
from triage.model.grade import Standing
from triage.store.database import open_store

_CLASSES = {
    "exact": (Standing.KNOWN_BAD, Standing.NOTABLE, Standing.UNMAPPED),
    "visual": (Standing.VISUAL,),
    "known-good": (Standing.KNOWN_GOOD,),
}
_DEFAULT = (*_CLASSES["exact"], *_CLASSES["visual"])


@click.command(
    epilog="\b\nExamples:\n"
    "  triage hits --case OP-X\n"
    "  triage hits --case OP-X --class visual --json\n"
    "  triage hits --case OP-X --conflicts"
)
@with_filters
@click.option("--class", "kind", type=click.Choice(list(_CLASSES)), help="Only this class.")
@click.option("--conflicts", is_flag=True, help="Only contents on which sets contradict.")
def hits(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    case: str,
    exhibit: str | None,
    allocation: str | None,
    origin: str | None,
    family: str | None,
    path: str | None,
    db: str | None,
    as_json: bool,
    kind: str | None,
    conflicts: bool,
) -> None:
    """List every occurrence of what matched: exact hits and visual likenesses.

    A visual likeness is never an identification: it needs a person. Known-good files are listed
    only when asked for.
    """
    standing = () if conflicts else _CLASSES[kind] if kind else _DEFAULT
    filters = Filters(
        allocation=allocation, origin=origin, family=family, path=path, standing=standing
    )
    with open_store(database_url(db)) as store:
        chosen = filter(filters.takes, store.records(case, exhibit, decide=decide))
        if conflicts:
            chosen = filter(lambda one: bool(one.proposal and one.proposal.conflict), chosen)
        print_records(chosen, as_json=as_json, graded=store.is_graded(case))
