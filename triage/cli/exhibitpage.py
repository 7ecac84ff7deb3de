"""Exhibits of the ledger for a terminal: a table of many, and one in full."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from triage.batch.clock import local
from triage.cli.cells import aligned, clipped
from triage.cli.exhibitobject import age_days, stage_days
from triage.cli.progress import amount
from triage.export.wording import many
from triage.model.display import printable
from triage.model.ledger import FactChange, LedgerEntry, OwnerRole, QueueOrder, StageChange
from triage.model.queue import ExhibitResult, LeaseView

_TITLES = ("exhibit", "case", "stage", "for", "age", "band", "owner", "statutory", "device")
_RIGHT = frozenset({"for", "age"})
_LEAST = {"device": 6, "statutory": 10, "owner": 7, "band": 6}
"""Columns that may be cut, in this order, and the width below which they are left out; never what
a person types again, nor figures. Ten columns hold the day of a statutory date.
"""
_INDENT = " " * 4
_FACTS = {
    "statutory_kind": "kind of statutory date",
    "statutory_on": "statutory date",
    "image_path": "image",
    "image_bytes": "size of the image",
}
"""What facts are called where their column's name would not say it."""


def entry_table(entries: Sequence[LedgerEntry], now_s: int, width: int | None) -> Iterator[str]:
    """Yield the lines of a table; columns for which there is no room are left out.

    Args:
        entries: in the order in which they are shown.
        now_s: seconds since 1970 UTC, for ages.
        width: columns of the terminal; ``None`` for no limit.
    """
    rows = [_TITLES, *(_cells(one, now_s) for one in entries)]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        widths = _fitted(widths, width)
    for cells in rows:
        shown = (
            aligned(cell, size, right=title in _RIGHT)
            for cell, size, title in zip(cells, widths, _TITLES, strict=True)
        )
        yield "  ".join(one for one, size in zip(shown, widths, strict=True) if size).rstrip()


def _fitted(widths: Sequence[int], width: int) -> list[int]:
    fitted = list(widths)
    for title, least in _LEAST.items():
        place = _TITLES.index(title)
        over = sum(fitted) + 2 * (sum(map(bool, fitted)) - 1) - width
        if over > 0 and fitted[place] > least:
            fitted[place] = max(fitted[place] - over, least)
    for title in _LEAST:
        if sum(fitted) + 2 * (sum(map(bool, fitted)) - 1) > width:
            fitted[_TITLES.index(title)] = 0
    return fitted


def _cells(entry: LedgerEntry, now_s: int) -> tuple[str, ...]:
    facts = entry.facts
    marks = " (held)" if entry.held_s >= 0 else " (bumped)" if entry.bumped_s >= 0 else ""
    return (
        clipped(printable(facts.exhibit)),
        clipped(printable(facts.case)),
        f"{entry.stage}{marks}",
        f"{stage_days(entry, now_s):,} d",
        f"{age_days(entry, now_s):,} d",
        clipped(printable(facts.risk_band)) or "-",
        "-" if facts.owner_role is OwnerRole.NOT_STATED else str(facts.owner_role),
        " ".join(filter(None, (facts.statutory_on, str(facts.statutory_kind)))) or "-",
        clipped(printable(facts.device_type)) or "-",
    )


def entry_page(entry: LedgerEntry, now_s: int) -> Iterator[str]:
    """Yield the facts of one exhibit."""
    facts = entry.facts
    size = "" if facts.image_bytes < 0 else f" ({amount(facts.image_bytes)})"
    known = {
        "case": facts.case,
        "exhibit": facts.exhibit,
        "stage": f"{entry.stage}, {many(stage_days(entry, now_s), 'day')}",
        "received": local(facts.received_s),
        "age": many(age_days(entry, now_s), "day"),
        "device type": facts.device_type,
        "make": facts.device_make,
        "model": facts.device_model,
        "serial": facts.device_serial,
        "owner": "" if facts.owner_role is OwnerRole.NOT_STATED else str(facts.owner_role),
        "offence": facts.offence,
        "risk band": facts.risk_band,
        "legal power": facts.legal_power,
        "DPN": facts.dpn_reference,
        "scope limits": facts.scope_limits,
        "statutory date": f"{facts.statutory_kind} {facts.statutory_on}".strip(),
        "seized": facts.seized_on,
        "image": printable(facts.image_path) + size if facts.image_path else "",
        "outsourced": "yes" if facts.outsourced else "no",
        "officer": facts.officer,
        "devices in case": f"{entry.devices_in_case:,}",
        "held since": local(entry.held_s) if entry.held_s >= 0 else "",
        "bumped since": local(entry.bumped_s) if entry.bumped_s >= 0 else "",
    }
    for name, words in known.items():
        shown = words if name == "image" else printable(words)
        if words or not name.endswith("since"):
            yield f"{name:<16} {shown or '-'}"


def history_lines(
    history: Sequence[StageChange],
    changes: Sequence[FactChange],
    orders: Sequence[QueueOrder],
) -> Iterator[str]:
    """Yield all that was appended, in the order in which it was written down."""
    said = [(one.recorded_s, 0, _stage_words(one)) for one in history]
    said += [(one.recorded_s, 1, f"{change_words(one)} by {printable(one.by)}") for one in changes]
    said += [
        (one.at_s, 2, f"{one.kind} by {printable(one.by)}: {printable(one.why)}") for one in orders
    ]
    for recorded_s, _, words in sorted(said, key=lambda one: one[:2]):
        yield f"  {local(recorded_s)}  {words}"


def _stage_words(change: StageChange) -> str:
    at = "" if change.at_s == change.recorded_s else f" at {local(change.at_s)}"
    why = f": {printable(change.why)}" if change.why else ""
    return f"{change.stage}{at} by {printable(change.by)}{why}"


def change_words(change: FactChange) -> str:
    """Give one change of a fact for a person."""
    plain = change.name.removesuffix("_s").replace("_", " ")
    before, after = (_fact(change.name, value) for value in (change.before, change.after))
    return f"{_FACTS.get(change.name, plain)}: {before} -> {after}"


def _fact(name: str, value: str) -> str:
    if name == "image_bytes" and value.lstrip("-").isdigit():
        return f"{int(value):,} bytes" if int(value) >= 0 else "-"
    return printable(value) or "-"


def queue_lines(lease: LeaseView | None, result: ExhibitResult | None) -> Iterator[str]:
    """Yield how an exhibit stands in the queue, and its last result."""
    if lease is not None:
        words = str(lease.state)
        if lease.holder:
            words += f", last taken by {printable(lease.holder)} at {local(lease.taken_s)}"
        if lease.failures:
            words += f", failures: {lease.failures}"
        yield f"{'queue':<16} {words}"
        if lease.reason:
            yield from textwrap.wrap(
                printable(lease.reason), 100, initial_indent=_INDENT, subsequent_indent=_INDENT
            )
    if result is not None:
        hits = ", ".join(f"{count:,} {printable(label)}" for label, count in result.hits)
        yield f"{'result':<16} {result.colour}, {local(result.done_s)}: {hits or 'no hits'}"
        yield (
            f"{'':<16} {result.files:,} files, {result.known_good:,} known good; {result.media:,} "
            f"pictures and videos, {result.left:,} left for a person; gaps: {result.gaps}"
        )
