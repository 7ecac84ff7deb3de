"""What officers' pages show of submissions: rows of a list, and what was said of a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.batch.officergaps import size_words
from triage.batch.officerprogress import Told, has_result, progress_of
from triage.batch.submitting import BROUGHT, INTAKE
from triage.batch.weights import load_weights
from triage.export.wording import day_words, moment_words
from triage.model.ledger import ExhibitFacts, LedgerEntry, OwnerRole, StatutoryKind
from triage.store.ledger import Ledger
from triage.store.submissions import Submission
from triage.web.seat import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A submission as a list shows it."""

    submission: Submission
    entry: LedgerEntry
    told: Told
    result: bool


def rows_of(seat: Seat, found: Sequence[Submission]) -> tuple[Row, ...]:
    """Say of submissions how far they have come."""
    ledger = Ledger(seat.store.connection)
    keys = [(one.case, one.exhibit) for one in found]
    entries = ledger.find_all(keys)
    told = progress_of(seat.store, entries.values(), load_weights(), seat.now_s)
    return tuple(
        Row(
            submission=one,
            entry=entry,
            told=told[entry.ledger_id],
            result=has_result(seat.store, entry),
        )
        for one, key in zip(found, keys, strict=True)
        for entry in [entries[key]]
    )


def facts_of(row: Row) -> tuple[tuple[str, str], ...]:
    """Give what was said of a device, label and words."""
    facts = row.entry.facts
    owner = {
        OwnerRole.SUSPECT: "A suspect's",
        OwnerRole.VICTIM: "A victim's",
        OwnerRole.WITNESS: "A witness's",
    }
    device = (facts.device_type, facts.device_make, facts.device_model, facts.device_serial)
    known = (
        ("Case", facts.case),
        ("Exhibit", facts.exhibit),
        ("Device", ", ".join(filter(None, device))),
        ("Whose device", owner.get(facts.owner_role, "")),
        ("Offence", facts.offence),
        ("Risk band", facts.risk_band),
        ("Power", facts.legal_power),
        ("Digital Processing Notice", facts.dpn_reference),
        ("What may be examined", facts.scope_limits or "All of the device"),
        ("Seized on", day_words(facts.seized_on)),
        (_term(facts), day_words(facts.statutory_on)),
        ("Submitted", f"{moment_words(row.submission.at_s)} by {row.submission.by}"),
    )
    return tuple((label, words) for label, words in known if words)


def evidence_of(evidence: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Give how the evidence came in: what the officer chose, its size and its digests."""
    if evidence.get("how") == BROUGHT:
        return (("Evidence", "To be brought to the unit"),)
    if evidence.get("how") == INTAKE:
        name, size = str(evidence.get("name", "")), int(evidence.get("size_bytes", 0))
        return (("Evidence", f"{name} of the unit's intake folder, {size_words(size)}"),)
    rows: list[tuple[str, str]] = []
    for one in evidence.get("files", ()):
        rows.append(("Uploaded file", f"{one['name']}, {size_words(one['size_bytes'])}"))
        rows.append(("SHA-256 before upload", one["sha256_before"]))
        rows.append(("SHA-256 after upload", one["sha256_after"]))
    return tuple(rows)


def _term(facts: ExhibitFacts) -> str:
    return "Bail ends" if facts.statutory_kind is StatutoryKind.BAIL else "Custody ends"
