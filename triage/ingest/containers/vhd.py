"""VHD: the disks of Virtual PC, Hyper-V and Azure; of fixed size, growing, and differences."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.beside import parent_beside
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.filetables import FilePages, FileTable
from triage.ingest.containers.pieces import COPY_HINT, Piece, from_parent, lost, plain
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamageKind

MAGIC, HEAD_MAGIC = b"conectix", b"cxsparse"
FOOTER_BYTES, HEAD_BYTES = 512, 1024
FIXED, GROWING, DIFFERENCES = 2, 3, 4
_NAMES = {FIXED: "fixed", GROWING: "dynamic", DIFFERENCES: "differencing"}
_SECTOR = 512
_UNUSED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What the last sector says: "Virtual Hard Disk Image Format Specification" of Microsoft."""

    kind: int
    size_bytes: int
    head_offset_bytes: int
    identifier: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    table_offset_bytes: int
    blocks: int
    block_bytes: int
    parent_identifier: bytes
    parents: tuple[str, ...]


def recognises(path: Path, head: bytes) -> bool:
    """Take what begins, or ends, with the mark of a VHD."""
    if head.startswith(MAGIC):
        return True
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - FOOTER_BYTES))
            return size > FOOTER_BYTES and _footer(file.read(FOOTER_BYTES)) is not None
    except OSError:
        return False


def open_vhd(path: Path, below: tuple[Path, ...] = ()) -> DiskContainer:
    """Open a disk and those it holds the differences to.

    Args:
        below: the disks that name this one as their parent.

    Raises:
        EvidenceError: no footer is whole, the tables cannot be understood, or a parent is missing.
    """
    shown = printable(path.name)
    files = SegmentFiles((path,))
    footer = _either_footer(files)
    if footer is None:
        raise EvidenceError(f"{shown}: neither footer of the VHD disk can be read", hint=COPY_HINT)
    header = (("format", f"VHD {_NAMES[footer.kind]}"),)
    if footer.kind == FIXED:
        fixed = FixedMap(footer.size_bytes, files.sizes_bytes[0] - FOOTER_BYTES)
        return DiskContainer(files, fixed, kind=ContainerKind.VHD, header=header)
    head = _head(files, footer, shown)
    parent = None
    if footer.kind == DIFFERENCES:
        found = parent_beside(path, head.parents, below)
        parent = open_vhd(found, (*below, path))
        check_parent(found, head.parent_identifier, shown)
    return DiskContainer(
        files,
        GrowingMap(files, footer, head),
        kind=ContainerKind.VHD,
        header=header,
        parent=parent,
    )


def check_parent(parent: Path, identifier: bytes, shown: str) -> None:
    """Make sure that a parent is the one that was meant.

    Raises:
        EvidenceError: it has another identifier.
    """
    footer = _either_footer(SegmentFiles((parent,)))
    if footer is None or footer.identifier != identifier:
        raise EvidenceError(
            f"{shown}: {printable(parent.name)} beside it is not the parent that it was made from",
            hint="find the parent of the same name with the identifier that the disk records",
        )


class FixedMap:
    """A disk that stands in the file from its first byte on, up to the footer."""

    def __init__(self, size_bytes: int, stored_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._stored = stored_bytes

    def locate(self, offset_bytes: int) -> Piece:
        """Give all that follows a position."""
        if offset_bytes < self._stored:
            return plain(min(self.size_bytes, self._stored) - offset_bytes, offset_bytes)
        left = self.size_bytes - offset_bytes
        return lost(left, "ends before this part of the disk", DamageKind.TRUNCATED)


class GrowingMap:
    """Blocks in the order in which they were first written, each behind a bitmap of its sectors."""

    def __init__(self, files: SegmentFiles, footer: Footer, head: _Head) -> None:
        self.size_bytes = footer.size_bytes
        self._differences = footer.kind == DIFFERENCES
        self._block_bytes = head.block_bytes
        bitmap = -(-head.block_bytes // _SECTOR // 8)
        self._bitmap_bytes = -(-bitmap // _SECTOR) * _SECTOR
        self._pages = FilePages(files)
        self._table = FileTable(self._pages, head.table_offset_bytes, head.blocks, ">I")

    def locate(self, offset_bytes: int) -> Piece:
        """Tell where the block of a position is, and, of differences, who holds its sector."""
        block, skip = divmod(offset_bytes, self._block_bytes)
        sector = self._table.get(block)
        left = self._block_bytes - skip
        if sector is None:
            return lost(left, "the table of blocks cannot be read")
        if sector == _UNUSED:
            return from_parent(left)
        at = sector * _SECTOR
        body = at + self._bitmap_bytes + skip
        if not self._differences:
            return plain(left, body)
        bitmap = self._pages.read(at, self._bitmap_bytes)
        mine, length = bit_run(
            bitmap, skip // _SECTOR, self._block_bytes // _SECTOR, first_high=True
        )
        length = length * _SECTOR - skip % _SECTOR
        if mine is None:
            return lost(length, "the bitmap of a block cannot be read")
        return plain(length, body) if mine else from_parent(length)


def bit_run(bitmap: bytes, first: int, count: int, *, first_high: bool) -> tuple[bool | None, int]:
    """Give a bit, and how many of the same follow it, itself among them.

    Args:
        count: of bits in all; those that the bitmap does not have are ``None``.
        first_high: whether the first bit of a byte is its highest.
    """

    def bit(at: int) -> bool | None:
        if at // 8 >= len(bitmap):
            return None
        shift = 7 - at % 8 if first_high else at % 8
        return bool(bitmap[at // 8] >> shift & 1)

    value, end = bit(first), first + 1
    same = {True: 0xFF, False: 0, None: -1}[value]
    while end < count:
        if end % 8 == 0 and end // 8 < len(bitmap) and bitmap[end // 8] == same:
            end += 8
        elif bit(end) is value:
            end += 1
        else:
            break
    return value, min(end, count) - first


def _either_footer(files: SegmentFiles) -> Footer | None:
    """Read the footer, or the copy of it that a growing disk begins with."""
    for at in (max(0, files.sizes_bytes[0] - FOOTER_BYTES), 0):
        try:
            found = _footer(files.pread(0, at, FOOTER_BYTES))
        except OSError:
            continue
        if found is not None:
            return found
    return None


def _footer(data: bytes) -> Footer | None:
    if len(data) < FOOTER_BYTES or data[:8] != MAGIC or not _sound(data, 64):
        return None
    (head_offset,) = struct.unpack_from(">Q", data, 16)
    (size,) = struct.unpack_from(">Q", data, 48)
    (kind,) = struct.unpack_from(">I", data, 60)
    if kind not in _NAMES:
        return None
    return Footer(kind=kind, size_bytes=size, head_offset_bytes=head_offset, identifier=data[68:84])


def _head(files: SegmentFiles, footer: Footer, shown: str) -> _Head:
    try:
        data = files.pread(0, footer.head_offset_bytes, HEAD_BYTES)
    except (OSError, OverflowError):
        data = b""
    if len(data) < HEAD_BYTES or data[:8] != HEAD_MAGIC or not _sound(data, 36):
        raise EvidenceError(f"{shown}: the head of the VHD disk is damaged", hint=COPY_HINT)
    (table,) = struct.unpack_from(">Q", data, 16)
    blocks, block_bytes = struct.unpack_from(">II", data, 28)
    if block_bytes % _SECTOR or not _SECTOR <= block_bytes <= 1 << 30:
        raise EvidenceError(f"{shown}: its blocks have no plausible size", hint=COPY_HINT)
    return _Head(
        table_offset_bytes=table,
        blocks=blocks,
        block_bytes=block_bytes,
        parent_identifier=data[40:56],
        parents=_parents(files, data),
    )


def _parents(files: SegmentFiles, head: bytes) -> tuple[str, ...]:
    """Give what the parent is called, by its name and by the paths to it."""
    names = [head[64:576].decode("utf-16-be", "replace").split("\0")[0]]
    for at in range(576, 768, 24):
        code, _, length, _, offset = struct.unpack_from(">4sIIIQ", head, at)
        if code in {b"W2ru", b"W2ku"} and length <= 64 * 1024:
            try:
                text = files.pread(0, offset, length)
            except (OSError, OverflowError):
                continue
            names.append(text.decode("utf-16-le", "replace").split("\0")[0])
    return tuple(name for name in names if name)


def _sound(data: bytes, at: int) -> bool:
    """Compare the checksum at a place: the sum of all other bytes, its bits turned."""
    counted = ~(sum(data) - sum(data[at : at + 4])) & 0xFFFFFFFF
    return counted.to_bytes(4, "big") == data[at : at + 4]
