"""What the listing commands share: filters over the records of a case, and their table."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from triage.export.formats.jsonl import entry_line
from triage.model.display import printable
from triage.model.entry import FileEntry, Origin
from triage.model.grade import Standing
from triage.model.outcome import Done, Failed, Skipped
from triage.model.record import ExportRecord

Command = TypeVar("Command", bound=Callable[..., Any])

_COLUMNS = "{:<10} {:<8} {:>14} {:<26} {:<24} {:<18} {}"
_TITLES = ("exhibit", "alloc", "size", "type (!: name belies it)", "state", "grade", "path")

STATES = ("digested", "skipped", "failed", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which entries a person wants to see; an empty filter lets everything through."""

    state: str | None = None
    allocation: str | None = None
    origin: str | None = None
    family: str | None = None
    path: str | None = None
    standing: tuple[Standing, ...] = ()
    mismatch: bool = False

    def takes(self, record: ExportRecord) -> bool:
        """Tell whether an entry is wanted."""
        outcome = record.outcome
        kind = outcome.type if isinstance(outcome, Done) else None
        name = printable(record.entry.ref.path)
        return (
            (self.state is None or state_of(record) == self.state)
            and (self.allocation is None or record.entry.allocation == self.allocation)
            and (self.origin is None or record.entry.origin == self.origin)
            and (self.family is None or (kind is not None and kind.family == self.family))
            and (self.path is None or fnmatch.fnmatch(name.lower(), self.path.lower()))
            and (not self.standing or standing_of(record) in self.standing)
            and (not self.mismatch or (kind is not None and kind.extension_agrees is False))
        )


def state_of(record: ExportRecord) -> str:
    """Give one of ``STATES``."""
    if isinstance(record.outcome, Done):
        return "digested"
    if isinstance(record.outcome, Skipped):
        return "skipped"
    return "failed" if isinstance(record.outcome, Failed) else "pending"


def standing_of(record: ExportRecord) -> Standing:
    """Give the standing of an entry's content."""
    return record.proposal.standing if record.proposal else Standing.UNKNOWN


def with_filters(command: Command) -> Command:
    """Add the options that make :class:`Filters`."""
    for option in reversed(
        (
            click.option("--case", required=True, help="Reference of the case."),
            click.option("--exhibit", help="Only this exhibit."),
            click.option(
                "--allocation",
                type=click.Choice(["live", "deleted", "orphan"]),
                help="Only entries so allocated.",
            ),
            click.option(
                "--origin",
                type=click.Choice(["file", "thumbnail", "carved"]),
                help="Only entries that came to be listed so.",
            ),
            click.option(
                "--type", "family", help="Only this family: picture, video, document, archive ..."
            ),
            click.option("--path", metavar="GLOB", help="Only paths like this (* and ?)."),
            click.option("--db", metavar="URL", help="Case database."),
            click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
        )
    ):
        command = option(command)
    return command


def print_records(records: Iterable[ExportRecord], *, as_json: bool, graded: bool = False) -> int:
    """Print entries and give their number; ``graded`` where people have voted in the case."""
    return _print_lines(records, graded=graded) if as_json else _print_table(records)


def _print_lines(records: Iterable[ExportRecord], *, graded: bool) -> int:
    shown = 0
    for record in records:
        click.echo(entry_line(record, graded=graded))
        shown += 1
    return shown


def _print_table(records: Iterable[ExportRecord]) -> int:
    """Print aligned lines as they come: a case may have millions, and paths must stay whole."""
    click.echo(_COLUMNS.format(*_TITLES))
    shown = 0
    for record in records:
        click.echo(_COLUMNS.format(*_cells(record)).rstrip())
        shown += 1
    click.echo(f"{shown:,} entries", err=True)
    return shown


def place_of(entry: FileEntry) -> str:
    """Say in a word where an entry lay: possession turns on it."""
    if entry.origin is not Origin.FILE:
        return "thumb" if entry.origin is Origin.THUMBNAIL else str(entry.origin)
    return "in " + entry.allocation if entry.container else str(entry.allocation)


def _cells(record: ExportRecord) -> Iterator[str]:
    entry, outcome = record.entry, record.outcome
    yield printable(record.exhibit)
    yield place_of(entry)
    yield f"{entry.size_bytes:,}"
    if isinstance(outcome, Done):
        yield outcome.type.mime + (" (!)" if outcome.type.extension_agrees is False else "")
        yield "digested"
    else:
        yield "-"
        yield f"{state_of(record)}: {outcome.reason}" if outcome else "pending"
    yield _grade(record)
    stream = f":{printable(entry.ref.stream)}" if entry.ref.stream else ""
    yield f"/{entry.ref.volume}{printable(entry.ref.path)}{stream}"


def _grade(record: ExportRecord) -> str:
    if record.decision is not None:
        return f"{record.decision.category or '-'} {record.decision.state}"
    proposal = record.proposal
    if proposal is None or proposal.standing is Standing.UNKNOWN:
        return "conflict" if proposal and proposal.conflict else "-"
    return f"{proposal.standing} {proposal.category or ''}".strip()
