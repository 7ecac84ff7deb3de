"""The order of the queue: points with their reasons, from the ledger, the weights and a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from math import fsum

from triage.batch.weights import Weights, load_weights
from triage.model.display import printable
from triage.model.ledger import ExhibitFacts, LedgerEntry, OwnerRole, StatutoryKind

__all__ = ("Place", "Reason", "ReasonKind", "Weights", "in_order", "load_weights", "place")

_DAY_S = 86_400
_OWNERS = {
    OwnerRole.VICTIM: "a victim's device",
    OwnerRole.WITNESS: "a witness's device",
    OwnerRole.SUSPECT: "a suspect's device",
    OwnerRole.NOT_STATED: "whose device it is was not stated",
}
_NO_DAY = "9999-12-31"


class ReasonKind(StrEnum):
    """What points are given for; in the order in which they are told."""

    RISK = "risk band"
    STATUTORY = "statutory date"
    OWNER = "owner"
    AGE = "age"
    CASE = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a place: ``words`` say what was found, safe to print."""

    kind: ReasonKind
    words: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What an exhibit has to its credit; ``points`` is the sum of its reasons'.

    Points are kept to a tenth, so that the sum is the sum of what is shown.
    """

    points: float
    reasons: tuple[Reason, ...]


def place(entry: LedgerEntry, weights: Weights, now_s: int) -> Place:
    """Give the reasons for an exhibit's place.

    Args:
        entry: as it stands in the ledger.
        weights: points for each reason.
        now_s: seconds since 1970 UTC; its day is that of UTC, the same on every host.
    """
    reasons = (
        _risk(entry.facts, weights),
        _statutory(entry.facts, weights, datetime.fromtimestamp(now_s, UTC).date()),
        _reason(
            ReasonKind.OWNER,
            _OWNERS[entry.facts.owner_role],
            weights.of_role(entry.facts.owner_role),
        ),
        _age(entry.facts, weights, now_s),
        _case(entry, weights),
    )
    return Place(points=round(fsum(one.points for one in reasons), 1), reasons=reasons)


def in_order(
    entries: Iterable[LedgerEntry], weights: Weights, now_s: int
) -> tuple[tuple[LedgerEntry, Place], ...]:
    """Put exhibits in the order in which they are to be worked; held ones are left out.

    Bumped ones come first, the one bumped first before all. Then the most points go first, of
    equal points what arrived first, then the earlier statutory date, then a victim's device, then
    by case and exhibit: the order is total, and does not depend on that of ``entries``.
    """
    placed = [(one, place(one, weights, now_s)) for one in entries if one.held_s < 0]
    return tuple(sorted(placed, key=lambda found: precedence(*found)))


def precedence(
    entry: LedgerEntry, found: Place
) -> tuple[bool, int, float, int, str, bool, str, str]:
    """Give what is compared, from the left, to tell which of two exhibits goes first."""
    facts = entry.facts
    bumped = entry.bumped_s >= 0
    return (
        not bumped,
        entry.bumped_s if bumped else 0,
        -found.points,
        facts.received_s,
        facts.statutory_on or _NO_DAY,
        facts.owner_role is not OwnerRole.VICTIM,
        facts.case,
        facts.exhibit,
    )


def _reason(kind: ReasonKind, words: str, points: float) -> Reason:
    # Adding zero turns the -0.0 of a negative weight into 0.0.
    return Reason(kind=kind, words=words, points=round(points, 1) + 0.0)


def _risk(facts: ExhibitFacts, weights: Weights) -> Reason:
    if not facts.risk_band.strip():
        return _reason(ReasonKind.RISK, "no band was given", weights.band_none)
    found = weights.band(facts.risk_band)
    if found is None:
        words = f"'{printable(facts.risk_band)}' is not in the list of bands"
        return _reason(ReasonKind.RISK, words, weights.band_unknown)
    return _reason(ReasonKind.RISK, f"'{printable(facts.risk_band)}'", found[1])


def _statutory(facts: ExhibitFacts, weights: Weights, today: date) -> Reason:
    """Count up to the day; a date that does not say of what counts as bail."""
    kind = facts.statutory_kind
    if not facts.statutory_on:
        bare = f"{kind} without a date: not counted"
        words = "no bail or custody date" if kind is StatutoryKind.NONE else bare
        return _reason(ReasonKind.STATUTORY, words, 0)
    try:
        left = (date.fromisoformat(facts.statutory_on) - today).days
    except ValueError:
        words = f"'{printable(facts.statutory_on)}' is no day: not counted"
        return _reason(ReasonKind.STATUTORY, words, 0)
    near = min(max(1 - left / weights.horizon_days, 0), 1)
    named = "a date of no kind, taken as bail," if kind is StatutoryKind.NONE else str(kind)
    words = f"{named} ends {facts.statutory_on}, {_days_left(left)}"
    if near == 0:
        words += f"; counts from {weights.horizon_days:,} days before"
    most = weights.custody if kind is StatutoryKind.CUSTODY else weights.bail
    return _reason(ReasonKind.STATUTORY, words, near * most)


def _days_left(left: int) -> str:
    if left == 0:
        return "today"
    unit = "day" if abs(left) == 1 else "days"
    return f"in {left:,} {unit}" if left > 0 else f"OVERDUE by {-left:,} {unit}"


def age_days(facts: ExhibitFacts, now_s: int) -> int:
    """Give full days since an exhibit arrived; 0 where a clock says that it is still to come."""
    return max(now_s - facts.received_s, 0) // _DAY_S


def _age(facts: ExhibitFacts, weights: Weights, now_s: int) -> Reason:
    days = age_days(facts, now_s)
    points = weights.age_per_week * days / 7
    words = f"arrived {days:,} {'day' if days == 1 else 'days'} ago"
    if weights.age_most and points > weights.age_most:
        return _reason(ReasonKind.AGE, f"{words}: more does not count", weights.age_most)
    return _reason(ReasonKind.AGE, words, points)


def _case(entry: LedgerEntry, weights: Weights) -> Reason:
    further = max(entry.devices_in_case - 1, 0)
    if not further:
        return _reason(ReasonKind.CASE, "the only exhibit of its case that is not released", 0)
    counted = min(further, weights.most_further_exhibits)
    words = f"{further:,} further {'exhibit' if further == 1 else 'exhibits'} of its case"
    if counted < further:
        words += f", of which {counted:,} count"
    return _reason(ReasonKind.CASE, words, counted * weights.per_further_exhibit)
