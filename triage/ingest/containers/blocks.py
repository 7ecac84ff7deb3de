"""A virtual disk as a medium: gets each piece of it from where its tables say that it lies."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace

from triage.errors import EvidenceError
from triage.ingest.containers.damage import Ledger
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.handover import ContainerHandover, handover
from triage.ingest.containers.identity import evidence_key
from triage.ingest.containers.pieces import (
    COPY_HINT,
    MOST_UNPACKED_BYTES,
    BlockMap,
    How,
    Piece,
    UnpackError,
)
from triage.ingest.containers.raw import SECTOR_BYTES, RawContainer
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo

CACHE_BYTES = 32 * 1024 * 1024
"""Of unpacked blocks, for what reads of metadata touch."""

MOST_BYTES = 1 << 56
"""A disk that claims to be larger is none: no format here can address it."""


class DiskContainer:
    """The medium that a virtual disk shows.

    Args:
        files: of this disk; those of its parent are the parent's own.
        structural: damage that the tables alone tell.
        parent: the disk that this one holds the differences to.
    """

    def __init__(  # noqa: PLR0913  (what a disk is made of, by name)
        self,
        files: SegmentFiles,
        blocks: BlockMap,
        *,
        kind: ContainerKind,
        header: tuple[tuple[str, str], ...] = (),
        structural: tuple[DamagedRange, ...] = (),
        parent: DiskContainer | RawContainer | None = None,
        sector_bytes: int = SECTOR_BYTES,
    ) -> None:
        name = printable(files.paths[0].name)
        if not 0 < blocks.size_bytes <= MOST_BYTES:
            raise EvidenceError(
                f"{name}: says that its disk has {blocks.size_bytes} bytes", hint=COPY_HINT
            )
        self._files = files
        self._blocks = blocks
        self._size_bytes = blocks.size_bytes
        self._parent = parent
        self._ledger = Ledger(structural)
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._edge: tuple[tuple[int, int], bytes] = ((-1, -1), b"")
        self._info = self._described(kind, header, sector_bytes)

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._info

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where they are lost."""
        return self._read(offset_bytes, length_bytes, keep=True)

    def read_content(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the same bytes; of what is unpacked the last block alone is kept."""
        return self._read(offset_bytes, length_bytes, keep=False)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far."""
        return self._ledger.all()

    def handover(self) -> ContainerHandover | None:
        """Give what the files of the chain are recognised by: tables are read where needed."""
        above = self._parent.handover() if self._parent is not None else None
        return handover(self._info, self._files, None, above)

    def gone(self) -> str:
        """Say in words that a file of the image, or of its parents, is not there any more."""
        return self._files.gone or (self._parent.gone() if self._parent else "")

    def close(self) -> None:
        """Close the files."""
        self._kept.clear()
        self._files.close()
        if self._parent is not None:
            self._parent.close()

    def _described(
        self, kind: ContainerKind, header: tuple[tuple[str, str], ...], sector_bytes: int
    ) -> EvidenceInfo:
        name = self._files.paths[0].name
        key = evidence_key(
            name=name,
            kind=kind,
            size_bytes=self._size_bytes,
            stored_digests=(),
            read_at=self.read_content,
        )
        above = self._parent.info.segments if self._parent else ()
        return EvidenceInfo(
            key=key,
            name=name,
            kind=kind,
            segments=(*(path.name for path in self._files.paths), *above),
            size_bytes=self._size_bytes,
            sector_size_bytes=sector_bytes,
            header=header,
            damage=self._ledger.structural,
        )

    def _read(self, offset_bytes: int, length_bytes: int, *, keep: bool) -> bytes:
        start = max(0, offset_bytes)
        end = min(offset_bytes + max(0, length_bytes), self._size_bytes)
        parts = [
            self._piece(position, piece, keep=keep) for position, piece in self._pieces(start, end)
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, Piece]]:
        """Give the pieces of a stretch; plain ones that lie side by side as one."""
        held: tuple[int, Piece] | None = None
        position = start
        while position < end:
            piece = self._blocks.locate(position)
            length = max(1, min(piece.length_bytes, end - position))
            piece = replace(piece, length_bytes=length)
            if held is None:
                held = position, piece
            elif (joined := _joined(held[1], piece)) is not None:
                held = held[0], joined
            else:
                yield held
                held = position, piece
            position += length
        if held is not None:
            yield held

    def _piece(self, position: int, piece: Piece, *, keep: bool) -> bytes:
        if piece.how is How.PLAIN:
            return self._plain(position, piece.file, piece.offset_bytes, piece.length_bytes)
        if piece.how is How.PACKED:
            return self._packed(position, piece, keep=keep)
        if piece.how is How.PARENT and self._parent is not None:
            return self._above(self._parent, position, piece.length_bytes, keep=keep)
        if piece.how is How.LOST:
            self._ledger.add(position, piece.length_bytes, piece.kind, self._named(piece))
        return bytes(piece.length_bytes)

    def _above(
        self,
        parent: DiskContainer | RawContainer,
        position: int,
        length_bytes: int,
        *,
        keep: bool,
    ) -> bytes:
        """Read the parent, and take over what damage it has there."""
        read = parent.read_at if keep else parent.read_content
        data = read(position, length_bytes)
        end = position + length_bytes
        for hurt in parent.damage():
            first = max(hurt.offset_bytes, position)
            last = min(hurt.offset_bytes + hurt.length_bytes, end)
            if first < last:
                self._ledger.add(first, last - first, hurt.kind, hurt.detail)
        return data.ljust(length_bytes, b"\0")

    def _packed(self, position: int, piece: Piece, *, keep: bool) -> bytes:
        block = self._block(position, piece, keep=keep)
        end = piece.skip_bytes + piece.length_bytes
        data = block[piece.skip_bytes : end]
        if len(data) < piece.length_bytes:
            missing = piece.length_bytes - len(data)
            where = position + len(data)
            self._ledger.add(where, missing, DamageKind.CHUNK_UNREADABLE, self._named(piece))
            data += bytes(missing)
        return data

    def _block(self, position: int, piece: Piece, *, keep: bool) -> bytes:
        """Unpack a block: as much of it as there is."""
        key = piece.file, piece.offset_bytes
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if self._edge[0] == key:
            return self._edge[1]
        if piece.unpack is None or piece.block_bytes > MOST_UNPACKED_BYTES:
            return b""
        packed = self._plain(position, piece.file, piece.offset_bytes, piece.packed_bytes, piece)
        try:
            block = piece.unpack(packed, piece.block_bytes)
        except UnpackError:
            return b""
        if keep:
            self._keep(key, block)
        else:
            self._edge = key, block
        return block

    def _keep(self, key: tuple[int, int], block: bytes) -> None:
        self._kept[key] = block
        self._kept_bytes += len(block)
        while self._kept_bytes > CACHE_BYTES and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def _plain(
        self, position: int, file: int, offset: int, length: int, packed: Piece | None = None
    ) -> bytes:
        """Read one file; what it does not give is zeros and, unless it was packed, damage."""
        try:
            data = self._files.pread(file, offset, length)
        except (OSError, OverflowError):
            return b"" if packed else self._sectors(position, file, offset, length)
        if len(data) < length and packed is None:
            missing = length - len(data)
            words = f"{self._name(file)}: ends before this part of the disk"
            self._ledger.add(position + len(data), missing, DamageKind.TRUNCATED, words)
            data += bytes(missing)
        return data

    def _sectors(self, position: int, file: int, offset: int, length: int) -> bytes:
        """Halve a stretch around an input error, so that one bad sector costs one sector."""
        if length <= SECTOR_BYTES or offset >= MOST_BYTES:
            words = f"{self._name(file)}: the disk gave no data"
            self._ledger.add(position, length, DamageKind.READ_ERROR, words)
            return bytes(length)
        middle = max(SECTOR_BYTES, length // 2 // SECTOR_BYTES * SECTOR_BYTES)
        left = self._plain(position, file, offset, middle)
        return left + self._plain(position + middle, file, offset + middle, length - middle)

    def _named(self, piece: Piece) -> str:
        return f"{self._name(piece.file)}: {piece.detail or 'the block cannot be unpacked'}"

    def _name(self, file: int) -> str:
        return printable(self._files.paths[file].name)


def _joined(first: Piece, second: Piece) -> Piece | None:
    """Give two pieces as one where the bytes of both are got in one go."""
    if first.how is not second.how or first.file != second.file:
        return None
    if first.how is How.PLAIN and first.offset_bytes + first.length_bytes != second.offset_bytes:
        return None
    if first.how is How.PACKED or (first.how is How.LOST and first.detail != second.detail):
        return None
    return replace(first, length_bytes=first.length_bytes + second.length_bytes)
