"""The medium inside logical evidence (.L01, .Lx01): all contents end to end, and their list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from triage.ingest.containers import ewf_names
from triage.ingest.containers.ewf import EwfContainer
from triage.model.evidence import ContainerKind

_HEAD_BYTES = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalMedium:
    """What logical evidence is made of.

    Attributes:
        container: gives the contents by offset; each chunk is checked.
        tree: the list of files: UTF-16, little-endian, as it is stored.
        sound: the list agrees with the digest that is stored with it, where there is one.
    """

    container: EwfContainer
    tree: bytes
    sound: bool


def is_logical(head: bytes) -> bool:
    """Tell by the first bytes of a segment."""
    return head[:8] in {ewf_names.LOGICAL, ewf_names.LOGICAL2}


def open_logical_medium(path: Path) -> LogicalMedium:
    """Open the set that a segment belongs to.

    Raises:
        EvidenceError: it is encrypted, or what lists its files is missing.
    """
    from triage.ingest.containers import (  # noqa: PLC0415  (with numpy)
        ewf2_structure,
        ewf_structure,
    )

    with path.open("rb") as file:
        first = file.read(8) == ewf_names.LOGICAL
    read = ewf_structure.read_logical if first else ewf2_structure.read_logical
    files, structure, tree = read(path)
    container = EwfContainer(files, structure, kind=ContainerKind.EWF_LOGICAL)
    if not first:
        return LogicalMedium(container=container, tree=tree, sound=True)
    length = int.from_bytes(tree[16:24], "little")
    text = tree[_HEAD_BYTES : _HEAD_BYTES + length]
    sound = hashlib.md5(text, usedforsecurity=False).digest() == tree[:16]
    return LogicalMedium(container=container, tree=text, sound=sound)
