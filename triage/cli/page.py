"""The result page of one exhibit, for a terminal."""

from __future__ import annotations

from collections import defaultdict

from rich.box import SIMPLE
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from triage.cli.beyond import beyond_lines, device_lines
from triage.cli.progress import amount
from triage.grading.verdict import standing_limits
from triage.model.coverage import PLACES
from triage.model.display import printable
from triage.model.grade import SEVERITY
from triage.model.record import ExhibitSummary, GradeCounts
from triage.model.verdict import Colour, Verdict

_STYLES = {Colour.RED: "bold red", Colour.AMBER: "bold yellow", Colour.GREEN: "bold green"}
PROBLEMS_SHOWN = 20
_PLACES = {"in-container": "in archive"}
_ONLY_WHERE_FOUND = frozenset({"thumbnail", "carved"})
_WRAPPED = frozenset({"what the table says", "evidence"})


def print_page(console: Console, summary: ExhibitSummary, verdict: Verdict) -> None:
    """Print the page; every word from evidence is escaped and never read as markup."""
    style = _STYLES[verdict.colour]
    title = Text(f" {summary.case}  {summary.exhibit} ", style="bold")
    head = Text(str(verdict.colour).upper(), style=style)
    why = [Text(f"- {reason}") for reason in verdict.reasons]
    console.print(Panel(Group(head, *why), title=title, border_style=style, expand=False))
    _section(console, "Device, as its extraction tells", device_lines(summary))
    _section(console, "Hits (occurrences)", _hits(summary))
    _section(console, "Grades by people (distinct contents)", _grades(summary.grades))
    _section(console, "Account", _account(summary))
    _section(console, "Not examined, or not as it should have been", _gaps(summary, verdict))
    _section(console, "Problems", _problems(summary))
    _section(console, "Volumes", _volumes(summary))
    _section(console, "Reference sets", _packs(summary))
    _section(console, "Effort", _effort(summary))


def _section(console: Console, title: str, body: RenderableType | None) -> None:
    if body is not None:
        console.print(Text(title, style="bold"))
        console.print(body)
        console.print()


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in columns:
        numeric = name.startswith("#")
        table.add_column(
            name.lstrip("#"),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=name not in _WRAPPED,
        )
    return table


def _row(table: Table, *cells: object) -> None:
    table.add_row(*(Text(str(cell)) for cell in cells))


def _hits(summary: ExhibitSummary) -> RenderableType:
    if not summary.hits:
        return Text("  none")
    counts: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (label, allocation, medium, kind), count in summary.hits:
        counts[label, kind, medium][allocation] += count
    found = {allocation for by in counts.values() for allocation in by}
    shown = [name for name in PLACES if name not in _ONLY_WHERE_FOUND - found]
    table = _table("category", "class", "medium")
    if _ONLY_WHERE_FOUND & set(shown):
        table.padding = (0, 0)
    for name in shown:
        # A heading may be broken over lines where the page is narrow; a category or a count not.
        widest = max(len(str(by.get(name, 0))) for by in counts.values())
        heading = _PLACES.get(name, name)
        table.add_column(heading, justify="right", overflow="fold", min_width=max(4, widest))
    table.add_column("all", justify="right", no_wrap=True)
    for (label, kind, medium), by in counts.items():
        _row(table, label, kind, medium, *(by.get(name, 0) for name in shown), sum(by.values()))
    if not any(kind == "visual" for _, kind, _ in counts):
        return table
    return Group(table, Text("  visual: looks like a listed picture; needs a person"))


def _grades(grades: GradeCounts | None) -> RenderableType | None:
    """Show what people decided beside what the sets propose, where anybody voted."""
    if grades is None:
        return None
    proposed, decided = dict(grades.proposed), dict[str, dict[str, int]]()
    for category, state, count in grades.decided:
        decided.setdefault(category, {})[state] = count
    states = ("graded", "second", "trusted", "resolved")
    table = _table("category", "#proposed", "#decided", *(f"#{state}" for state in states))
    for category in SEVERITY:
        if category not in proposed and category not in decided:
            continue
        by = decided.get(category, {})
        counts = [by.get(state, 0) for state in states]
        _row(table, category, proposed.get(category, 0), sum(counts), *counts)
    if not (disputed := decided.get("")):
        return table
    words = ", ".join(f"{count:,} in {state}" for state, count in sorted(disputed.items()))
    return Group(table, Text(f"  {words}: needs a person, see 'triage grade list'"))


def _account(summary: ExhibitSummary) -> RenderableType:
    tally = summary.tally
    says = "holds" if not tally.pending else "not complete yet"
    if not tally.holds():
        says = "DOES NOT HOLD: this is a defect of triage"
    pending = f" + pending {tally.pending:,}" if tally.pending else ""
    worked = f"digested {tally.digested:,} + skipped {tally.skipped_total:,}"
    lost = f"failed {tally.failed_total:,}{pending}"
    lines = [f"  listed {tally.listed:,} = {worked} + {lost}  ({says})"]
    lines += [f"    skipped  {reason}: {count:,}" for reason, count in tally.skipped]
    lines += [f"    failed   {reason}: {count:,}" for reason, count in tally.failed]
    lines.append(
        f"  pictures: {summary.pictures_hashed:,} distinct hashed"
        + "".join(f", {count:,} {reason}" for reason, count in summary.pictures_failed)
        + (f", {summary.pictures_pending:,} pending" if summary.pictures_pending else "")
    )
    if summary.pictures_hashed:
        lines.append(f"    {_turned(summary)}")
    lines += beyond_lines(summary)
    return Text("\n".join(lines))


def _turned(summary: ExhibitSummary) -> str:
    if not summary.pictures_turned:
        return "compared as they lie: copies turned or mirrored are not found (see run --dihedral)"
    return f"{summary.pictures_turned:,} of them compared turned and mirrored too"


def _gaps(summary: ExhibitSummary, verdict: Verdict) -> RenderableType:
    lines = [f"  - {gap}" for gap in verdict.gaps] or ["  - nothing of what was listed"]
    return Text("\n".join([*lines, f"  {standing_limits(summary)}"]))


def _problems(summary: ExhibitSummary) -> RenderableType | None:
    if not summary.problems:
        return None
    lines = []
    for one in summary.problems[:PROBLEMS_SHOWN]:
        place = f" {one.volume}" if one.volume else ""
        path = f" {printable(one.path)}" if one.path else ""
        extent = (
            f" bytes {one.offset_bytes:,} to {one.offset_bytes + (one.length_bytes or 0):,}"
            if one.offset_bytes is not None
            else ""
        )
        lines.append(f"  - {one.kind}{place}{path}{extent}: {printable(one.detail)}")
    if len(summary.problems) > PROBLEMS_SHOWN:
        lines.append(f"  ... and {len(summary.problems) - PROBLEMS_SHOWN:,} more (see --json)")
    return Text("\n".join(lines))


def _volumes(summary: ExhibitSummary) -> RenderableType:
    names = {one.key: printable(one.name) for one in summary.evidence}
    table = _table("evidence", "volume", "state", "file system", "#size", "what the table says")
    for key, volume in summary.volumes:
        words = "; ".join(part for part in (volume.description, volume.reason) if part)
        _row(
            table,
            names.get(key, key),
            volume.key,
            volume.state,
            volume.filesystem or "-",
            amount(volume.length_bytes) if volume.length_bytes else "-",
            printable(words),
        )
    return table if summary.volumes else Text("  none")


def _packs(summary: ExhibitSummary) -> RenderableType:
    if not summary.packs:
        return Text("  none loaded: nothing could be recognised")
    table = _table("set", "version", "imported", "polarity", "scheme", "#records")
    for pack in summary.packs:
        _row(
            table,
            pack.name,
            pack.version,
            pack.imported_at[:10],
            f"{pack.polarity}, sealed" if pack.is_sealed else pack.polarity,
            pack.scheme or "-",
            f"{pack.taken:,}",
        )
    return table


def _effort(summary: ExhibitSummary) -> RenderableType:
    seconds = max(summary.seconds, 1e-6)
    return Text(
        f"  {amount(summary.read_bytes)} read in {summary.seconds:.1f} s by {summary.workers} "
        f"worker(s): {amount(summary.read_bytes / seconds)}/s, "
        f"{summary.tally.listed / seconds:,.0f} entries/s"
    )
