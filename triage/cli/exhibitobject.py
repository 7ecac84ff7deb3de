"""Exhibits of the ledger as JSON objects and CSV rows with stable keys."""

from __future__ import annotations

from collections.abc import Sequence

from triage.model.ledger import FactChange, LedgerEntry, QueueOrder, Stage, StageChange
from triage.model.queue import ExhibitResult, LeaseView
from triage.store.ledgerrows import DAY_S, FACT_COLUMNS, STAGES, moment

LISTED = (
    *("received" if name == "received_s" else name for name in FACT_COLUMNS),
    "stage",
    *(f"{stage.value.replace('-', '_')}_at" for stage in STAGES),
    "age_days",
    "stage_days",
    "held_since",
    "bumped_since",
    "devices_in_case",
)
"""Keys of :func:`entry_object`, in order."""


def age_days(entry: LedgerEntry, now_s: int) -> int:
    """Give the whole days since an exhibit was received, until it was released."""
    end_s = entry.entered_s[Stage.RELEASED] if entry.stage is Stage.RELEASED else now_s
    return max(0, end_s - entry.facts.received_s) // DAY_S


def stage_days(entry: LedgerEntry, now_s: int) -> int:
    """Give the whole days that it has been at its stage."""
    return max(0, now_s - entry.entered_s[entry.stage]) // DAY_S


def entry_object(entry: LedgerEntry, now_s: int) -> dict[str, object]:
    """Give an exhibit; what is not known is ``None`` where it is a figure or a moment."""
    facts = entry.facts
    told: dict[str, object] = {
        name: getattr(facts, name) for name in FACT_COLUMNS if name != "received_s"
    }
    told |= {
        "owner_role": str(facts.owner_role),
        "statutory_kind": str(facts.statutory_kind),
        "received": moment(facts.received_s),
        "image_path": facts.image_path.encode("utf-8", "backslashreplace").decode(),
        "image_bytes": None if facts.image_bytes < 0 else facts.image_bytes,
        "stage": str(entry.stage),
        "age_days": age_days(entry, now_s),
        "stage_days": stage_days(entry, now_s),
        "held_since": _since(entry.held_s),
        "bumped_since": _since(entry.bumped_s),
        "devices_in_case": entry.devices_in_case,
    }
    for stage in STAGES:
        told[f"{stage.value.replace('-', '_')}_at"] = _since(entry.entered_s.get(stage, -1))
    return {name: told[name] for name in LISTED}


def stage_object(change: StageChange) -> dict[str, object]:
    """Give one line of the history."""
    return {
        "stage": str(change.stage),
        "at": moment(change.at_s),
        "recorded": moment(change.recorded_s),
        "by": change.by,
        "why": change.why,
    }


def fact_object(change: FactChange) -> dict[str, object]:
    """Give one fact that was said anew."""
    return {
        "fact": change.name,
        "before": change.before,
        "after": change.after,
        "recorded": moment(change.recorded_s),
        "by": change.by,
    }


def whole_object(  # noqa: PLR0913  (all that is known comes from five tables)
    entry: LedgerEntry,
    now_s: int,
    *,
    history: Sequence[StageChange],
    changes: Sequence[FactChange],
    orders: Sequence[QueueOrder],
    lease: LeaseView | None,
    result: ExhibitResult | None,
) -> dict[str, object]:
    """Give all that is known of an exhibit."""
    return {
        **entry_object(entry, now_s),
        "history": [stage_object(one) for one in history],
        "fact_changes": [fact_object(one) for one in changes],
        "orders": [
            {"order": str(one.kind), "at": moment(one.at_s), "by": one.by, "why": one.why}
            for one in orders
        ],
        "queue": None if lease is None else _lease_object(lease),
        "result": None if result is None else _result_object(result),
    }


def _lease_object(lease: LeaseView) -> dict[str, object]:
    return {
        "state": str(lease.state),
        "holder": lease.holder,
        "host": lease.host,
        "taken": _since(lease.taken_s),
        "beaten": _since(lease.beaten_s),
        "failures": lease.failures,
        "reason": lease.reason,
    }


def _result_object(result: ExhibitResult) -> dict[str, object]:
    return {
        "colour": result.colour,
        "hits": dict(result.hits),
        "gaps": result.gaps,
        "files": result.files,
        "known_good": result.known_good,
        "media": result.media,
        "pre_categorised": result.pre_categorised,
        "left": result.left,
        "seconds": result.seconds,
        "read_bytes": result.read_bytes,
        "done": _since(result.done_s),
    }


def _since(value_s: int) -> str | None:
    return None if value_s < 0 else moment(value_s)
