"""What the readers of volumes and files have in common: findings, failures and chunk sizes."""

from __future__ import annotations

from dataclasses import dataclass

from triage.errors import TriageError
from triage.model.evidence import DamagedRange
from triage.model.outcome import FailReason
from triage.model.volume import VolumeState

CHUNK_BYTES = 512 * 1024
"""Content is handed out in pieces of this size."""

DEPTH_LIMIT = 1_024
"""Folders nested deeper are not listed, and reported as not listed."""

SPARSE_LIMIT_BYTES = 64 * 1024**3
"""Sparse files are read in full, holes as zeros, up to this or the size of the medium."""


class ContentError(Exception):
    """The content of one entry could not be read to its end.

    Args:
        reason: why, from the closed list.
        detail: words; never holds a machine's folder.
    """

    def __init__(self, reason: FailReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class VolumeError(TriageError):
    """A volume that was asked for is absent or cannot be opened."""

    title = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reader recognises in a stretch of the medium.

    Attributes:
        filesystem: ``ntfs``, ``ext4``, …; ``""`` when none was opened.
        pooled: one of several volumes in a pool, so that its key always has a part.
        reason: why it was not opened, in words.
        extent_bytes: how far the file system says it reaches from its start; 0 where unknown.
        unlocked: by what kind of secret it was opened, ``""`` where none was needed.
        doubts: what it says of itself that leaves some of its files in doubt.
        snapshots: states of before that it keeps and that are not looked into, each in words.
    """

    state: VolumeState
    filesystem: str = ""
    label: str = ""
    block_size_bytes: int = 0
    pooled: bool = False
    reason: str = ""
    extent_bytes: int = 0
    unlocked: str = ""
    snapshots: tuple[str, ...] = ()
    doubts: str = ""


def overlapping(
    damage: tuple[DamagedRange, ...], runs: tuple[tuple[int, int], ...]
) -> tuple[DamagedRange, ...]:
    """Give the damaged ranges that any run touches, in their order.

    Args:
        damage: ranges of the medium; those of length 0 hurt no data and are left out.
        runs: ``(offset_bytes, length_bytes)`` on the medium.
    """
    return tuple(
        hurt
        for hurt in damage
        if hurt.length_bytes
        and any(
            offset < hurt.offset_bytes + hurt.length_bytes and hurt.offset_bytes < offset + length
            for offset, length in runs
        )
    )
