"""What the commands on reference packs have in common."""

from __future__ import annotations

import dataclasses
import json

import click

from triage.errors import UsageFault
from triage.model.display import printable
from triage.model.hashset import PackManifest

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output."
)
version_option = click.option("--version", metavar="V", help="A version other than the newest.")


def examples(*lines: str) -> str:
    """Give the end of a help text: one example a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def named(name: str, version: str | None) -> tuple[str, str | None]:
    """Take ``name``, ``name@version``, or a name with ``--version``.

    Raises:
        UsageFault: both name a version, and not the same.
    """
    before, at, after = name.partition("@")
    if at and version is not None and version != after:
        raise UsageFault(f"{printable(name)!r} and --version {printable(version)!r} disagree")
    return before, after if at else version


def manifest_object(manifest: PackManifest) -> dict[str, object]:
    """Give a manifest as a JSON object with stable keys."""
    return {**dataclasses.asdict(manifest), "rows": dict(manifest.rows)}


def print_json(value: object) -> None:
    """Print a value on standard output, for machines."""
    click.echo(json.dumps(value, indent=2))
