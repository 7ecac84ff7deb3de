"""``triage hashset key`` and ``triage hashset seal``: packs that disclose nothing when lost."""

from __future__ import annotations

from pathlib import Path

import click

from triage.cli.packwords import as_json_option, examples, manifest_object, named, print_json
from triage.cli.sealkey import private_key
from triage.config import home
from triage.errors import UsageFault
from triage.matching.library import PackLibrary
from triage.matching.sealed.key import new_key, read_key
from triage.matching.sealing import SealReport, SealWanted
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


@click.command(
    epilog=examples(
        "triage hashset seal caid --key /media/stick/dfu.key --name caid-field",
        "triage hashset seal caid@2026.09 --key dfu.key --name caid-field --with-visual",
    )
)
@click.argument("name")
@click.option("--key", "key_file", required=True, type=_FILE, metavar="FILE", help="Of the seal.")
@click.option("--name", "new_name", required=True, metavar="N", help="Of the sealed set.")
@click.option("--new-version", metavar="V", help="Of the sealed set. Default: follows from both.")
@click.option(
    "--with-sizes",
    is_flag=True,
    help="Keep sizes, readable by anybody, so that a quick pass need not read every file.",
)
@click.option(
    "--with-visual",
    is_flag=True,
    help="Keep picture hashes, encrypted; without them no picture is compared by appearance.",
)
@as_json_option
def seal(  # noqa: PLR0913  (click passes each option by name)
    name: str,
    *,
    key_file: Path,
    new_name: str,
    new_version: str | None,
    with_sizes: bool,
    with_visual: bool,
    as_json: bool,
) -> None:
    """Make a pack that answers only to who holds the key, and lists nothing.

    The set in the clear stays where it is: a machine that may be lost should get the sealed one
    alone. There is no way back. What a sealed set still tells a thief stands in
    docs/sealed-sets.md: how many records it has, in which categories.
    """
    wanted = SealWanted(
        name=new_name, version=new_version, with_sizes=with_sizes, with_visual=with_visual
    )
    report = PackLibrary(home()).seal(named(name, None), private_key(key_file), wanted)
    for words in report.left_out:
        click.echo(f"left out: {words}", err=True)
    if as_json:
        print_json(_seal_object(report))
        return
    manifest = report.manifest
    done = "already there, nothing was done" if report.already else "sealed"
    digests = ", ".join(f"{count:,} {algorithm}" for algorithm, count in manifest.rows)
    click.echo(f"{manifest.name}@{manifest.version} ({manifest.polarity}): {done}")
    click.echo(f"  taken    {manifest.taken:,} records: {digests}")
    click.echo(f"  key      {manifest.key_id}")
    click.echo(f"  SHA-256  {manifest.pack_sha256}")


def _seal_object(report: SealReport) -> dict[str, object]:
    return {
        "manifest": manifest_object(report.manifest),
        "already": report.already,
        "left_out": list(report.left_out),
    }
