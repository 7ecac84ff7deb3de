"""``triage queue``: see and steer the order of what waits."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections import Counter

import click

from triage.batch.order import Weights, load_weights
from triage.batch.standing import QUEUE_STAGES, QueueLine, Standing, queue_lines
from triage.batch.weights import default_bytes
from triage.cli.cells import clipped
from triage.cli.csvlines import print_csv
from triage.cli.packwords import as_json_option, examples
from triage.cli.person import person, with_by
from triage.cli.queueobject import COLUMNS, line_object, weights_points, why_object
from triage.cli.queuetable import queue_table
from triage.cli.queuewhy import why_lines
from triage.config import database_url
from triage.errors import UsageFault
from triage.export.wording import many
from triage.model.display import printable
from triage.model.ledger import LedgerEntry, OrderKind
from triage.model.queue import LeaseState, LeaseView
from triage.store.database import Store, open_store
from triage.store.leases import Leases
from triage.store.ledger import Ledger
from triage.store.orders import Orders

_db = click.option("--db", metavar="URL", help="Case database.")
_case = click.option("--case", help="Case of the exhibit, where several have one of this name.")
_why = click.option("--why", required=True, metavar="TEXT", help="The reason, which is kept.")
_exhibit = click.argument("exhibit")


def _now_s() -> int:
    return int(time.time())


@click.group(
    epilog=examples(
        "triage queue list --limit 20",
        "triage queue why ABC/1",
        'triage queue bump ABC/1 --why "charging decision tomorrow"',
        "triage queue weights",
    )
)
def queue() -> None:
    """See and steer the order of what waits.

    An exhibit is in the queue while it stands at the stage queued or triage. Its place follows
    from the ledger and from one file of weights; holds and bumps are kept with who and why.
    """


@queue.command(
    "list", epilog=examples("triage queue list --limit 20", "triage queue list --csv > queue.csv")
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N lines.")
@as_json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
@_db
def list_(*, limit: int | None, as_json: bool, as_csv: bool, db: str | None) -> None:
    """List the queue in order.

    At its end stands what will not be worked as it is, each with the reason.
    """
    if as_json and as_csv:
        raise UsageFault("--json and --csv are two ways to print one list: choose one")
    now_s, weights = _now_s(), load_weights()
    with open_store(database_url(db)) as store:
        lines = _lines(store, weights, now_s)
    shown = lines[:limit]
    if as_json:
        for one in shown:
            click.echo(json.dumps(line_object(one, now_s)))
    elif as_csv:
        objects = (line_object(one, now_s) for one in shown)
        print_csv(COLUMNS, ([one[name] for name in COLUMNS] for one in objects))
    else:
        for words in queue_table(shown, now_s, _width()):
            click.echo(words)
    click.echo(_account(lines, len(shown)), err=True)
    _warn_of_bands(lines, weights)


@queue.command(epilog=examples("triage queue why ABC/1", "triage queue why ABC/1 --case OP-X"))
@_exhibit
@_case
@as_json_option
@_db
def why(*, exhibit: str, case: str | None, as_json: bool, db: str | None) -> None:
    """Tell the reasons for the place of EXHIBIT.

    Each with its points, their sum, who stands directly before it and why, holds and bumps, and
    the digest of the weights.
    """
    now_s, weights = _now_s(), load_weights()
    with open_store(database_url(db)) as store:
        entry = Ledger(store.connection).entry(case, exhibit)
        lines = _lines(store, weights, now_s)
        orders = Orders(store.connection).orders_of(entry.ledger_id)
    found = next((one for one in lines if one.entry.ledger_id == entry.ledger_id), None)
    if found is None:
        raise UsageFault(
            f"{_name(entry)} is not in the queue: it stands at {entry.stage}",
            hint="'triage exhibit move' puts it at queued.",
        )
    if as_json:
        click.echo(json.dumps(why_object(found, lines, orders, weights, now_s), indent=2))
        return
    for words in why_lines(found, lines, orders, weights, now_s=now_s, width=_width()):
        click.echo(words)


@queue.command(
    epilog=examples(
        "triage queue weights",
        "triage queue weights --json",
        "triage queue weights --print-default > queue.toml",
    )
)
@click.option("--print-default", is_flag=True, help="Print the packaged file, to be edited.")
@as_json_option
def weights(*, print_default: bool, as_json: bool) -> None:
    """Show the weights in force.

    They come from queue.toml in TRIAGE_HOME or, without one, from the packaged file; its SHA-256
    is shown too, so that an order can be explained later.
    """
    if print_default:
        click.echo(default_bytes(), nl=False)
        return
    found = load_weights()
    points = weights_points(found)
    if as_json:
        told = {"file": found.source, "sha256": found.sha256, "points": points}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{printable(found.source)}\nSHA-256 {found.sha256}")
    for table, values in points.items():
        click.echo(f"[{table}]")
        for name, value in values.items():
            click.echo(f"  {printable(name):<24}{value:>9,g}")


def _told(entry: LedgerEntry, kind: OrderKind, lease: LeaseView | None) -> None:
    """Tell what an order does, and from when."""
    click.echo(f"{_name(entry)}: {_DONE[kind]}", err=True)
    if entry.stage not in QUEUE_STAGES:
        click.echo(f"  It stands at {entry.stage}: this counts once it is queued.", err=True)
    elif kind is OrderKind.HOLD and lease is not None and lease.state is LeaseState.LEASED:
        holder = printable(lease.holder)
        click.echo(f"  {holder} is working at it now: the hold counts after that.", err=True)


def _name(entry: LedgerEntry) -> str:
    return f"{printable(entry.facts.exhibit)} of {printable(entry.facts.case)}"


_DONE = {
    OrderKind.HOLD: "held: it is not worked until 'triage queue release'",
    OrderKind.RELEASE: "released: it has its place again",
    OrderKind.BUMP: "bumped: it goes before all that were not bumped earlier",
    OrderKind.UNBUMP: "no longer bumped: it has the place of its points",
}


def _command(kind: OrderKind, help_: str, example: str) -> None:
    """Add one of the four commands that give an order; they differ in words only."""

    def call(*, exhibit: str, case: str | None, why: str, by: str, db: str | None) -> None:
        with open_store(database_url(db)) as store:
            entry = Ledger(store.connection).entry(case, exhibit)
            orders = Orders(store.connection)
            orders.order(entry.ledger_id, kind, by=person(by), why=why.strip(), now_s=_now_s())
            store.commit()
            lease = Leases(store.connection).view(entry.ledger_id)
        _told(entry, kind, lease)

    for option in (_db, with_by, _why, _case, _exhibit):
        call = option(call)
    queue.command(str(kind), help=help_, epilog=examples(example))(call)


_command(
    OrderKind.HOLD,
    "Keep EXHIBIT from being worked until it is released.",
    'triage queue hold ABC/1 --why "legal privilege is being clarified"',
)
_command(
    OrderKind.RELEASE,
    "End the hold of EXHIBIT.",
    'triage queue release ABC/1 --why "privileged material is excluded by the warrant"',
)
_command(
    OrderKind.BUMP,
    "Put EXHIBIT before all others.\n\nSeveral go in the order in which they were bumped.",
    'triage queue bump ABC/1 --why "charging decision tomorrow" --by "DI Example"',
)
_command(
    OrderKind.UNBUMP,
    "Give EXHIBIT the place of its points again.",
    'triage queue unbump ABC/1 --why "bail was extended"',
)


@queue.command(epilog=examples('triage queue retry ABC/1 --why "the cable was changed"'))
@_exhibit
@_case
@_why
@with_by
@_db
def retry(*, exhibit: str, case: str | None, why: str, by: str, db: str | None) -> None:
    """Let EXHIBIT be taken again.

    For one that was set aside, or that is done and is to be done again.
    """
    if not why.strip():
        raise UsageFault("retry: a reason has to be named")
    with open_store(database_url(db)) as store:
        entry = Ledger(store.connection).entry(case, exhibit)
        leases = Leases(store.connection)
        leases.retry(entry.ledger_id, by=person(by), why=why.strip(), now_s=_now_s())
    click.echo(f"{_name(entry)}: waits again", err=True)


def _lines(store: Store, weights: Weights, now_s: int) -> tuple[QueueLine, ...]:
    orders = Orders(store.connection)
    return queue_lines(
        Ledger(store.connection).entries(stages=QUEUE_STAGES),
        leases=orders.leases(),
        holds=orders.holds(),
        weights=weights,
        now_s=now_s,
    )


def _account(lines: tuple[QueueLine, ...], shown: int) -> str:
    """Give how many stand how, all that there are."""
    found = Counter(one.standing for one in lines)
    words = [f"{found[one]:,} {one}" for one in Standing if found[one]]
    told = f"{many(len(lines), 'exhibit')} in the queue" + (
        f": {', '.join(words)}" if words else ""
    )
    return told if shown == len(lines) else f"{told}; {shown:,} shown"


def _warn_of_bands(lines: tuple[QueueLine, ...], weights: Weights) -> None:
    """Say which bands the weights do not know: a misspelling is nobody's decision."""
    given = {one.entry.facts.risk_band for one in lines}
    strange = sorted(one for one in given if one.strip() and weights.band(one) is None)
    if strange:
        words = ", ".join(f"'{clipped(printable(one))}'" for one in strange[:10])
        more = f" and {len(strange) - 10:,} more" if len(strange) > 10 else ""
        points = f"each counts {weights.band_unknown:,g} points"
        click.echo(f"Not in the list of bands: {words}{more}; {points}", err=True)


def _width() -> int | None:
    """Give the columns of the terminal; what goes elsewhere is not cut to any."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
