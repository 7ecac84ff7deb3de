"""``triage grade import``: take the grades of a case that was graded elsewhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from triage.bench.importing import import_grades, read_file
from triage.cli.gradeoptions import (
    case_option,
    db_option,
    examples,
    now_s,
    scheme_option,
    tell_decisions,
    with_options,
)
from triage.cli.person import person, with_by
from triage.cli.result import PROBLEMS
from triage.config import database_url, home
from triage.grading.merging import Merged
from triage.grading.scheme import SchemeBook
from triage.model.display import printable
from triage.model.gradedcase import GradedFile
from triage.store.database import open_store

_SHOWN = 50


@click.command(
    "import",
    epilog=examples(
        "triage grade import OP-X-graded.json --case OP-X",
        "triage grade import OP-X-graded.json --case OP-X --scheme uk --json",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_options(case_option, scheme_option, with_by)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@db_option
def import_(  # noqa: PLR0913  (click hands over each option by its name)
    *, file: Path, case: str, scheme_id: str, by: str, as_json: bool, db: str | None
) -> None:
    """Take the grades of a VICS case FILE (1.x and 2.0) as votes, merged by hash.

    Each vote keeps the name and SHA-256 of the file, and who gave it as far as the file says. What
    a reference set gave is no vote. Records that cannot be taken are named, and the exit code is
    then 3. The same file once more changes nothing, and no file overwrites what was said here.
    """
    found = read_file(file)
    scheme = SchemeBook(home()).get(scheme_id)
    with open_store(database_url(db)) as store:
        done = import_grades(store, case, found, scheme, by=person(by), now_s=now_s())
        store.commit()
    tell_decisions(dict(done.disputed))
    counts = done.added, done.unchanged, len(done.disputed)
    _tell(found, done.merged, counts, as_json=as_json)
    sys.exit(PROBLEMS if done.merged.refused else 0)


def _tell(file: GradedFile, merged: Merged, counts: tuple[int, int, int], *, as_json: bool) -> None:
    added, unchanged, disputed = counts
    if as_json:
        told = {
            "file": printable(file.name),
            "sha256": file.sha256,
            "said_by": file.said_by,
            "added": added,
            "unchanged": unchanged,
            "disputed": disputed,
            "not_in_the_case": list(merged.strangers),
            "without_a_grade": merged.ungraded,
            "by_reference_sets": merged.precategorised,
            "refused": [{"place": place, "reason": reason} for place, reason in merged.refused],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    _some([f"{place}: {reason}" for place, reason in merged.refused])
    _some([f"not in the case: {digest}" for digest in merged.strangers])
    click.echo(f"{printable(file.name)}, SHA-256 {file.sha256}", err=True)
    click.echo(
        f"{added:,} votes added, {unchanged:,} stood so already; {disputed:,} contents in dispute; "
        f"{len(merged.strangers):,} not in the case, {merged.ungraded:,} without a grade, "
        f"{merged.precategorised:,} graded by reference sets, {len(merged.refused):,} refused",
        err=True,
    )


def _some(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(line, err=True)
    if len(lines) > _SHOWN:
        click.echo(f"... and {len(lines) - _SHOWN:,} more (see --json)", err=True)
