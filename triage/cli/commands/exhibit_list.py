"""``triage exhibit list`` and ``triage exhibit show``: what the ledger knows."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence

import click

from triage.cli.csvlines import print_csv
from triage.cli.exhibitobject import LISTED, age_days, entry_object, whole_object
from triage.cli.exhibitpage import entry_page, entry_table, history_lines, queue_lines
from triage.cli.packwords import as_json_option, examples, print_json
from triage.config import database_url
from triage.errors import UsageFault
from triage.model.ledger import LedgerEntry, Stage
from triage.store.database import open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.orders import Orders

_db = click.option("--db", metavar="URL", help="Case database.")
_AGE = re.compile(r"(\d{1,6})\s*([dw]?)")


@click.command(
    "list",
    epilog=examples(
        "triage exhibit list",
        "triage exhibit list --stage queued --stage triage --older-than 90d",
        "triage exhibit list --case OP-X --all --json",
        "triage exhibit list --csv > ledger.csv",
    ),
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice([one.value for one in Stage]),
    help="Only those at this stage; may be given several times.",
)
@click.option("--case", help="Only those of this case.")
@click.option("--older-than", metavar="90d", help="Only those received before so many days (or w).")
@click.option("--all", "every", is_flag=True, help="Those that are released, too.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the N oldest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@_db
def list_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    stages: tuple[str, ...],
    case: str | None,
    older_than: str | None,
    every: bool,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    db: str | None,
) -> None:
    """List exhibits, the oldest first, with their ages.

    "for" is the time at the present stage, "age" that since it was received, until it is released.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv are two ways to print one list: choose one")
    now_s, least = int(time.time()), _days(older_than)
    chosen = [Stage(one) for one in stages]
    if not chosen and not every:
        chosen = [one for one in Stage if one is not Stage.RELEASED]
    with open_store(database_url(db)) as store:
        found = Ledger(store.connection).entries(stages=chosen or None, case=case)
        entries = [one for one in found if age_days(one, now_s) >= least]
    entries.sort(key=lambda one: (one.facts.received_s, one.facts.case, one.facts.exhibit))
    _print(entries[:limit], now_s, as_json=as_json, as_csv=as_csv)
    click.echo(_account(entries, limit), err=True)


def _print(entries: Sequence[LedgerEntry], now_s: int, *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        for one in entries:
            click.echo(json.dumps(entry_object(one, now_s)))
    elif as_csv:
        objects = (entry_object(one, now_s) for one in entries)
        print_csv(LISTED, ([one[name] for name in LISTED] for one in objects))
    elif entries:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in entry_table(entries, now_s, width):
            click.echo(line)


def _account(entries: Sequence[LedgerEntry], limit: int | None) -> str:
    counts = Counter(one.stage for one in entries)
    stages = ", ".join(f"{counts[one]:,} {one}" for one in Stage if counts[one])
    told = f"{len(entries):,} exhibit{'' if len(entries) == 1 else 's'}" + (
        f": {stages}" if stages else ""
    )
    return told if limit is None or limit >= len(entries) else f"{told}; {limit:,} shown"


def _days(text: str | None) -> int:
    if text is None:
        return 0
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageFault(f"--older-than: {text!r} is no number of days", hint="90d, or 12w")
    return int(match[1]) * (7 if match[2] == "w" else 1)


@click.command(epilog=examples("triage exhibit show ABC/1", "triage exhibit show ABC/1 --json"))
@click.argument("reference", metavar="EXHIBIT")
@click.option("--case", help="Case of the exhibit, where several have one of this name.")
@as_json_option
@_db
def show(*, reference: str, case: str | None, as_json: bool, db: str | None) -> None:
    """Show all that is known of EXHIBIT: facts, the whole history, the queue and the last result.

    The history stands in the order in which it was written down.
    """
    now_s = int(time.time())
    with open_store(database_url(db)) as store:
        ledger, leases = Ledger(store.connection), Leases(store.connection)
        entry = ledger.entry(case, reference)
        history = ledger.changes(entry.ledger_id)
        changes = ledger.fact_changes(entry.ledger_id)
        orders = Orders(store.connection).orders_of(entry.ledger_id)
        lease = leases.view(entry.ledger_id)
        result = leases.result_of(entry.ledger_id)
    if as_json:
        told = whole_object(
            entry,
            now_s,
            history=history,
            changes=changes,
            orders=orders,
            lease=lease,
            result=result,
        )
        print_json(told)
        return
    for line in (*entry_page(entry, now_s), *queue_lines(lease, result), "", "history"):
        click.echo(line)
    for line in history_lines(history, changes, orders):
        click.echo(line)
