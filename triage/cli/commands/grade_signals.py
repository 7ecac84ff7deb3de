"""``triage grade signals``: possible first-generation material of a case, with the reasons."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from triage.bench.firstgen import leads_of
from triage.bench.layout import lay_out
from triage.bench.leadfile import LeadFormat, rows_of, write_leads
from triage.cli.gradeoptions import case_option, db_option, examples, now_s, with_options
from triage.config import database_url
from triage.errors import UsageFault
from triage.export.writing import refuse_other_files, write_atomically
from triage.model.display import printable
from triage.store.boardrows import case_by_id
from triage.store.database import open_store
from triage.store.voterows import case_of

_SHOWN = 100


@click.command(
    "signals",
    epilog=examples(
        "triage grade signals --case OP-X",
        "triage grade signals --case OP-X --out OP-X-first-generation.csv",
        "triage grade signals --case OP-X --json > OP-X-first-generation.jsonl",
    ),
)
@case_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line a content and exhibit.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a file that ends with .csv or .json, with its SHA-256 beside it.",
)
@with_options(db_option)
def signals(*, case: str, as_json: bool, out: Path | None, db: str | None) -> None:
    """List possible first-generation material: what no reference set has, and what points at it.

    Reasons in words, never a verdict: the camera is that of a device of the case, where and when
    pictures were taken, several from one camera or place, series that look alike.
    """
    form = _form(out)
    with open_store(database_url(db)) as store:
        found = case_by_id(store.connection, case_of(store.connection, case)[0])
        if found is None:
            raise UsageFault(f"there is no case {printable(case)}")
        today = datetime.fromtimestamp(now_s(), UTC).date()
        leads = leads_of(store, lay_out(store, found, today=today), today=today)

        def write(file: BinaryIO) -> None:
            write_leads(store, found, leads, form, file)

        if as_json:
            for row in rows_of(store, found, leads):
                click.echo(json.dumps(row, ensure_ascii=False))
        elif out is None:
            for one in leads[:_SHOWN]:
                click.echo(f"{one.sha256.hex()}  {printable('; '.join(one.reasons))}")
            if len(leads) > _SHOWN:
                click.echo(f"... and {len(leads) - _SHOWN:,} more (see --out)", err=True)
        if out is not None:
            refuse_other_files(out)
            digest = write_atomically(out, write)
            click.echo(f"{printable(str(out))}: SHA-256 {digest}", err=True)
    click.echo(f"{len(leads):,} contents", err=True)


def _form(out: Path | None) -> LeadFormat:
    if out is None:
        return LeadFormat.CSV
    try:
        return LeadFormat(out.suffix.lower().removeprefix("."))
    except ValueError:
        raise UsageFault(
            f"--out {printable(out.name)}: the name has to end with .csv or .json"
        ) from None
