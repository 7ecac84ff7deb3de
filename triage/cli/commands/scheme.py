"""``triage scheme``: look at, edit and confirm what category codes mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from triage.config import home
from triage.grading.scheme import Scheme, SchemeBook

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
_file = click.Path(dir_okay=False, path_type=Path)


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@click.group(
    epilog=_examples(
        "triage scheme list",
        "triage scheme copy uk uk.json",
        "triage scheme load uk.json",
        'triage scheme confirm uk --by "A. Examiner" --source "CAID data of 2026-10"',
    )
)
def scheme() -> None:
    """Look at, edit and confirm category schemes.

    The integers in which forces' data carry the UK categories are not published. Nothing is graded
    or exported by such a table until a person has checked it and put a name to it.
    """


@scheme.command(
    "list",
    epilog=_examples(
        "triage scheme list",
        "triage scheme list --json",
    ),
)
@_as_json
def list_(*, as_json: bool) -> None:
    """List all schemes with version and state."""
    schemes = SchemeBook(home()).all()
    if as_json:
        click.echo(json.dumps([scheme_object(one) for one in schemes], indent=2))
        return
    width = max(len(one.id) for one in schemes)
    for one in schemes:
        click.echo(f"{one.id:<{width}}  version {one.version:<3}  {_state(one):<12}  {one.title}")


@scheme.command(
    epilog=_examples(
        "triage scheme show uk",
        "triage scheme show uk --json",
    )
)
@click.argument("scheme_id", metavar="ID")
@_as_json
def show(scheme_id: str, *, as_json: bool) -> None:
    """Show one scheme: its codes, its digest, and who confirmed it."""
    one = SchemeBook(home()).get(scheme_id)
    if as_json:
        click.echo(json.dumps(scheme_object(one), indent=2))
        return
    click.echo(f"{one.id}, version {one.version}, region {one.region}: {one.title}")
    click.echo(f"SHA-256 {one.sha256()}")
    click.echo(_confirmation(one))
    for code, category in one.codes:
        click.echo(f"  {code:>6}  {category.value}")
    if one.notes:
        click.echo(one.notes)


@scheme.command(
    epilog=_examples(
        "triage scheme copy uk uk.json",
    )
)
@click.argument("scheme_id", metavar="ID")
@click.argument("file", type=_file)
def copy(scheme_id: str, file: Path) -> None:
    """Write a scheme to FILE, to be edited and loaded again."""
    one = SchemeBook(home()).copy(scheme_id, file)
    click.echo(f"wrote {one.id} version {one.version}", err=True)


@scheme.command(
    epilog=_examples(
        "triage scheme load uk.json",
    )
)
@click.argument("file", type=_file)
def load(file: Path) -> None:
    """Take the table in FILE as the force's own; a changed table must be confirmed anew."""
    one = SchemeBook(home()).load(file)
    click.echo(f"{one.id} is now version {one.version}, {_state(one)}", err=True)
    if not one.is_confirmed:
        click.echo(f"Next: triage scheme confirm {one.id} --by NAME --source TEXT", err=True)


@scheme.command(
    epilog=_examples(
        'triage scheme confirm uk --by "A. Examiner" --source "CAID data of 2026-10"',
    )
)
@click.argument("scheme_id", metavar="ID")
@click.option("--by", required=True, metavar="NAME", help="Who checked the table.")
@click.option("--source", required=True, metavar="TEXT", help="What it was checked against.")
def confirm(scheme_id: str, by: str, source: str) -> None:
    """Put a name to the current version of a scheme."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    one = SchemeBook(home()).confirm(scheme_id, by=by, source=source, at=now)
    click.echo(f"{one.id} version {one.version}: {_confirmation(one)}", err=True)


def scheme_object(one: Scheme) -> dict[str, object]:
    """Give a scheme as a JSON object with stable keys."""
    return {
        "id": one.id,
        "version": one.version,
        "title": one.title,
        "region": one.region,
        "sha256": one.sha256(),
        "needs_confirmation": one.needs_confirmation,
        "is_confirmed": one.is_confirmed,
        "confirmed_by": one.confirmed_by or None,
        "confirmed_at": one.confirmed_at or None,
        "confirmed_source": one.confirmed_source or None,
        "codes": {code: category.value for code, category in one.codes},
        "notes": one.notes,
    }


def _state(one: Scheme) -> str:
    if one.confirmed_by:
        return "confirmed"
    return "UNCONFIRMED" if one.needs_confirmation else "published"


def _confirmation(one: Scheme) -> str:
    if one.confirmed_by:
        return f"confirmed by {one.confirmed_by} at {one.confirmed_at}: {one.confirmed_source}"
    if one.needs_confirmation:
        return "NOT CONFIRMED: its codes count as unmapped, and no case is exported with it"
    return "published meaning: needs no confirmation"
