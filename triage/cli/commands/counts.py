"""``triage counts``: enter and import what is counted by people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from triage.batch.countsintake import count_of, read_counts
from triage.cli.csvlines import print_csv
from triage.cli.packwords import examples
from triage.cli.person import person, with_by
from triage.cli.result import PROBLEMS
from triage.config import database_url
from triage.errors import UsageFault
from triage.export.wording import many
from triage.model.display import printable
from triage.model.history import Count, CountKind
from triage.store.counts import Counts
from triage.store.database import open_store
from triage.store.ledgerrows import moment

Command = TypeVar("Command", bound=Callable[..., Any])

_COLUMNS = ("on", "kind", "subject", "value", "by", "recorded", "stands")
_KINDS = ", ".join(CountKind)
_REFUSED_SHOWN = 50
_db = click.option("--db", metavar="URL", help="Case database; made where there is none.")


def _now_s() -> int:
    return int(time.time())


@click.group(
    epilog=examples(
        'triage counts add arrests 4 --subject "Week of action"',
        "triage counts import counts.csv",
        "triage counts list --from 2026-10-01",
    )
)
def counts() -> None:
    """Enter what is counted by people or by another system, for the metrics.

    A count is a figure of one day, of one kind, for one subject: a grader, or a campaign. Counts
    are appended; the last one of a day, kind and subject stands.
    """


@counts.command(
    epilog=examples(
        "triage counts add caid-uploaded 310 --on 2026-11-20",
        'triage counts add grading-hours 6.5 --subject "G. Rader"',
        'triage counts add arrests 4 --subject "Week of action" --by "DI Example"',
    ),
    help=f"Enter VALUE for one day, in place of what stood there.\n\nKIND is one of: {_KINDS}.",
)
@click.argument("kind", type=click.Choice([one.value for one in CountKind]), metavar="KIND")
@click.argument("value")
@click.option("--on", metavar="DAY", default="", help="Day, YYYY-MM-DD; by default today (UTC).")
@click.option("--subject", metavar="NAME", default="", help="Grader or campaign; none: all.")
@with_by
@_db
def add(*, kind: str, value: str, on: str, subject: str, by: str, db: str | None) -> None:  # noqa: D103, PLR0913  (its help is above; options by their names)
    now_s = _now_s()
    one = count_of(
        on=on or datetime.fromtimestamp(now_s, UTC).date().isoformat(),
        kind=kind,
        subject=subject,
        value=value,
        by=person(by),
        now_s=now_s,
    )
    added, _ = _enter((one,), db)
    words = "entered" if added else "stands so already"
    click.echo(f"{_words(one)}: {words}", err=True)


@counts.command(
    "import",
    epilog=examples("triage counts import counts.csv", "triage counts import counts.csv --json"),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_by
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@_db
def import_(*, file: Path, by: str, as_json: bool, db: str | None) -> None:
    """Take the counts of a CSV FILE with the columns on, kind, subject and value.

    Rows that cannot be are named by line and reason; the others are kept, and the exit code is
    then 3. The same file once more changes nothing.
    """
    found = read_counts(file, by=person(by), now_s=_now_s())
    added, unchanged = _enter(found.counts, db)
    if as_json:
        refused = [{"line": one.line, "reason": one.reason} for one in found.refused]
        click.echo(json.dumps({"added": added, "unchanged": unchanged, "refused": refused}))
    else:
        for one in found.refused[:_REFUSED_SHOWN]:
            click.echo(f"line {one.line:,}: {one.reason}", err=True)
        if len(found.refused) > _REFUSED_SHOWN:
            more = len(found.refused) - _REFUSED_SHOWN
            click.echo(f"... and {more:,} more (see --json)", err=True)
    told = f"{many(added, 'count')} added, {unchanged:,} stood so already"
    click.echo(f"{told}, {many(len(found.refused), 'row')} refused", err=True)
    sys.exit(PROBLEMS if found.refused else 0)


@counts.command(
    "list",
    epilog=examples(
        "triage counts list --from 2026-10-01 --to 2026-10-31",
        "triage counts list --all --json",
        "triage counts list --csv > counts.csv",
    ),
)
@click.option("--from", "from_day", metavar="DAY", help="First day, YYYY-MM-DD.")
@click.option("--to", "to_day", metavar="DAY", help="Last day, itself too.")
@click.option("--all", "every", is_flag=True, help="Also what was corrected later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@click.option("--db", metavar="URL", help="Case database.")
def list_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    from_day: str | None,
    to_day: str | None,
    every: bool,
    as_json: bool,
    as_csv: bool,
    db: str | None,
) -> None:
    """List counts by day, kind and subject."""
    if as_json and as_csv:
        raise UsageFault("--json and --csv are two ways to print one list: choose one")
    days = _day(from_day, "0001-01-01"), _day(to_day, "9999-12-31")
    with open_store(database_url(db)) as store:
        if every:
            found = Counts(store.connection).every(*days)
        else:
            found = tuple((one, True) for one in Counts(store.connection).standing(*days))
    objects = [_object(one, stands=stands) for one, stands in found]
    if as_json:
        for told in objects:
            click.echo(json.dumps(told))
    elif as_csv:
        print_csv(_COLUMNS, [[told[name] for name in _COLUMNS] for told in objects])
    else:
        _print_table(found)
    click.echo(many(len(found), "count"), err=True)


def _enter(fresh: Sequence[Count], db: str | None) -> tuple[int, int]:
    with open_store(database_url(db), create=True) as store:
        done = Counts(store.connection).add(fresh)
        store.commit()
    return done


def _object(one: Count, *, stands: bool) -> dict[str, object]:
    return {
        "on": one.on,
        "kind": str(one.kind),
        "subject": one.subject,
        "value": int(one.value) if one.value.is_integer() else one.value,
        "by": one.by,
        "recorded": moment(one.recorded_s),
        "stands": stands,
    }


def _print_table(found: Sequence[tuple[Count, bool]]) -> None:
    """Print aligned lines; names may be long, so they come last."""
    kinds = max((len(one.kind) for one, _ in found), default=4)
    click.echo(f"{'on':<10}  {'kind':<{kinds}}  {'value':>12}  subject")
    for one, stands in found:
        words = f"{one.on}  {one.kind:<{kinds}}  {one.value:>12,.10g}  {printable(one.subject)}"
        late = f"(corrected; {printable(one.by)}, {moment(one.recorded_s)})"
        click.echo(words.rstrip() if stands else f"{words.rstrip()}  {late}")


def _words(one: Count) -> str:
    subject = f" of {printable(one.subject)}" if one.subject else ""
    return f"{one.on} {one.kind}{subject} {one.value:,.10g}"


def _day(words: str | None, otherwise: str) -> str:
    if words is None:
        return otherwise
    try:
        found = datetime.strptime(words, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise UsageFault(f"'{printable(words)}' is no day, YYYY-MM-DD") from error
    return found.isoformat()
