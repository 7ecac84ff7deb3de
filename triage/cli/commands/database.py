"""``triage database``: what keeps the cases, the ledger and the queue."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from triage.cli.console import PipeConsole
from triage.cli.progress import Watcher
from triage.config import database_url
from triage.model.display import printable
from triage.store.about import describe, upgrade_database
from triage.store.copying import Copied, copy_database


@click.group(
    epilog="\b\nExamples:\n"
    "  triage database show\n"
    "  triage database upgrade --db postgresql://triage@server/triage\n"
    "  triage database copy cases.sqlite postgresql://triage@server/triage"
)
def database() -> None:
    """Show, upgrade and copy the database of cases, ledger and queue.

    --db names an SQLite file or, for more than one machine, a PostgreSQL database.
    """


@database.command(
    epilog="\b\nExamples:\n"
    "  triage database show\n"
    "  triage database show --db postgresql://triage@server/triage --json"
)
@click.option("--db", metavar="URL", help="Database: a path or an SQLAlchemy URL.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(*, db: str | None, as_json: bool) -> None:
    """Show where it lies, what keeps it, its version, its size and how much there is in it."""
    facts = describe(database_url(db))
    if as_json:
        fields = {**asdict(facts), "rows": dict(facts.rows)}
        click.echo(json.dumps(fields, ensure_ascii=False, indent=2))
        return
    version = facts.version or "none: there is nothing in it yet"
    if facts.version and facts.version != facts.newest:
        version += f"; this triage works with {facts.newest}"
    click.echo(f"Database  {printable(facts.url)}")
    click.echo(f"Server    {facts.server}")
    click.echo(f"Version   {version}")
    click.echo(f"Size      {facts.size_bytes:,} bytes")
    for name, count in facts.rows:
        click.echo(f"  {name:<14}{count:>14,}")


@database.command(
    epilog="\b\nExamples:\n"
    "  triage database upgrade\n"
    "  triage database upgrade --db postgresql://triage@server/triage --json"
)
@click.option("--db", metavar="URL", help="Database: a path or an SQLAlchemy URL.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def upgrade(*, db: str | None, as_json: bool) -> None:
    """Bring the tables to the version of this triage, all or nothing; make them where it is empty.

    An SQLite file is brought up to date by any command that opens it. A PostgreSQL database is
    not, because other machines work with it: stop their batches, make a backup, then say this.
    Versions of triage from before refuse the database afterwards.
    """
    shown, before, after = upgrade_database(database_url(db))
    if as_json:
        click.echo(json.dumps({"url": shown, "from": before, "to": after}, ensure_ascii=False))
    elif before == after:
        click.echo(f"{printable(shown)}: is of version {after} already")
    elif before:
        click.echo(f"{printable(shown)}: from version {before} to {after}")
    else:
        click.echo(f"{printable(shown)}: made, version {after}")


@database.command(
    epilog="\b\nExamples:\n"
    "  triage database copy cases.sqlite postgresql://triage@server/triage\n"
    "  triage database copy postgresql://triage@server/triage copy.sqlite --json"
)
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def copy(*, source: str, target: str, as_json: bool) -> None:
    """Copy all of it into an empty database: SQLite to PostgreSQL, back, or to the same kind.

    Both are named as --db names them. Cases, ledger with its history, queue, results, nights,
    counts and votes keep their ids; exports of both are the same bytes. Nobody may work with
    SOURCE meanwhile; it is only read. Every table is read back from both and compared: all of it
    is kept in TARGET, or nothing.
    """
    with Watcher(PipeConsole(stderr=True)) as watcher:
        copied = copy_database(database_url(source), database_url(target), watcher)
    if as_json:
        fields = {**asdict(copied), "identical": True}
        click.echo(json.dumps(fields, ensure_ascii=False, indent=2))
        return
    _print_copied(copied)


def _print_copied(copied: Copied) -> None:
    click.echo(f"From      {printable(copied.source)}")
    click.echo(f"To        {printable(copied.target)}")
    click.echo(f"Version   {copied.version}")
    for table in copied.tables:
        click.echo(f"  {table.name:<16}{table.rows:>14,}")
    rows = sum(table.rows for table in copied.tables)
    click.echo(f"{rows:,} rows of {len(copied.tables)} tables, read back from both: identical")
    if copied.left_out:
        names = ", ".join(map(printable, copied.left_out))
        click.echo(f"Not copied, as they are no tables of triage: {names}")
    click.echo("Work goes on with the second one. Keep the first as a backup; write to it no more.")
