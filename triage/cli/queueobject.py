"""The queue, and the reasons for a place in it, as JSON objects with stable keys."""

from __future__ import annotations

from collections.abc import Sequence

from triage.batch.order import age_days
from triage.batch.standing import QueueLine, why_before
from triage.batch.weights import Weights
from triage.model.ledger import QueueOrder, Stage
from triage.store.ledgerrows import moment

COLUMNS = (
    "place",
    "exhibit",
    "case",
    "risk_band",
    "statutory_kind",
    "statutory_on",
    "owner_role",
    "device_type",
    "age_days",
    "points",
    "state",
    "by",
    "since",
    "why",
    "bumped",
    "begun",
)
"""Keys of :func:`line_object`, in order."""


def line_object(line: QueueLine, now_s: int) -> dict[str, object]:
    """Give an exhibit in the queue; ``place`` and ``since`` are ``None`` where there is none."""
    facts = line.entry.facts
    return {
        "place": line.number,
        "exhibit": facts.exhibit,
        "case": facts.case,
        "risk_band": facts.risk_band,
        "statutory_kind": str(facts.statutory_kind),
        "statutory_on": facts.statutory_on,
        "owner_role": str(facts.owner_role),
        "device_type": facts.device_type,
        "age_days": age_days(facts, now_s),
        "points": line.place.points,
        "state": str(line.standing),
        "by": line.by,
        "since": moment(line.since_s) if line.since_s >= 0 else None,
        "why": line.why,
        "bumped": line.entry.bumped_s >= 0,
        "begun": line.entry.stage is Stage.TRIAGE,
    }


def why_object(
    line: QueueLine,
    lines: Sequence[QueueLine],
    orders: Sequence[QueueOrder],
    weights: Weights,
    now_s: int,
) -> dict[str, object]:
    """Give the reasons for a place.

    Args:
        line: the exhibit asked for, one of ``lines``, the whole queue in order.
        orders: holds and bumps of the exhibit, the oldest first.
        weights: the weights that the queue was put in order with.
        now_s: seconds since 1970 UTC.
    """
    return {
        **line_object(line, now_s),
        "as_of": moment(now_s),
        "of": sum(one.number is not None for one in lines),
        "reasons": [
            {"kind": str(one.kind), "words": one.words, "points": one.points}
            for one in line.place.reasons
        ],
        "before": _before(line, lines),
        "orders": [
            {"kind": str(one.kind), "at": moment(one.at_s), "by": one.by, "why": one.why}
            for one in orders
        ],
        "weights": {"file": weights.source, "sha256": weights.sha256},
    }


def _before(line: QueueLine, lines: Sequence[QueueLine]) -> dict[str, object] | None:
    """Give who stands directly before an exhibit, and why."""
    if line.number is None or line.number == 1:
        return None
    first = lines[line.number - 2]
    return {
        "place": first.number,
        "exhibit": first.entry.facts.exhibit,
        "case": first.entry.facts.case,
        "points": first.place.points,
        "because": list(why_before(first, line)),
    }


def weights_points(weights: Weights) -> dict[str, dict[str, float]]:
    """Give the points as the file names them."""
    return {
        "risk": {
            **{f"band '{name}'": points for name, points in weights.bands},
            "unknown": weights.band_unknown,
            "none": weights.band_none,
        },
        "statutory": {
            "horizon_days": weights.horizon_days,
            "bail": weights.bail,
            "custody": weights.custody,
        },
        "owner": {str(role): points for role, points in weights.owner},
        "age": {"per_week": weights.age_per_week, "most": weights.age_most},
        "case": {
            "per_further_exhibit": weights.per_further_exhibit,
            "most_exhibits": weights.most_further_exhibits,
        },
    }
