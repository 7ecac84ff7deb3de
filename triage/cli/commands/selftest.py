"""``triage selftest``: is this installation one whose answers may be relied on?"""

from __future__ import annotations

import dataclasses
import json

import click

import triage
from triage.config import home
from triage.errors import SelfTestError
from triage.model.display import printable
from triage.pipeline.selftest import Checked, check_all

_HELP = """Check the installation against answers that are published outside it.

Digests, perceptual hashes, every picture decoder and the libraries that open evidence are given
inputs whose answer is known, and the index of look-alikes of each of your own reference sets is
held against a linear scan. One line each; exit code 8 when any came out wrong.

\b
Examples:
  triage selftest
  triage selftest --json > selftest.json
"""


@click.command(help=_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def selftest(*, as_json: bool) -> None:
    """Run every check, print it, and end with exit code 8 when one failed."""
    checked = []
    for one in check_all(home=home()):
        checked.append(one)
        if not as_json:
            click.echo(_line(one))
    failed = [one for one in checked if not one.ok]
    if as_json:
        click.echo(json.dumps(_document(checked), indent=2, sort_keys=True))
    else:
        click.echo(f"{len(checked) - len(failed)} of {len(checked)} known answers came out.")
    if failed:
        raise SelfTestError(
            f"{len(failed)} of {len(checked)} known answers came out wrong, "
            f"first: {printable(failed[0].name)}",
            hint="Do not use this installation for a case; reinstall triage and its libraries.",
        )


def _line(one: Checked) -> str:
    told = "ok" if one.got is None else f"FAILED: {printable(one.got)}"
    return f"{one.name}: expected {one.expected}: {told}"


def _document(checked: list[Checked]) -> dict[str, object]:
    return {
        "triage": triage.__version__,
        "ok": all(one.ok for one in checked),
        "checks": [{**dataclasses.asdict(one), "ok": one.ok} for one in checked],
    }
