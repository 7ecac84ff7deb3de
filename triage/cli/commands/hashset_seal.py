"""``triage hashset key`` and ``triage hashset seal``: packs that disclose nothing when lost."""

from __future__ import annotations

from pathlib import Path

import click

from triage.cli.packwords import as_json_option, examples, print_json
from triage.config import home
from triage.errors import UsageFault
from triage.matching.sealed.key import new_key, read_key
from triage.model.display import printable

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(
    epilog=examples(
        "triage hashset key new --out /media/stick/dfu.key",
        "triage hashset key id /media/stick/dfu.key",
    )
)
def key() -> None:
    """Make and name the keys that sealed packs answer to."""


@key.command(epilog=examples("triage hashset key new --out /media/stick/dfu.key"))
@click.option("--out", "path", required=True, type=_FILE, metavar="FILE", help="A new file.")
@as_json_option
def new(path: Path, *, as_json: bool) -> None:
    """Write a new random key of 256 bits to a file that its owner alone may read.

    Keep it apart from the packs, on a stick or a token, and a second copy in a safe: without it
    nothing can be asked of the packs that are sealed with it.
    """
    if path.resolve().is_relative_to(home().resolve()):
        raise UsageFault(
            f"{printable(str(path))}: lies beside the packs, and would be lost with them",
            hint="choose a stick or another place that does not travel with this machine",
        )
    key_id = new_key(path).key_id
    if as_json:
        print_json({"key_id": key_id, "file": str(path)})
        return
    click.echo(f"{printable(str(path))}: key {key_id}")


@key.command("id", epilog=examples("triage hashset key id /media/stick/dfu.key"))
@click.argument("path", metavar="FILE", type=_FILE)
@as_json_option
def id_(path: Path, *, as_json: bool) -> None:
    """Show the public id of a key, as sealed packs name it; never the key."""
    key_id = read_key(path).key_id
    if as_json:
        print_json({"key_id": key_id, "file": str(path)})
        return
    click.echo(key_id)
