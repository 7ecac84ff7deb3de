"""The queue as its pages show it: filtered, a page of it, and one exhibit with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from triage.batch.standing import QueueLine, Standing, why_before
from triage.model.ledger import OrderKind, QueueOrder

PAGE = 50
RETRY = "retry"
_WORKABLE = frozenset({Standing.WAITING, Standing.AWAY, Standing.NO_IMAGE, Standing.WORKED})
_AGAIN = frozenset({Standing.SET_ASIDE, Standing.AWAY, Standing.DONE})
COLOURS = {
    Standing.WAITING: "blue",
    Standing.WORKED: "green",
    Standing.AWAY: "amber",
    Standing.HELD: "grey",
    Standing.NO_IMAGE: "amber",
    Standing.SET_ASIDE: "red",
    Standing.DONE: "grey",
}
"""Of the tag that says how an exhibit stands; the words say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of the queue.

    Attributes:
        found: how many agree with the filter; ``every``: how many there are.
        counts: exhibits by how they stand, those that there are.
        page: from 1; ``pages``: how many.
    """

    lines: tuple[QueueLine, ...]
    found: int
    every: int
    counts: tuple[tuple[Standing, int], ...]
    page: int
    pages: int


def queue_page(lines: Sequence[QueueLine], *, standing: str, words: str, page: int) -> QueuePage:
    """Choose a page of the queue.

    Args:
        standing: a value of :class:`Standing`, ``""`` for all.
        words: parts of case, exhibit, device, offence, band or officer, all of which must occur.
        page: from 1; beyond the last one the last is given.
    """
    asked = words.casefold().split()
    chosen = [
        one
        for one in lines
        if standing in {"", one.standing} and all(word in _said(one) for word in asked)
    ]
    counted = Counter(one.standing for one in lines)
    pages = max(1, -(-len(chosen) // PAGE))
    page = min(max(1, page), pages)
    return QueuePage(
        lines=tuple(chosen[(page - 1) * PAGE : page * PAGE]),
        found=len(chosen),
        every=len(lines),
        counts=tuple((one, counted[one]) for one in Standing if counted[one]),
        page=page,
        pages=pages,
    )


def _said(line: QueueLine) -> str:
    facts = line.entry.facts
    parts = (
        facts.case,
        facts.exhibit,
        facts.device_type,
        facts.offence,
        facts.risk_band,
        facts.officer,
    )
    return "\n".join(parts).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitPage:
    """One exhibit of the queue.

    Attributes:
        before: what stands directly before it, ``None`` where nothing does; ``why``: the reasons.
        orders: holds and bumps, the last one first.
        offered: what can be done with it now.
    """

    line: QueueLine
    before: QueueLine | None
    why: tuple[str, ...]
    orders: tuple[QueueOrder, ...]
    offered: tuple[str, ...]


def exhibit_page(
    lines: Sequence[QueueLine], ledger_id: int, orders: Sequence[QueueOrder]
) -> ExhibitPage | None:
    """Give one exhibit with its reasons; ``None`` where it is not in the queue."""
    place = next((at for at, one in enumerate(lines) if one.entry.ledger_id == ledger_id), -1)
    if place < 0:
        return None
    line = lines[place]
    before = lines[place - 1] if place and line.number is not None else None
    return ExhibitPage(
        line=line,
        before=before,
        why=why_before(before, line) if before is not None else (),
        orders=tuple(reversed(orders)),
        offered=offered(line),
    )


def offered(line: QueueLine) -> tuple[str, ...]:
    """Tell what a person may do with an exhibit as it stands."""
    held, bumped = line.entry.held_s >= 0, line.entry.bumped_s >= 0
    found: list[str] = []
    if line.standing in _AGAIN:
        found.append(RETRY)
    if line.standing in _WORKABLE or held:
        found.append(OrderKind.UNBUMP if bumped else OrderKind.BUMP)
    found.append(OrderKind.RELEASE if held else OrderKind.HOLD)
    return tuple(map(str, found))
