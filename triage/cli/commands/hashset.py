"""``triage hashset``: import reference sets and look after them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from triage.cli.commands.hashset_seal import key as key_group
from triage.cli.commands.hashset_seal import seal
from triage.cli.packwords import (
    as_json_option,
    examples,
    manifest_object,
    named,
    print_json,
    version_option,
)
from triage.config import home
from triage.errors import HashSetError, UsageFault
from triage.grading.scheme import SchemeBook
from triage.matching.library import ImportReport, PackLibrary, VerifyReport
from triage.matching.reading import ReadOptions
from triage.model.digest import PdqRecipe
from triage.model.display import printable
from triage.model.hashset import PackManifest, Polarity

FINISHED_WITH_PROBLEMS = 3
_SHOWN = 10
_NOTHING = "no reference set has been imported"


@click.group(
    epilog=examples(
        "triage hashset import caid.json --name caid --polarity by-category --scheme uk",
        "triage hashset list",
        "triage hashset verify",
    )
)
def hashset() -> None:
    """Import reference packs and look after them."""


hashset.add_command(key_group)
hashset.add_command(seal)


@hashset.command(
    "import",
    epilog=examples(
        "triage hashset import caid.json --name caid --polarity by-category --scheme uk",
        "triage hashset import RDS_minimal.db --name nsrl --polarity known-good",
        "triage hashset import watch.csv --name watch --polarity known-bad --column md5=Hash",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, metavar="N", help="What the set is called from now on.")
@click.option(
    "--polarity",
    type=click.Choice([one.value for one in Polarity]),
    help="Required: what membership in the set means. Never guessed.",
)
@click.option("--scheme", default="", metavar="ID", help="What its category codes mean.")
@click.option("--version", metavar="V", help="Default: first 12 hex digits of the SHA-256 of FILE.")
@click.option("--format", "format_id", metavar="ID", help="Default: seen from the content.")
@click.option("--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Of a table.")
@click.option(
    "--pdq-recipe",
    type=click.Choice([one.value for one in PdqRecipe]),
    default=PdqRecipe.UNKNOWN.value,
    help="How the PDQs of the set were made, where it does not say.",
)
@click.option("--encoding", default="", metavar="NAME", help="Of the text; default UTF-8.")
@click.option("--refused", type=click.Path(path_type=Path), help="New file for refused records.")
@click.option("--confirm-not-nist", is_flag=True, help="The set is not NIST's known-good one.")
@as_json_option
def import_(  # noqa: PLR0913  (click passes each option by name)
    *,
    file: Path,
    name: str,
    polarity: str | None,
    scheme: str,
    version: str | None,
    format_id: str | None,
    columns: tuple[str, ...],
    pdq_recipe: str,
    encoding: str,
    refused: Path | None,
    confirm_not_nist: bool,
    as_json: bool,
) -> None:
    """Take a hash list as an immutable pack.

    Ends with exit code 3 where records were refused; all others are then in the pack.
    """
    stated = _polarity(polarity, scheme)
    if refused is not None:
        _check_new(refused)
    options = ReadOptions(
        column_map=tuple(_column(text) for text in columns),
        pdq_recipe=PdqRecipe(pdq_recipe),
        encoding=encoding,
    )
    with _progress() as (on_progress, on_sorted):
        report = PackLibrary(home()).import_set(
            file,
            name=name,
            polarity=stated,
            scheme=scheme,
            scheme_version=str(SchemeBook(home()).get(scheme).version) if scheme else "",
            version=version,
            format_id=format_id,
            options=options,
            on_progress=on_progress,
            on_sorted=on_sorted,
            despite_nist=confirm_not_nist,
        )
    if refused is not None:
        _write_refused(refused, file, report)
    _tell_import(report, file, as_json=as_json)
    if report.refused_total:
        sys.exit(FINISHED_WITH_PROBLEMS)


@hashset.command("list", epilog=examples("triage hashset list", "triage hashset list --json"))
@as_json_option
def list_(*, as_json: bool) -> None:
    """List all packs."""
    manifests = PackLibrary(home()).list()
    if as_json:
        print_json([manifest_object(one) for one in manifests])
        return
    if not manifests:
        click.echo(_NOTHING, err=True)
        return
    lines = [_line(one) for one in manifests]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


@hashset.command(epilog=examples("triage hashset show caid", "triage hashset show caid --json"))
@click.argument("name")
@version_option
@as_json_option
def show(name: str, version: str | None, *, as_json: bool) -> None:
    """Show all that is known of one pack."""
    manifest = PackLibrary(home()).manifest(*named(name, version))
    facts = manifest_object(manifest)
    if as_json:
        print_json(facts)
        return
    facts["rows"] = ", ".join(f"{count:,} {algorithm}" for algorithm, count in manifest.rows)
    width = max(map(len, facts))
    for key, value in facts.items():
        words = f"{value:,}" if isinstance(value, int) else printable(str(value)) or "-"
        click.echo(f"{key.replace('_', ' '):<{width}}  {words}")


@hashset.command(epilog=examples("triage hashset verify", "triage hashset verify caid"))
@click.argument("name", required=False)
@version_option
@as_json_option
def verify(name: str | None, version: str | None, *, as_json: bool) -> None:
    """Read packs again, every byte; exit code 5 where anything is not as it was imported."""
    library = PackLibrary(home())
    folders = [name] if name else [path.name for path in library.folders()]
    reports = [library.verify(*named(folder, version)) for folder in folders]
    if not reports:
        click.echo(_NOTHING, err=True)
    if as_json:
        print_json([_verify_object(report) for report in reports])
    else:
        for report in reports:
            _tell_verify(report)
    damaged = [printable(report.folder) for report in reports if report.problems]
    if damaged:
        raise HashSetError(
            f"damaged: {', '.join(damaged)}", hint="remove it and import it again from its source"
        )


@hashset.command(epilog=examples("triage hashset remove caid --version 2026.09 --yes"))
@click.argument("name")
@version_option
@click.option("--yes", is_flag=True, help="Really.")
@as_json_option
def remove(name: str, version: str | None, *, yes: bool, as_json: bool) -> None:
    """Delete a pack. Cases that were matched with it keep their matches."""
    if not yes:
        raise UsageFault(f"removing {printable(name)} cannot be undone", hint="add --yes to do it")
    removed = PackLibrary(home()).remove(*named(name, version))
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"removed {removed}")


def _polarity(given: str | None, scheme: str) -> Polarity:
    if given is None:
        raise UsageFault(
            "--polarity is missing: what does it mean that a file is in this set?",
            hint="known-bad: it is illegal; known-good: it is harmless; by-category: the code of "
            "each record decides, through --scheme. Neither name nor format tells, so ask "
            "whoever supplied the set.",
        )
    stated = Polarity(given)
    if stated is Polarity.BY_CATEGORY and not scheme:
        raise UsageFault(
            "--polarity by-category needs --scheme: what do the codes of this set mean?",
            hint="schemes are: " + ", ".join(SchemeBook(home()).ids()),
        )
    return stated


def _column(text: str) -> tuple[str, str]:
    ours, equals, theirs = text.partition("=")
    if not (ours and equals and theirs):
        raise UsageFault(f"--column {printable(text)!r} is not FIELD=COLUMN", hint="md5=HashValue")
    return ours.strip().lower(), theirs


@contextmanager
def _progress() -> Iterator[
    tuple[Callable[[int, int, int], None] | None, Callable[[int, int], None] | None]
]:
    """Show bytes read, then digests sorted, with the time left, on a terminal only."""
    if not sys.stderr.isatty():
        yield None, None
        return
    from rich import progress  # noqa: PLC0415  (slow to import, and seldom needed)

    from triage.cli.console import PipeConsole  # noqa: PLC0415  (likewise)

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[amount]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=PipeConsole(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=None, amount="")

        def show_read(done: int, total: int, records: int) -> None:
            done = min(done, total)  # unpacked formats may count a little past the end
            amount = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {records:,} records"
            bar.update(task, description="reading", completed=done, total=total, amount=amount)

        def show_sorted(done: int, total: int) -> None:
            if bar.tasks[task].description != "sorting":
                bar.reset(task, description="sorting")
            amount = f"{done:,} of {total:,} digests"
            bar.update(task, completed=done, total=total, amount=amount)

        yield show_read, show_sorted


def _tell_import(report: ImportReport, file: Path, *, as_json: bool) -> None:
    manifest, source = report.manifest, printable(file.name)
    for warning in report.warnings[:_SHOWN]:
        click.echo(f"warning: {printable(warning)}", err=True)
    if len(report.warnings) > _SHOWN:
        click.echo(f"and {len(report.warnings) - _SHOWN:,} more warnings: see --json", err=True)
    for item in report.refused[:_SHOWN]:
        click.echo(
            f"refused: {source}, {printable(item.place)}: {printable(item.reason)}", err=True
        )
    if report.refused_total > _SHOWN and report.refused:
        more = report.refused_total - _SHOWN
        click.echo(f"and {more:,} more refused: see --refused or --json", err=True)
    if as_json:
        print_json(import_object(report))
        return
    done = "already there, nothing was done" if report.already else "imported"
    digests = ", ".join(f"{count:,} {algorithm}" for algorithm, count in manifest.rows)
    click.echo(f"{manifest.name}@{manifest.version} ({manifest.polarity}): {done}")
    click.echo(f"  taken    {manifest.taken:,} records as {manifest.format}: {digests}")
    click.echo(f"  refused  {report.refused_total:,}")
    click.echo(f"  SHA-256  {manifest.pack_sha256}")
    _tell_scheme(manifest)


def _tell_scheme(manifest: PackManifest) -> None:
    if manifest.scheme and not SchemeBook(home()).get(manifest.scheme).is_confirmed:
        click.echo(
            f"  scheme {manifest.scheme} is not confirmed: until it is, its codes mean nothing\n"
            f"  Next: triage scheme confirm {manifest.scheme} --by NAME --source TEXT",
            err=True,
        )


def import_object(report: ImportReport) -> dict[str, object]:
    """Give the report of an import as a JSON object with stable keys."""
    return {
        "manifest": manifest_object(report.manifest),
        "already": report.already,
        "refused_total": report.refused_total,
        "refused": [dataclasses.asdict(item) for item in report.refused],
        "warnings": list(report.warnings),
    }


def _check_new(path: Path) -> None:
    """Refuse a file that could not be written after an import that may take an hour."""
    hint = "--refused names a new file in a folder that is there"
    if path.exists():
        raise UsageFault(
            f"{printable(path.name)}: exists already and is not overwritten", hint=hint
        )
    if not path.parent.is_dir():
        raise UsageFault(f"{printable(str(path))}: there is no such folder", hint=hint)


def _write_refused(path: Path, file: Path, report: ImportReport) -> None:
    lines = [
        f"{printable(file.name)}\t{printable(item.place)}\t{printable(item.reason)}\n"
        for item in report.refused
    ]
    left = report.refused_total - len(report.refused)
    if left:
        lines.append(f"{printable(file.name)}\t-\tand {left} more that are not listed\n")
    try:
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageFault(f"{printable(path.name)}: cannot be written: {error.strerror}") from error


def _line(manifest: PackManifest) -> tuple[str, ...]:
    return (
        f"{manifest.name}@{manifest.version}",
        manifest.polarity
        + (f" ({manifest.scheme})" if manifest.scheme else "")
        + (", sealed" if manifest.is_sealed else ""),
        f"{manifest.taken:,} records",
        " ".join(f"{algorithm}:{count:,}" for algorithm, count in manifest.rows),
        f"imported {manifest.imported_at[:10]}",
    )


def _tell_verify(report: VerifyReport) -> None:
    if not report.problems:
        click.echo(f"{printable(report.folder)}: sound, {report.read_bytes:,} bytes read")
    for problem in report.problems:
        click.echo(f"{printable(report.folder)}: {printable(problem)}")


def _verify_object(report: VerifyReport) -> dict[str, object]:
    return {
        "pack": report.folder,
        "sound": not report.problems,
        "pack_sha256": report.manifest.pack_sha256 if report.manifest else None,
        "problems": list(report.problems),
        "read_bytes": report.read_bytes,
    }
