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
    QCOW = "qcow"
    VMDK = "vmdk"
    VHD = "vhd"
    VHDX = "vhdx"
    VDI = "vdi"
    DMG = "dmg"
    FOLDER = "folder"
    LIVE = "live"
    """A folder or mounted device that is in use: access times may change by looking."""
    ZIP = "zip"
    TAR = "tar"
    UFDR = "ufdr"
    EWF_LOGICAL = "ewf-logical"
    IOS_BACKUP = "ios-backup"
    ANDROID_BACKUP = "android-backup"


LOGICAL_KINDS = frozenset(
    {
        ContainerKind.FOLDER,
        ContainerKind.LIVE,
        ContainerKind.ZIP,
        ContainerKind.TAR,
        ContainerKind.UFDR,
        ContainerKind.EWF_LOGICAL,
        ContainerKind.IOS_BACKUP,
        ContainerKind.ANDROID_BACKUP,
    }
)
"""Evidence that is files rather than a medium: it has no unallocated space to look into."""


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


DEVICE_HEADERS = (
    "device_make",
    "device_model",
    "device_os",
    "device_serial",
    "device_imei",
    "device_name",
    "device_number",
)
"""Names in ``EvidenceInfo.header`` of what an extraction tells of its device; ``device_number`` is
a telephone number, ``device_name`` what its owner calls it."""


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
        header: acquisition values by their names in the container (case number, notes, …). What is
            said of the device itself stands under the names of :data:`DEVICE_HEADERS`.
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
