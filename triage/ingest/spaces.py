"""Tells of opened evidence what no file holds; apart from reading, which most workers only do."""

from __future__ import annotations

from triage.ingest.evidence import Evidence, ImageEvidence
from triage.ingest.reading import VolumeError
from triage.ingest.unallocated import between, free_stretches
from triage.model.carving import UNPARTITIONED, FreeStretches


def space_of(evidence: Evidence, volume_key: str) -> FreeStretches:
    """Give the stretches that no file of a volume holds, or that no volume covers.

    Raises:
        VolumeError: the evidence is files and has no medium, or there is no such volume.
    """
    if not isinstance(evidence, ImageEvidence):
        raise VolumeError(f"volume {volume_key}: the evidence has no medium")
    if volume_key == UNPARTITIONED:
        volumes = evidence.handover().volumes
        return FreeStretches(stretches=between(evidence.info.size_bytes, volumes))
    medium, volume = evidence.medium(volume_key)
    return free_stretches(medium, volume)
