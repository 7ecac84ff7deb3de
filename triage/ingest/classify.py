"""Says what stands in a stretch of the medium that no layer takes."""

from __future__ import annotations

from triage.ingest.container import Container
from triage.ingest.filesystem import find
from triage.ingest.plainness import judge
from triage.ingest.reading import Found
from triage.ingest.signatures import ENCRYPTED, FOREIGN, HURT, recognise
from triage.ingest.tables import Slot
from triage.model.volume import VolumeState

_WITHOUT_FILES = {
    "21686148-6449-6e6f-744e-656564454649": "BIOS boot area",
    "e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved area",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap space",
    "8da63339-0007-60c0-c436-083ac8230908": "Linux reserved area",
    "9e1a2d38-c612-4316-aa26-8b49521e5a8b": "PowerPC PReP boot area",
}
"""Type GUIDs of partitions that hold no files by their nature."""


def classified(container: Container, slot: Slot) -> tuple[Found, ...]:
    """Give the file systems of a slot, or the one thing that it is instead."""
    offset, length = slot.offset_bytes, slot.length_bytes
    size = container.info.size_bytes
    if offset >= size:
        return (Found(state=VolumeState.DAMAGED, reason="lies beyond the end of the image"),)
    length = min(length, size - offset)
    locked = recognise(container, offset, length, ENCRYPTED)
    found = (locked,) if locked else find(container, offset, length)
    if found:
        return found
    foreign = recognise(container, offset, length, (*FOREIGN, *HURT))
    if foreign:
        return (foreign,)
    judged = judge(container, offset, length)
    if judged.state is VolumeState.UNSUPPORTED and slot.kind in _WITHOUT_FILES:
        return (Found(state=VolumeState.NO_FILES, reason=_WITHOUT_FILES[slot.kind]),)
    return (judged,)


def placed_slot(container: Container, inner: Slot, outer: Slot) -> Slot:
    """Tell whether a BSD label counts from the disk or from its slot: by what is there."""
    moved = Slot(
        offset_bytes=inner.offset_bytes + outer.offset_bytes,
        length_bytes=inner.length_bytes,
        table=inner.table,
        description=inner.description,
    )
    inside = inner.offset_bytes >= outer.offset_bytes
    if inside and find(container, inner.offset_bytes, inner.length_bytes):
        return inner
    if find(container, moved.offset_bytes, moved.length_bytes):
        return moved
    return inner if inside else moved
