"""``triage exhibit import``: exhibits from the unit's own case system, by CSV."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from triage.batch.columnmap import EXAMPLE, load_map
from triage.batch.intake import IntakeReport, take_in
from triage.cli.packwords import as_json_option, examples, print_json
from triage.cli.person import person, with_by
from triage.config import database_url
from triage.errors import UsageFault
from triage.export.formats.csv_table import safe_cell
from triage.export.wording import many
from triage.model.display import printable
from triage.store.database import open_store

FINISHED_WITH_PROBLEMS = 3
_SHOWN = 100
_SHOWN_CHARACTERS = 300


@click.command(
    "import",
    epilog=examples(
        "triage exhibit import --print-map > columns.toml",
        "triage exhibit import export.csv --map columns.toml --dry-run",
        "triage exhibit import export.csv --map columns.toml --rejects rejects.csv",
    ),
)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--map", "map_", metavar="MAP.toml", type=click.Path(path_type=Path), help="The column map."
)
@click.option("--dry-run", is_flag=True, help="Write nothing; tell what would happen.")
@click.option("--rejects", type=click.Path(path_type=Path), help="New CSV file for bad rows.")
@click.option("--print-map", is_flag=True, help="Print a commented map, to be edited.")
@with_by
@as_json_option
@click.option("--db", metavar="URL", help="Case database.")
def import_(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    file: Path | None,
    map_: Path | None,
    dry_run: bool,
    rejects: Path | None,
    print_map: bool,
    by: str,
    as_json: bool,
    db: str | None,
) -> None:
    """Take the exhibits of a CSV file into the ledger.

    Good rows are kept, bad ones named by line, column and reason; then the exit code is 3. The same
    file again changes nothing; a changed row changes its facts and appends later stages.
    """
    if print_map:
        click.echo(EXAMPLE.read_bytes(), nl=False)
        return
    if file is None or map_ is None:
        raise UsageFault("a FILE and its --map are needed", hint="--print-map shows a map.")
    of, who = load_map(map_), person(by)
    if rejects is not None:
        _check_new(rejects)
    with open_store(database_url(db), create=True) as store, _progress(file) as tell:
        report = take_in(
            file, of, store, by=who, now_s=int(time.time()), dry_run=dry_run, tell=tell
        )
    if rejects is not None and report.bad:
        _write_rejects(rejects, report)
    _tell(report, file, of_encoding=of.encoding, dry_run=dry_run)
    if as_json:
        print_json(report_object(report, dry_run=dry_run))
    if report.bad_rows:
        sys.exit(FINISHED_WITH_PROBLEMS)


def report_object(report: IntakeReport, *, dry_run: bool) -> dict[str, object]:
    """Give the report of an import as a JSON object with stable keys."""
    return {
        "dry_run": dry_run,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "facts_changed": report.facts,
        "stages_appended": report.stages,
        "stage_times_left": report.left,
        "bad_rows": report.bad_rows,
        "encoding": report.encoding,
        "delimiter": report.delimiter,
        "bad": [
            {"line": one.line, "column": one.column, "reason": one.reason} for one in report.bad
        ],
    }


def _tell(report: IntakeReport, file: Path, *, of_encoding: str, dry_run: bool) -> None:
    shown = printable(file.name)
    if not of_encoding and report.encoding != "utf-8-sig":
        click.echo(f"{shown}: this is not UTF-8, it is taken as {report.encoding}", err=True)
    for one in report.bad[:_SHOWN]:
        column = f", column {printable(one.column)}" if one.column else ""
        # What a reason quotes is escaped already; once more would show "\\\\x1b".
        reason = one.reason if one.reason.isprintable() else printable(one.reason)
        reason = reason[:_SHOWN_CHARACTERS]
        click.echo(f"{shown}, line {one.line:,}{column}: {reason}", err=True)
    if len(report.bad) > _SHOWN:
        more = len(report.bad) - _SHOWN
        click.echo(f"and {more:,} more: --rejects or --json names all", err=True)
    would = "would be " if dry_run else ""
    click.echo(
        f"{would}{report.added:,} added, {report.changed:,} changed, "
        f"{report.unchanged:,} unchanged, {many(report.bad_rows, 'bad row')}",
        err=True,
    )
    if report.changed:
        click.echo(
            f"  in those changed: {report.facts:,} facts said anew, "
            f"{report.stages:,} stages appended",
            err=True,
        )
    if report.left:
        click.echo(
            f"  {report.left:,} stage times left out: the ledger knows as late a stage already",
            err=True,
        )


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int, int], None]]:
    """Show megabytes and rows with the time left, on a terminal only."""
    if not sys.stderr.isatty() or not file.is_file():
        yield lambda _done, _rows: None
        return
    from rich import progress  # noqa: PLC0415  (slow to import, and seldom needed)

    from triage.cli.console import PipeConsole  # noqa: PLC0415  (likewise)

    columns = (
        progress.TextColumn("importing"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[amount]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=PipeConsole(stderr=True), transient=True) as bar:
        total = file.stat().st_size
        task = bar.add_task("", total=total, amount="")

        def show(done: int, rows: int) -> None:
            amount = f"{min(done, total) / 1e6:,.1f} of {total / 1e6:,.1f} MB, {rows:,} rows"
            bar.update(task, completed=min(done, total), amount=amount)

        yield show


def _check_new(path: Path) -> None:
    if path.exists():
        raise UsageFault(f"{printable(str(path))}: exists already and is not overwritten")
    if not path.parent.is_dir():
        raise UsageFault(f"{printable(str(path))}: there is no such folder")


def _write_rejects(path: Path, report: IntakeReport) -> None:
    """Write bad rows as they stood, with why in front: corrected, they can be imported again."""
    by_line: dict[int, list[str]] = {}
    cells: dict[int, Sequence[str]] = {}
    for one in report.bad:
        words = f"{one.column}: {one.reason}" if one.column else one.reason
        by_line.setdefault(one.line, []).append(words)
        cells[one.line] = one.cells
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, delimiter=report.delimiter)
            header = ("rejected line", "reason", *report.header)
            writer.writerow(map(_written, header))
            for line, reasons in by_line.items():
                row = (str(line), "; ".join(reasons), *cells[line])
                writer.writerow(map(_written, row))
    except OSError as error:
        raise UsageFault(f"{printable(str(path))}: cannot be written: {error.strerror}") from error


def _written(cell: str) -> str:
    """Give a cell without control characters or a formula; a backslash stays one, as of a path."""
    return safe_cell("\\".join(map(printable, cell.split("\\"))))
