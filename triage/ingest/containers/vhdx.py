"""VHDX: the disks of Hyper-V since 2012; of fixed size, growing, and differences."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from triage.errors import EvidenceError
from triage.ingest.containers.beside import parent_beside
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.crc32c import crc32c
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.filetables import FilePages
from triage.ingest.containers.pieces import COPY_HINT
from triage.ingest.containers.vhdx_log import replayed
from triage.ingest.containers.vhdx_map import Table, VhdxMap
from triage.model.display import printable
from triage.model.evidence import ContainerKind

MAGIC = b"vhdxfile"
_HEADERS = (64 * 1024, 128 * 1024)
_REGIONS = (192 * 1024, 256 * 1024)
_REGION_BYTES = 64 * 1024
_MOST_ENTRIES = 2047
_MIB = 1 << 20

_TABLE = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_SECTOR = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
_PARENT = UUID("a8d35f2d-b30b-454d-abf7-d3d84834ab0c").bytes_le


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The newer of the two headers: "[MS-VHDX]: Virtual Hard Disk v2 (VHDX) File Format"."""

    sequence: int
    data_identifier: bytes
    log_identifier: bytes
    log_offset_bytes: int
    log_bytes: int


def recognises(path: Path, head: bytes) -> bool:
    """Take what begins with the mark of VHDX."""
    return path.name != "" and head.startswith(MAGIC)


def open_vhdx(path: Path, below: tuple[Path, ...] = ()) -> DiskContainer:
    """Open a disk and those it holds the differences to.

    What a machine that was cut off had not yet put into its tables is taken from the log, in
    memory.

    Args:
        below: the disks that name this one as their parent.

    Raises:
        EvidenceError: no header or table is whole, or a parent is missing.
    """
    shown = printable(path.name)
    files = SegmentFiles((path,))
    header = _header(files, shown)
    logged = replayed(files, header.log_offset_bytes, header.log_bytes, header.log_identifier)
    if logged is None:
        raise EvidenceError(
            f"{shown}: was not closed, and its log of what was not yet written is damaged",
            hint="let the machine's own tool repair a copy: Hyper-V, or qemu-img check -r all",
        )
    pages = FilePages(files, over=logged)
    regions = _regions(pages, shown)
    items = _items(pages, regions[_METADATA], shown)
    table = _geometry(items, regions[_TABLE], shown)
    parent = None
    if table.differences:
        found = parent_beside(path, tuple(_paths(items.get(_PARENT, b""))), below)
        parent = open_vhdx(found, (*below, path))
        _check_parent(found, items.get(_PARENT, b""), shown)
    told = [("format", "VHDX differencing" if table.differences else "VHDX")]
    if logged:
        told.append(("log", "what was not yet written is taken from the log"))
    return DiskContainer(
        files,
        VhdxMap(pages, table),
        kind=ContainerKind.VHDX,
        header=tuple(told),
        parent=parent,
        sector_bytes=table.sector_bytes,
    )


def _header(files: SegmentFiles, shown: str) -> _Header:
    """Read the header of the higher sequence number among those that are whole."""
    found: list[_Header] = []
    for at in _HEADERS:
        try:
            data = files.pread(0, at, 4096)
        except OSError:
            continue
        if len(data) == 4096 and data[:4] == b"head" and _sound(data):
            (sequence,) = struct.unpack_from("<Q", data, 8)
            log_bytes, log_offset = struct.unpack_from("<IQ", data, 68)
            found.append(
                _Header(
                    sequence=sequence,
                    data_identifier=data[32:48],
                    log_identifier=data[48:64],
                    log_offset_bytes=log_offset,
                    log_bytes=log_bytes,
                )
            )
    if not found:
        raise EvidenceError(f"{shown}: neither header of the VHDX disk can be read", hint=COPY_HINT)
    return max(found, key=lambda one: one.sequence)


def _regions(pages: FilePages, shown: str) -> dict[bytes, tuple[int, int]]:
    """Give offset and length of each region, by its identifier."""
    for at in _REGIONS:
        data = pages.read(at, _REGION_BYTES)
        if len(data) < _REGION_BYTES or data[:4] != b"regi" or not _sound(data):
            continue
        (count,) = struct.unpack_from("<I", data, 8)
        entries = struct.iter_unpack("<16sQII", data[16 : 16 + 32 * min(count, _MOST_ENTRIES)])
        found = {one: (offset, length) for one, offset, length, _ in entries}
        if _TABLE in found and _METADATA in found:
            return found
    raise EvidenceError(
        f"{shown}: neither table of regions of the VHDX disk can be read", hint=COPY_HINT
    )


def _items(pages: FilePages, region: tuple[int, int], shown: str) -> dict[bytes, bytes]:
    """Give the items of metadata by their identifiers; single ones are small."""
    data = pages.read(region[0], min(region[1], _REGION_BYTES))
    if data[:8] != b"metadata" or len(data) < 32:
        raise EvidenceError(
            f"{shown}: the metadata of the VHDX disk cannot be read", hint=COPY_HINT
        )
    (count,) = struct.unpack_from("<H", data, 10)
    whole = data[32 : 32 + 32 * min(count, _MOST_ENTRIES)]
    items: dict[bytes, bytes] = {}
    for identifier, offset, length, _, _ in struct.iter_unpack(
        "<16sIIII", whole[: len(whole) // 32 * 32]
    ):
        if offset and offset + length <= region[1] and length <= _MIB:
            items[identifier] = pages.read(region[0] + offset, length)
    return items


def _geometry(items: dict[bytes, bytes], region: tuple[int, int], shown: str) -> Table:
    try:
        block_bytes, flags = struct.unpack_from("<II", items[_PARAMETERS])
        (size,) = struct.unpack_from("<Q", items[_SIZE])
        (sector,) = struct.unpack_from("<I", items[_SECTOR])
    except (KeyError, struct.error) as error:
        raise EvidenceError(
            f"{shown}: the metadata of the VHDX disk is not complete", hint=COPY_HINT
        ) from error
    plausible = block_bytes % _MIB == 0 and _MIB <= block_bytes <= 256 * _MIB
    if not plausible or sector not in {512, 4096}:
        raise EvidenceError(f"{shown}: its blocks have no plausible size", hint=COPY_HINT)
    return Table(
        offset_bytes=region[0],
        entries=region[1] // 8,
        size_bytes=size,
        block_bytes=block_bytes,
        sector_bytes=sector,
        differences=bool(flags & 2),
    )


def _locators(item: bytes) -> dict[str, str]:
    """Give what is said of the parent: pairs of texts in UTF-16."""
    found: dict[str, str] = {}
    if len(item) < 20:
        return found
    (count,) = struct.unpack_from("<H", item, 18)
    pairs = item[20 : 20 + 12 * count]
    for key_at, value_at, key_bytes, value_bytes in struct.iter_unpack(
        "<IIHH", pairs[: len(pairs) // 12 * 12]
    ):
        key = item[key_at : key_at + key_bytes].decode("utf-16-le", "replace")
        found[key] = item[value_at : value_at + value_bytes].decode("utf-16-le", "replace")
    return found


def _paths(item: bytes) -> list[str]:
    told = _locators(item)
    names = ("relative_path", "absolute_win32_path", "volume_path")
    return [told[name] for name in names if told.get(name)]


def _check_parent(parent: Path, item: bytes, shown: str) -> None:
    """Make sure that the parent was not written to since.

    Raises:
        EvidenceError: its data has another identifier than the one that is recorded.
    """
    told = _locators(item)
    meant = {told.get(name, "").strip("{}").lower() for name in ("parent_linkage",
                                                                 "parent_linkage2")}  # fmt: skip
    files = SegmentFiles((parent,))
    own = str(UUID(bytes_le=_header(files, printable(parent.name)).data_identifier))
    if own not in meant:
        raise EvidenceError(
            f"{shown}: {printable(parent.name)} beside it is not the parent that it was made from",
            hint="find the parent of the same name, as it was when the disk was made",
        )


def _sound(data: bytes) -> bool:
    """Compare the checksum in bytes 4 to 8, which counts as zero."""
    return crc32c(data[:4] + bytes(4) + data[8:]).to_bytes(4, "little") == data[4:8]
