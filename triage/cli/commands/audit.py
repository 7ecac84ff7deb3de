"""``triage audit``: verify and read what is written down of everything done on the pages."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from triage.access.chain import Anchor, Verdict, verify
from triage.cli.auditobject import (
    COLUMNS,
    fault_words,
    row_object,
    row_words,
    verdict_object,
)
from triage.cli.csvlines import print_csv
from triage.cli.packwords import as_json_option, examples, print_json
from triage.cli.result import PROBLEMS
from triage.config import database_url, home
from triage.errors import UsageFault
from triage.export.wording import many
from triage.model.account import AuditAction, AuditRow
from triage.model.display import printable
from triage.store import anchors
from triage.store.audit import Audit
from triage.store.database import open_store

_db = click.option("--db", metavar="URL", help="Case database.")


@click.group(
    epilog=examples(
        "triage audit verify",
        "triage audit list --by e.examiner --since 2026-11-01",
        "triage audit head",
    )
)
def audit() -> None:
    """Verify and read the audit.

    Sign-ins, refusals, pictures seen, grades, exports and changes of accounts and settings are
    appended to it, each row chained to the one before by its SHA-256.
    """


@audit.command(
    "verify",
    epilog=examples(
        "triage audit verify",
        "triage audit verify --noted 1200:5f0c" + "0" * 60,
        "triage audit verify --anchors /mnt/safe/audit-anchors.txt --json",
    ),
)
@click.option(
    "--anchors",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Notes of the server; by default audit-anchors.txt in TRIAGE_HOME.",
)
@click.option(
    "--noted",
    multiple=True,
    metavar="NUMBER:LINK",
    help="What 'triage audit head' said at an earlier time; repeatable.",
)
@as_json_option
@_db
def verify_(*, file: Path | None, noted: tuple[str, ...], as_json: bool, db: str | None) -> None:
    """Follow the chain from its first row to its last.

    Every row that was changed, deleted, put in or moved is named, and the exit code is then 3.
    Rows that are missing at the end, and a chain that was made anew as a whole, show only against
    what was noted of it outside the database.
    """
    known = [*map(_noted, noted), *_read(file)]
    with open_store(database_url(db)) as store:
        found = verify(Audit(store.connection).iterate(), known)
    if as_json:
        print_json(verdict_object(found))
    else:
        for words in _words(found):
            click.echo(words)
    sys.exit(0 if found.whole else PROBLEMS)


@audit.command(
    "list",
    epilog=examples(
        "triage audit list --limit 20",
        "triage audit list --by e.examiner --action picture-shown --since 2026-11-01",
        "triage audit list --case OP-X --limit 100000 --csv > audit.csv",
    ),
)
@click.option("--by", default="", metavar="NAME", help="Only what this account did.")
@click.option(
    "--action",
    default="",
    metavar="ACTION",
    type=click.Choice(["", *(one.value for one in AuditAction)]),
    help="Only this action, such as signed-in or picture-shown.",
)
@click.option("--case", default="", metavar="REF", help="Only what is about this case.")
@click.option("--since", default="", metavar="DAY", help="From this day on, YYYY-MM-DD (UTC).")
@click.option("--limit", type=click.IntRange(1), default=50, metavar="N", help="The last N rows.")
@as_json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@_db
def list_(  # noqa: PLR0913  (options by their names)
    *,
    by: str,
    action: str,
    case: str,
    since: str,
    limit: int,
    as_json: bool,
    as_csv: bool,
    db: str | None,
) -> None:
    """List the last rows, the newest at the end."""
    if as_json and as_csv:
        raise UsageFault("--json and --csv are two ways to print one list: choose one")
    with open_store(database_url(db)) as store:
        found = Audit(store.connection).rows(
            by=by, action=action, case=case, since_ms=_day_ms(since), limit=limit, newest=True
        )
    rows = found[::-1]
    if as_json:
        for one in rows:
            click.echo(json.dumps(row_object(one)))
    elif as_csv:
        print_csv(COLUMNS, ([_cell(one, name) for name in COLUMNS] for one in rows))
    else:
        for one in rows:
            click.echo(row_words(one))
    click.echo(many(len(rows), "row"), err=True)


@audit.command(epilog=examples("triage audit head", "triage audit head --json"))
@as_json_option
@_db
def head(*, as_json: bool, db: str | None) -> None:
    """Show number and link of the last row, to be noted elsewhere.

    On paper, in a mail or on another machine it is an anchor: 'triage audit verify --noted' tells
    later whether the audit up to there still is what it was.
    """
    with open_store(database_url(db)) as store:
        row = Audit(store.connection).head()
    if row is None:
        raise UsageFault("the audit has no row yet")
    if as_json:
        print_json(row_object(row))
        return
    click.echo(f"{row.number}:{row.link.hex()}")


def _read(file: Path | None) -> tuple[Anchor, ...]:
    """Read the notes of the server; a file that a person named has to be there."""
    if file is not None and not file.exists():
        raise UsageFault(f"{printable(str(file))}: there is no such file")
    return anchors.read_anchors(file or home() / anchors.NAME)


def _noted(words: str) -> Anchor:
    found = anchors.anchor_of(words)
    if found is None:
        raise UsageFault(
            f"--noted {printable(words[:100])}: no number and link", hint="As 'triage audit head'."
        )
    return found


def _words(found: Verdict) -> list[str]:
    number, link = found.head
    told = [fault_words(one) for one in found.faults]
    if found.more:
        told.append(f"and {found.more:,} more")
    state = "the chain is whole" if found.whole else "THE AUDIT IS NOT AS IT WAS WRITTEN"
    told.append(f"{many(found.rows, 'row')} read: {state}")
    if found.rows:
        told.append(f"last row {number}:{link.hex()}")
    if found.anchors:
        agree = f"agreeing up to row {found.anchored:,}" if found.anchored else "none agreeing"
        told.append(f"{many(found.anchors, 'anchor')} compared, {agree}")
    else:
        told.append("no anchor to compare with: rows missing at the end would not show")
    return told


def _day_ms(day: str) -> int:
    if not day:
        return 0
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1_000)
    except ValueError:
        raise UsageFault(f"--since {printable(day)}: no day like 2026-11-22") from None


def _cell(row: AuditRow, name: str) -> object:
    value = row_object(row)[name]
    if name == "detail":
        return "; ".join(f"{key}={text}" for key, text in row.line.detail)
    return value
