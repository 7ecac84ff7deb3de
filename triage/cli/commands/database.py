"""``triage database``: what keeps the cases, the ledger and the queue."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from triage.config import database_url
from triage.model.display import printable
from triage.store.about import describe, upgrade_database


@click.group(
    epilog="\b\nExamples:\n"
    "  triage database show\n"
    "  triage database upgrade --db postgresql://triage@server/triage"
)
def database() -> None:
    """Show and upgrade the database of cases, ledger and queue.

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
