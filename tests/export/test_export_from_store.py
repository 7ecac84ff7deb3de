"""What the case database gives back is exported to the same bytes as what was put in."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import export_records as made

from triage.export.exporter import select
from triage.export.formats import named
from triage.model.evidence import ContainerKind, EvidenceInfo
from triage.model.outcome import Done
from triage.model.record import ExportRecord
from triage.model.volume import VolumeInfo, VolumeState
from triage.store.database import Store, open_store

GOLDEN = Path(__file__).parent.parent / "golden"
EVIDENCE = EvidenceInfo(
    key="0123456789abcdef",
    name="ABC1.E01",
    kind=ContainerKind.EWF,
    segments=("ABC1.E01",),
    size_bytes=1 << 24,
)
VOLUME = VolumeInfo(
    key="p1",
    offset_bytes=0,
    length_bytes=1 << 24,
    table="dos",
    description="",
    state=VolumeState.OPENED,
)


def _remember(store: Store, exhibit: str, records: list[ExportRecord]) -> None:
    exhibit_id = store.add_exhibit(made.CASE, exhibit)
    evidence_id = store.add_evidence(exhibit_id, EVIDENCE, "where/it/lies")
    volume_id = store.add_volumes(evidence_id, [VOLUME])["p1"]
    shuffled = sorted(records, key=lambda one: hashlib.sha256(one.entry.ref.key()).digest())
    store.add_entries(evidence_id, volume_id, [one.entry for one in shuffled])
    (page,) = list(store.waiting(evidence_id))
    outcomes = {one.entry.ref: one.outcome for one in records}
    known = ((one.entry_id, outcomes[one.entry.ref]) for one in page)
    store.finish(exhibit_id, [(number, outcome) for number, outcome in known if outcome])
    for one in records:
        if not isinstance(one.outcome, Done):
            continue
        sha256 = one.outcome.digests.sha256
        if one.picture is not None:
            store.set_pictures(exhibit_id, {sha256: one.picture})
        if one.proposal is not None:
            store.set_matches(exhibit_id, [(sha256, one.matches, one.proposal)])
    store.commit()


def test_vics_from_the_store_has_the_golden_bytes(tmp_path: Path) -> None:
    vics = named("vics")
    with open_store(f"sqlite:///{tmp_path / 'cases.sqlite'}", create=True) as store:
        for exhibit in ("ABC/2", "ABC/1"):
            _remember(store, exhibit, [one for one in made.records() if one.exhibit == exhibit])
        out = io.BytesIO()
        records = store.records(made.CASE, order=vics.order)
        vics.write(select(records, vics.include), made.head(), out)
    assert out.getvalue() == (GOLDEN / "export.json").read_bytes()
