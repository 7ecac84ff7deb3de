"""What was opened: the container of the evidence, its digests and its damage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ContainerKind(StrEnum):
    """How the bytes of the medium are packed."""

    RAW = "raw"
    SPLIT_RAW = "split-raw"
    EWF = "ewf"
    EWF2 = "ewf2"
    FOLDER = "folder"


class DamageKind(StrEnum):
    """Why a range of the medium cannot be trusted."""

    MISSING_SEGMENT = "missing-segment"
    TRUNCATED = "truncated"
    CHUNK_CHECKSUM = "chunk-checksum"
    CHUNK_UNREADABLE = "chunk-unreadable"
    TABLE_CHECKSUM = "table-checksum"
    SECTION_CHECKSUM = "section-checksum"
    ACQUISITION_ERROR = "acquisition-error"
    READ_ERROR = "read-error"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class DamagedRange:
    """A stretch of the medium that could not be read as it was acquired.

    Attributes:
        offset_bytes: start, from the first byte of the medium.
        length_bytes: length; 0 where only the structure was hurt and no data is lost.
        kind: what is wrong.
        detail: the segment, section or chunk, in words. Never holds a machine's folder.
    """

    offset_bytes: int
    length_bytes: int
    kind: DamageKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceInfo:
    """One opened image or folder.

    Attributes:
        key: 16 hex digits derived from name, size and samples of the content; the same for the
            same image wherever it lies, in every run and on every worker.
        name: file name of the first segment, as given (surrogate-escaped where not UTF-8).
        segments: file names of all segments found, in order.
        size_bytes: size of the medium, 0 for a folder.
        stored_digests: ``(("md5", hex), …)`` recorded by the imager, lower case.
        header: acquisition values by their names in the container (case number, notes, …).
        damage: ranges known to be damaged from the structure alone, before any read.
    """

    key: str
    name: str
    kind: ContainerKind
    segments: tuple[str, ...]
    size_bytes: int
    sector_size_bytes: int = 512
    stored_digests: tuple[tuple[str, str], ...] = ()
    header: tuple[tuple[str, str], ...] = ()
    damage: tuple[DamagedRange, ...] = ()
