"""EWF2 images (.Ex01) of EnCase 7 and later."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.ewf import CACHE_BYTES, EwfContainer
from triage.ingest.containers.ewf_names import LOGICAL2, SIGNATURE2, segment_number
from triage.model.display import printable
from triage.model.evidence import ContainerKind

_LAST_NUMBERED = 99
"""Names with letters in place of numbers may be anything."""


def recognises(path: Path, head: bytes) -> bool:
    """Take EWF2 by signature, and by name too, so that a damaged first segment is not raw."""
    named = 0 < segment_number(path.suffix, "Ex") <= _LAST_NUMBERED
    return named or head[:8] in {SIGNATURE2, LOGICAL2}


def open_ewf2(path: Path, *, cache_bytes: int = CACHE_BYTES) -> EwfContainer:
    """Open the set that a segment belongs to.

    Raises:
        EvidenceError: logical or encrypted evidence, no EWF2 image, or nothing that tells the
            medium's size.
    """
    from triage.ingest.containers.ewf2_structure import (  # noqa: PLC0415  (with numpy)
        read_structure,
    )

    with path.open("rb") as file:
        head = file.read(8)
    if head == LOGICAL2:
        raise EvidenceError(
            f"{printable(path.name)}: is a logical evidence file (Lx01): files, not a medium",
            hint="triage run reads it, and compares its files with the digests stored with them",
        )
    return EwfContainer(*read_structure(path), kind=ContainerKind.EWF2, cache_bytes=cache_bytes)
