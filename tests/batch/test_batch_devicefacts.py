"""What an extraction tells of its device: on the record where it is blank, and only there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from triage.batch.devicefacts import BY, device_facts, note_device
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.ledger import ExhibitFacts
from triage.store.database import open_store
from triage.store.ledger import Ledger

INFO = EvidenceInfo(
    key="0" * 16,
    name="phone.zip",
    kind=ContainerKind.ZIP,
    segments=("phone.zip",),
    size_bytes=0,
    header=(
        ("device_make", "Apple"),
        ("device_model", "iPhone12,1"),
        ("device_serial", "F2LX"),
        ("device_imei", "356789012345678"),
    ),
)
FACTS = ExhibitFacts(case="OP-X", exhibit="ABC/1", received_s=1_700_000_000)


Noted = Callable[[ExhibitFacts], tuple[ExhibitFacts, list[str]]]


@pytest.fixture
def noted(store_url: str) -> Noted:
    def noted(facts: ExhibitFacts) -> tuple[ExhibitFacts, list[str]]:
        with open_store(store_url, create=True) as store:
            ledger = Ledger(store.connection)
            ledger_id = ledger.add(facts, by="ada", now_s=1_700_000_001)
            exhibit_id = store.add_exhibit("OP-X", "ABC/1")
            store.add_evidence(exhibit_id, INFO, "/evidence/phone.zip")
            store.commit()
            note_device(store, "OP-X", "ABC/1", now_s=1_700_000_100)
            found = Ledger(store.connection).entry("OP-X", "ABC/1")
            changes = Ledger(store.connection).fact_changes(ledger_id)
            return found.facts, [f"{one.name} {one.by}" for one in changes]

    return noted


def test_blank_facts_are_filled_and_the_history_says_by_what(noted: Noted) -> None:
    facts, changes = noted(FACTS)
    told = (facts.device_make, facts.device_model, facts.device_serial)
    assert told == ("Apple", "iPhone12,1", "356789012345678")
    assert sorted(changes) == [
        f"device_make {BY}",
        f"device_model {BY}",
        f"device_serial {BY}",
    ]


def test_what_a_person_said_stays(noted: Noted) -> None:
    facts, changes = noted(replace(FACTS, device_make="apple inc", device_serial="S-1"))
    told = (facts.device_make, facts.device_model, facts.device_serial)
    assert told == ("apple inc", "iPhone12,1", "S-1")
    assert changes == [f"device_model {BY}"]


def test_hostile_words_are_made_printable_and_short() -> None:
    header = (("device_model", "a\x1b[31m\n" + "x" * 5000),)
    told = device_facts([replace(INFO, header=header)])["device_model"]
    assert "\x1b" not in told
    assert "\n" not in told
    assert len(told) <= 120
