"""VDI: the disks of VirtualBox; of fixed size, growing, and differences."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from triage.errors import EvidenceError
from triage.ingest.containers.beside import MOST_PARENTS
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.filetables import FilePages, FileTable
from triage.ingest.containers.pieces import COPY_HINT, Piece, from_parent, lost, plain, zeros
from triage.model.display import printable
from triage.model.evidence import ContainerKind

MAGIC = struct.pack("<I", 0xBEDA107F)
_MAGIC_AT = 64
_HEAD_BYTES = 512
_NAMES = {1: "dynamic", 2: "fixed", 3: "undo", 4: "differencing"}
_DIFFERENCES = frozenset({3, 4})
_NEVER, _ZEROS = 0xFFFFFFFF, 0xFFFFFFFE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The head of version 1.1, all numbers little-endian (VDICore.h of VirtualBox)."""

    kind: int
    table_offset_bytes: int
    data_offset_bytes: int
    size_bytes: int
    block_bytes: int
    extra_bytes: int
    blocks: int
    identifier: UUID
    parent: UUID


def recognises(path: Path, head: bytes) -> bool:
    """Take what VirtualBox marks behind the line of text that its disks begin with."""
    if not head.startswith(b"<<< "):
        return False
    try:
        with path.open("rb") as file:
            return file.read(_MAGIC_AT + 4)[_MAGIC_AT:] == MAGIC
    except OSError:
        return False


def open_vdi(path: Path, below: tuple[Path, ...] = ()) -> DiskContainer:
    """Open a disk and those it holds the differences to.

    A parent is recorded by its identifier alone, so it is looked for among the disks beside.

    Args:
        below: the disks that name this one as their parent.

    Raises:
        EvidenceError: the head cannot be understood, or the parent is missing.
    """
    shown = printable(path.name)
    files = SegmentFiles((path,))
    head = _head(path)
    if head is None:
        raise EvidenceError(f"{shown}: the head of the VDI disk cannot be read", hint=COPY_HINT)
    parent = _parent(path, head, below) if head.kind in _DIFFERENCES else None
    return DiskContainer(
        files,
        VdiMap(files, head),
        kind=ContainerKind.VDI,
        header=(("format", f"VDI {_NAMES[head.kind]}"),),
        parent=parent,
    )


class VdiMap:
    """Blocks in the order in which they were first written."""

    def __init__(self, files: SegmentFiles, head: _Head) -> None:
        self.size_bytes = head.size_bytes
        self._head = head
        self._table = FileTable(FilePages(files), head.table_offset_bytes, head.blocks, "<I")

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the block of a position is."""
        block, skip = divmod(offset_bytes, self._head.block_bytes)
        left = self._head.block_bytes - skip
        number = self._table.get(block)
        if number is None:
            return lost(left, "the table of blocks cannot be read")
        if number == _NEVER:
            return from_parent(left)
        if number == _ZEROS:
            return zeros(left)
        each = self._head.extra_bytes + self._head.block_bytes
        at = self._head.data_offset_bytes + number * each + self._head.extra_bytes
        return plain(left, at + skip)


def _parent(path: Path, head: _Head, below: tuple[Path, ...]) -> DiskContainer:
    try:
        siblings = sorted(one for one in path.parent.iterdir() if one.suffix.lower() == ".vdi")
    except OSError:
        siblings = []
    for sibling in siblings:
        known = _head(sibling)
        if known is None or known.identifier != head.parent:
            continue
        if sibling in {*below, path} or len(below) >= MOST_PARENTS:
            raise EvidenceError(
                f"{printable(path.name)}: its parents lead back to itself", hint=COPY_HINT
            )
        return open_vdi(sibling, (*below, path))
    raise EvidenceError(
        f"{printable(path.name)}: holds only the differences to its parent {head.parent},"
        " which is missing",
        hint="put the disk of that identifier into the same folder, as a .vdi file",
    )


def _head(path: Path) -> _Head | None:
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD_BYTES)
    except OSError:
        return None
    if len(data) < _HEAD_BYTES or data[_MAGIC_AT : _MAGIC_AT + 4] != MAGIC:
        return None
    version, _, kind = struct.unpack_from("<III", data, 68)
    table, first = struct.unpack_from("<II", data, 340)
    size, block_bytes, extra, blocks = struct.unpack_from("<QIII", data, 368)
    plausible = block_bytes % 512 == 0 and 512 <= block_bytes <= 1 << 30
    if version >> 16 != 1 or kind not in _NAMES or not plausible:
        return None
    return _Head(
        kind=kind,
        table_offset_bytes=table,
        data_offset_bytes=first,
        size_bytes=size,
        block_bytes=block_bytes,
        extra_bytes=extra,
        blocks=blocks,
        identifier=UUID(bytes_le=data[392:408]),
        parent=UUID(bytes_le=data[424:440]),
    )
