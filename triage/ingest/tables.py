"""Reads partition tables through The Sleuth Kit: DOS, GPT, Apple, BSD and Sun."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

import pytsk3

from triage.ingest.container import Container
from triage.ingest.tskimage import ContainerImage
from triage.model.display import printable

_KINDS = {
    pytsk3.TSK_VS_TYPE_DOS: "dos",
    pytsk3.TSK_VS_TYPE_GPT: "gpt",
    pytsk3.TSK_VS_TYPE_MAC: "mac",
    pytsk3.TSK_VS_TYPE_BSD: "bsd",
    pytsk3.TSK_VS_TYPE_SUN: "sun",
}
_SIGNATURES = (
    (pytsk3.TSK_VS_TYPE_GPT, 512, b"EFI PART"),
    (pytsk3.TSK_VS_TYPE_GPT, 4096, b"EFI PART"),
    (pytsk3.TSK_VS_TYPE_MAC, 512, b"PM\0\0"),
    (pytsk3.TSK_VS_TYPE_BSD, 512, b"WEV\x82"),
    (pytsk3.TSK_VS_TYPE_SUN, 508, b"\xda\xbe"),
    (pytsk3.TSK_VS_TYPE_DOS, 510, b"\x55\xaa"),
)
"""Asked for by name where The Sleuth Kit sees two tables at once and opens none."""

_FLAG_ALLOCATED, _FLAG_UNALLOCATED = 1, 2
_MAC_PLAIN = ("Apple_partition_map", "Apple_Free", "Apple_Void", "Apple_Scratch")


_PROTECTIVE = "GPT Safety"
"""How The Sleuth Kit names type 0xEE of a DOS table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One entry of a table.

    Attributes:
        kind: type GUID in a GPT, lower case; ``""`` elsewhere.
    """

    offset_bytes: int
    length_bytes: int
    table: str
    description: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One partition table.

    Attributes:
        gaps: ``(offset_bytes, length_bytes)`` of what no slot covers.
        backup: the first copy (GPT) does not read, the second one was used.
        lost: a protective partition says GPT, and neither copy reads.
    """

    kind: str
    slots: tuple[Slot, ...]
    gaps: tuple[tuple[int, int], ...]
    backup: bool = False
    lost: bool = False


def read_tables(container: Container) -> tuple[Table, ...]:
    """Give the table of a medium; several where two kinds stand side by side; none without one."""
    image = ContainerImage(container)
    table = _opened(container, image, pytsk3.TSK_VS_TYPE_DETECT, 0)
    if table is not None:
        protective = any(_PROTECTIVE in slot.description for slot in table.slots)
        return (_behind(container, image, table) if protective else table,)
    head = container.read_at(0, 8192)
    found = (
        _opened(container, image, kind, 0)
        for kind, offset, magic in _SIGNATURES
        if kind != pytsk3.TSK_VS_TYPE_DOS and head[offset : offset + len(magic)] == magic
    )
    return tuple(table for table in found if table is not None)


def _behind(container: Container, image: ContainerImage, table: Table) -> Table:
    """Give the GPT that a protective partition stands for, by its copy where need be."""
    gpt = _opened(container, image, pytsk3.TSK_VS_TYPE_GPT, 0)
    if gpt is not None:
        return gpt
    slots = tuple(slot for slot in table.slots if _PROTECTIVE not in slot.description)
    return Table(kind=table.kind, slots=slots, gaps=((0, container.info.size_bytes),), lost=True)


def read_nested(container: Container, slot: Slot) -> Table | None:
    """Give the BSD disk label that stands inside a slot, if there is one."""
    if container.read_at(slot.offset_bytes + 512, 4) != b"WEV\x82":
        return None
    image = ContainerImage(container)
    return _opened(container, image, pytsk3.TSK_VS_TYPE_BSD, slot.offset_bytes)


def _opened(container: Container, image: ContainerImage, kind: int, offset: int) -> Table | None:
    try:
        opened = pytsk3.Volume_Info(image, type=kind, offset=offset)
    except OSError:
        return None
    name = _KINDS.get(int(opened.info.vstype), "unknown")
    unit = int(opened.info.block_size)
    types = _gpt_types(container, unit) if name == "gpt" else {}
    slots, gaps = [], []
    for part in opened:
        start, length = int(part.start) * unit, int(part.len) * unit
        words = printable(part.desc or b"")
        if int(part.flags) & _FLAG_UNALLOCATED:
            gaps.append((start, length))
        elif int(part.flags) & _FLAG_ALLOCATED and length and words not in _MAC_PLAIN:
            slots.append(
                Slot(
                    offset_bytes=start,
                    length_bytes=length,
                    table=name,
                    description=words,
                    kind=types.get(int(part.start), ""),
                )
            )
    return Table(
        kind=name, slots=tuple(slots), gaps=tuple(gaps), backup=bool(int(opened.info.is_backup))
    )


def _gpt_types(container: Container, sector: int) -> dict[int, str]:
    """Give first sector → type GUID from the first GPT that reads (UEFI specification, 5.3)."""
    size = container.info.size_bytes
    for place in (sector, size - sector):
        header = container.read_at(max(0, place), 92)
        if header[:8] != b"EFI PART" or len(header) < 92:
            continue
        entries, count, length = struct.unpack_from("<QII", header, 72)
        if 128 <= length <= 4096 and count <= 1024:
            raw = container.read_at(entries * sector, count * length)
            return _types(raw, length)
    return {}


def _types(raw: bytes, length: int) -> dict[int, str]:
    types = {}
    for at in range(0, len(raw) - 127, length):
        kind = raw[at : at + 16]
        if any(kind):
            first = struct.unpack_from("<Q", raw, at + 32)[0]
            types[first] = str(uuid.UUID(bytes_le=kind))
    return types
