"""Something in the evidence that could not be examined as it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """Closed list; each kind makes a verdict amber unless it stands in ``NOTES``."""

    EVIDENCE_UNREADABLE = "evidence-unreadable"
    DAMAGED_RANGE = "damaged-range"
    MISSING_SEGMENT = "missing-segment"
    VOLUME_LOCKED = "volume-locked"
    VOLUME_UNSUPPORTED = "volume-unsupported"
    VOLUME_DAMAGED = "volume-damaged"
    VOLUME_TABLE = "volume-table"
    DIRECTORY_UNREADABLE = "directory-unreadable"
    DIRECTORY_LOOP = "directory-loop"
    ORPHAN_LIMIT = "orphan-limit"
    ENTRY_UNREADABLE = "entry-unreadable"
    SEVERAL_FILESYSTEMS = "several-filesystems"
    WORKER_CRASH = "worker-crash"
    STORED_DIGEST_MISMATCH = "stored-digest-mismatch"
    ARCHIVE_UNREADABLE = "archive-unreadable"
    """An archive, or a part of one, whose members are not in the listing."""
    LIVE_SOURCE = "live-source"
    """Read from a folder or device in use: looking may have changed its access times."""
    SNAPSHOT = "snapshot"
    """A file system keeps a state of before; whether it was looked into, ``detail`` says."""
    EXTRACTION_INCOMPLETE = "extraction-incomplete"
    """An extraction says of itself, or shows, that parts of the device are not in it."""


NOTES = frozenset({ProblemKind.SEVERAL_FILESYSTEMS, ProblemKind.LIVE_SOURCE, ProblemKind.SNAPSHOT})
"""Kinds that are told but leave nothing unexamined."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """A row of the coverage statement.

    Attributes:
        evidence: key of the evidence, ``volume``: key of the volume or ``""``.
        path: raw bytes of the path concerned, ``b""`` where none is.
        detail: words; never holds a machine's folder.
        offset_bytes: start on the medium, ``None`` where no range is concerned.
        length_bytes: length of the range.
    """

    kind: ProblemKind
    evidence: str
    volume: str = ""
    path: bytes = b""
    detail: str = ""
    offset_bytes: int | None = None
    length_bytes: int | None = None
