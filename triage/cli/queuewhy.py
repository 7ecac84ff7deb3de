"""The reasons for a place in the queue, for a person to read aloud in a meeting."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from triage.batch.standing import QueueLine, why_before
from triage.batch.weights import Weights
from triage.cli.queuetable import state_words
from triage.model.display import printable
from triage.model.ledger import QueueOrder
from triage.store.ledgerrows import moment

_KIND = 16
_POINTS = 9
_ORDER = "bumped ones first; then the most points; of equal points what arrived first"


def why_lines(  # noqa: PLR0913  (what is known of a place, the moment and the terminal)
    line: QueueLine,
    lines: Sequence[QueueLine],
    orders: Sequence[QueueOrder],
    weights: Weights,
    *,
    now_s: int,
    width: int | None,
) -> Iterator[str]:
    """Yield lines; arguments as those of :func:`triage.cli.queueobject.why_object`.

    Args:
        width: columns of the terminal; ``None`` for no limit.
    """
    placed = sum(one.number is not None for one in lines)
    head = "no place" if line.number is None else f"place {line.number:,} of {placed:,}"
    yield f"{_name(line)}: {head} on {moment(now_s)[:10]} (UTC)"
    yield from _wrapped(f"State: {state_words(line)}", width, "  ")
    yield ""
    for one in line.place.reasons:
        start = f"  {one.kind:<{_KIND}}{one.points:>{_POINTS},.1f}  "
        yield from _wrapped(start + one.words, width, " " * len(start))
    yield f"  {'sum':<{_KIND}}{line.place.points:>{_POINTS},.1f}"
    yield ""
    yield from _before(line, lines, width)
    if orders:
        yield ""
        yield "Holds and bumps"
        for order in orders:
            told = f"  {moment(order.at_s)}  {order.kind} by {printable(order.by)}"
            yield from _wrapped(f"{told}: {printable(order.why)}", width, "    ")
    yield ""
    yield from _wrapped(f"Order    {_ORDER}", width, " " * 9)
    yield f"Weights  {printable(weights.source)}"
    yield f"SHA-256  {weights.sha256}"


def _before(line: QueueLine, lines: Sequence[QueueLine], width: int | None) -> Iterator[str]:
    if line.number is None:
        yield "It is not worked as it stands; its points count once it may be."
    elif line.number == 1:
        yield "Nothing stands before it."
    else:
        first = lines[line.number - 2]
        told = f"Directly before it: {_name(first)}, {first.place.points:,.1f} points, because"
        more = round(first.place.points - line.place.points, 1)
        if first.entry.bumped_s < 0 and more > 0:
            told += f" it has {more:,.1f} more"
        yield from _wrapped(f"{told}:", width, "  ")
        for words in why_before(first, line):
            yield from _wrapped(f"  - {words}", width, "    ")


def _name(line: QueueLine) -> str:
    return f"{printable(line.entry.facts.exhibit)} of {printable(line.entry.facts.case)}"


def _wrapped(words: str, width: int | None, indent: str) -> list[str]:
    if width is None or len(words) < width:
        return [words]
    return textwrap.wrap(words, max(width - 1, 40), subsequent_indent=indent, drop_whitespace=True)
