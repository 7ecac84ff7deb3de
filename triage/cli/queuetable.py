"""The queue for a terminal: one line an exhibit, with a second where the first is too narrow."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from triage.batch.order import age_days
from triage.batch.standing import QueueLine, Standing
from triage.cli.cells import aligned, clipped
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, OwnerRole, Stage
from triage.store.ledgerrows import moment

_TITLES = ("place", "exhibit", "case", "band", "owner", "statutory", "age", "points", "state")
_RIGHT = frozenset({"place", "age", "points"})
_INDENT = " " * 7


def queue_table(lines: Sequence[QueueLine], now_s: int, width: int | None) -> Iterator[str]:
    """Yield the lines of a table.

    Args:
        lines: exhibits of the queue.
        now_s: seconds since 1970 UTC, for ages.
        width: columns of the terminal; ``None`` for no limit.
    """
    rows = [(_TITLES, ""), *((_cells(one, now_s), state_words(one)) for one in lines)]
    widths = [max(cell_len(cells[place]) for cells, _ in rows) for place in range(len(_TITLES) - 1)]
    left = sum(widths) + 2 * len(widths)
    for cells, state in rows:
        parts = (
            aligned(cell, size, right=title in _RIGHT)
            for cell, size, title in zip(cells, widths, _TITLES, strict=False)
        )
        yield from _laid("  ".join(parts), left, state or cells[-1], width)


def _laid(head: str, left: int, state: str, width: int | None) -> Iterator[str]:
    """Put the state behind the columns where it fits, else below them; waiting needs no line."""
    if width is None or left + cell_len(state) <= width:
        yield f"{head}  {state}".rstrip()
    else:
        yield head.rstrip()
        if state not in {str(Standing.WAITING), _TITLES[-1]}:
            yield from textwrap.wrap(
                state, max(width - 1, 30), initial_indent=_INDENT, subsequent_indent=_INDENT
            )


def _cells(line: QueueLine, now_s: int) -> tuple[str, ...]:
    facts = line.entry.facts
    return (
        "-" if line.number is None else f"{line.number:,}",
        clipped(printable(facts.exhibit)),
        clipped(printable(facts.case)),
        clipped(printable(facts.risk_band)) or "-",
        "-" if facts.owner_role is OwnerRole.NOT_STATED else str(facts.owner_role),
        statutory_words(facts) or "-",
        f"{age_days(facts, now_s):,} d",
        f"{line.place.points:,.1f}",
    )


def statutory_words(facts: ExhibitFacts) -> str:
    """Give what ends when, ``""`` where nothing does."""
    return " ".join(filter(None, (str(facts.statutory_kind), printable(facts.statutory_on))))


def state_words(line: QueueLine) -> str:
    """Give how an exhibit stands, by whom, since when and why."""
    words = str(line.standing)
    if line.by:
        words += f" by {printable(line.by)}"
    if line.since_s >= 0:
        words += f" since {moment(line.since_s)}"
    if line.standing is Standing.WAITING and line.entry.stage is Stage.TRIAGE:
        words += ", begun"
    if line.entry.bumped_s >= 0:
        words += ", bumped"
    return f"{words}: {printable(line.why)}" if line.why else words
