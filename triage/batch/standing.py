"""The queue as a person sees it: each exhibit with its place, or with why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from triage.batch.order import Place, place, precedence
from triage.batch.weights import Weights
from triage.model.ledger import LedgerEntry, OwnerRole, QueueOrder, Stage
from triage.model.queue import LeaseState, LeaseView

QUEUE_STAGES = (Stage.QUEUED, Stage.TRIAGE)
"""What stands at one of these is in the queue."""


class Standing(StrEnum):
    """How an exhibit stands in the queue."""

    WAITING = "waiting"
    WORKED = "being worked"
    AWAY = "image away"
    HELD = "held"
    NO_IMAGE = "no image"
    SET_ASIDE = "set aside"
    DONE = "done"
    """Its work is finished, but somebody moved it back to triage; it needs a retry to be taken."""


_PLACED = frozenset({Standing.WAITING, Standing.WORKED, Standing.AWAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """An exhibit in the queue.

    Attributes:
        number: its place, from 1; ``None`` where it will not be worked as it stands.
        by: who holds it back, or the worker that has it; ``""`` in other cases.
        since_s: since when, seconds since 1970 UTC; -1 where nobody is named.
        why: reason of a hold, of being set aside or of an image that is away.
    """

    number: int | None
    entry: LedgerEntry
    place: Place
    standing: Standing
    by: str = ""
    since_s: int = -1
    why: str = ""


def queue_lines(
    entries: Iterable[LedgerEntry],
    *,
    leases: Mapping[int, LeaseView],
    holds: Mapping[int, QueueOrder],
    weights: Weights,
    now_s: int,
) -> tuple[QueueLine, ...]:
    """Put exhibits in order; those that have no place follow, in the order they would have.

    Args:
        entries: exhibits at :data:`QUEUE_STAGES`.
        leases: by ledger id, where there is one; ``holds``: the hold that stands.
        weights: points for each reason.
        now_s: seconds since 1970 UTC.
    """
    lines = [
        _line(
            one,
            place(one, weights, now_s),
            leases.get(one.ledger_id),
            holds.get(one.ledger_id),
        )
        for one in entries
    ]
    lines.sort(key=lambda line: precedence(line.entry, line.place))
    placed = [one for one in lines if one.standing in _PLACED and one.entry.held_s < 0]
    known = {one.entry.ledger_id for one in placed}
    rest = [one for one in lines if one.entry.ledger_id not in known]
    return (*(replace(one, number=number) for number, one in enumerate(placed, start=1)), *rest)


def _line(
    entry: LedgerEntry, found: Place, lease: LeaseView | None, hold: QueueOrder | None
) -> QueueLine:
    standing = _standing(entry, lease)
    by, since_s, why = "", -1, ""
    if standing is Standing.HELD:
        since_s = entry.held_s
        by, why = (hold.by, hold.why) if hold is not None else ("", "")
    elif lease is not None:
        if standing is Standing.WORKED:
            by, since_s = lease.holder, lease.taken_s
        elif standing in {Standing.SET_ASIDE, Standing.AWAY}:
            why = lease.reason
        if hold is not None:
            why = "; ".join(filter(None, (why, f"held from then on by {hold.by}: {hold.why}")))
    return QueueLine(
        number=None, entry=entry, place=found, standing=standing, by=by, since_s=since_s, why=why
    )


def _standing(entry: LedgerEntry, lease: LeaseView | None) -> Standing:
    """Tell how an exhibit stands; what a person has to look at comes before a hold."""
    state = LeaseState.FREE if lease is None else lease.state
    if state is LeaseState.LEASED:
        return Standing.WORKED
    if state is LeaseState.SET_ASIDE:
        return Standing.SET_ASIDE
    if state is LeaseState.DONE and entry.stage is Stage.TRIAGE:
        return Standing.DONE
    if entry.held_s >= 0:
        return Standing.HELD
    if not entry.facts.image_path:
        return Standing.NO_IMAGE
    return Standing.AWAY if state is LeaseState.AWAY else Standing.WAITING


def why_before(first: QueueLine, second: QueueLine) -> tuple[str, ...]:
    """Give in words why one exhibit goes before another.

    Each reason in which they differ, what speaks most for the first one at the head; what speaks
    against it has a minus.
    """
    bumped = _why_bumped(first.entry, second.entry)
    if bumped:
        return (bumped,)
    pairs = list(zip(first.place.reasons, second.place.reasons, strict=True))
    pairs.sort(key=lambda pair: pair[1].points - pair[0].points)
    differing = tuple(
        f"{one.kind}: {one.points:,.1f} against {other.points:,.1f}"
        f" ({one.points - other.points:+,.1f})"
        for one, other in pairs
        if one.points != other.points
    )
    if first.place.points != second.place.points:
        return differing
    return (*differing, f"equal points: {_why_tied(first.entry, second.entry)}")


def _why_bumped(first: LedgerEntry, second: LedgerEntry) -> str:
    if first.bumped_s < 0 or first.bumped_s == second.bumped_s:
        return ""
    return "it was bumped" if second.bumped_s < 0 else "it was bumped earlier"


def _why_tied(first: LedgerEntry, second: LedgerEntry) -> str:
    one, other = first.facts, second.facts
    if one.received_s != other.received_s:
        return "it arrived earlier"
    if one.statutory_on != other.statutory_on:
        return "its statutory date is earlier"
    if (one.owner_role is OwnerRole.VICTIM) is not (other.owner_role is OwnerRole.VICTIM):
        return "it is a victim's device"
    return "it comes first by case and exhibit"
