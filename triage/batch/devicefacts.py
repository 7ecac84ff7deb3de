"""Puts what an extraction tells of its device on the record of the exhibit, where it is blank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from triage.model.display import printable
from triage.model.evidence import EvidenceInfo
from triage.store.database import Store
from triage.store.ledger import Ledger

BY = "the extraction of the device"
"""Who says so, in the history of the exhibit."""

_SOURCES = {
    "device_make": ("device_make",),
    "device_model": ("device_model", "device_name"),
    "device_serial": ("device_imei", "device_serial"),
}
"""Of each fact of the ledger, what may tell it, the better first: networks know an IMEI."""

_MOST = 120
"""Characters of one fact."""


def note_device(store: Store, case: str, exhibit: str, *, now_s: int) -> None:
    """Fill in make, model and serial of an exhibit in the ledger; what a person said stays.

    What differs from what a person said is left to people: the result page shows it. Nothing
    happens to an exhibit that is not in the ledger.
    """
    ledger = Ledger(store.connection)
    entry = ledger.find(case, exhibit)
    if entry is None:
        store.rollback()
        return
    exhibit_id = store.known_exhibit(case, exhibit)
    evidence = [] if exhibit_id is None else [info for _, info, _ in store.evidence_of(exhibit_id)]
    told = device_facts(evidence)
    fresh = {name: value for name, value in told.items() if not getattr(entry.facts, name)}
    if fresh:
        facts = replace(entry.facts, **fresh)  # type: ignore[arg-type]  # names of text fields
        ledger.change(entry.ledger_id, facts, by=BY, now_s=now_s)
        store.commit()
    else:
        store.rollback()


def device_facts(evidence: Iterable[EvidenceInfo]) -> Mapping[str, str]:
    """Give what all evidence of an exhibit tells of its device; the first that tells it counts."""
    found: dict[str, str] = {}
    for info in evidence:
        header = dict(info.header)
        for fact, sources in _SOURCES.items():
            value = next((header[name] for name in sources if header.get(name)), "")
            if value and fact not in found:
                found[fact] = printable(value)[:_MOST]
    return found
