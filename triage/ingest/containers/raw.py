"""Raw images and devices: the file is the medium."""

from __future__ import annotations

import bisect
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.damage import Ledger
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.handover import ContainerHandover, Layout, handover
from triage.ingest.containers.identity import evidence_key
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo

SECTOR_BYTES = 512


def recognises(path: Path, head: bytes) -> bool:
    """Take everything: bytes without a known signature are a raw medium."""
    return path.name != "" or head != b""


def open_raw(path: Path) -> RawContainer:
    """Open one file or device as a medium.

    Raises:
        EvidenceError: the file cannot be opened or holds nothing.
    """
    files = SegmentFiles((path,))
    if files.sizes_bytes[0] == 0:
        files.close()
        raise EvidenceError(
            f"{printable(path.name)}: the file is empty",
            hint="the copy of the image may have failed; compare its size with the original",
        )
    return RawContainer(
        files, kind=ContainerKind.RAW, extents=((0, files.sizes_bytes[0]),), structural=()
    )


def reopen_raw(path: Path, known: ContainerHandover) -> RawContainer:
    """Open one file or a split set that another process has looked at.

    Raises:
        EvidenceError: the handover is of another format.
    """
    if not isinstance(known.structure, Layout):
        raise EvidenceError(f"{printable(path.name)}: was opened as {known.info.kind} before")
    return RawContainer(
        known.files(path),
        kind=known.info.kind,
        extents=known.structure.extents,
        structural=known.info.damage,
        info=known.info,
    )


class RawContainer:
    """One or more files laid end to end.

    Args:
        extents: for each file its start on the medium and its length in bytes, ascending; a
            stretch of the medium that no extent covers reads as zeros.
        structural: damage known from the names and sizes of the files.
        info: what the first to open the image found; worked out where it is not given.
    """

    def __init__(
        self,
        files: SegmentFiles,
        *,
        kind: ContainerKind,
        extents: tuple[tuple[int, int], ...],
        structural: tuple[DamagedRange, ...],
        info: EvidenceInfo | None = None,
    ) -> None:
        self._files = files
        self._extents = extents
        self._starts = [first for first, _ in extents]
        self._size_bytes = extents[-1][0] + extents[-1][1]
        self._single = len(extents) == 1 and extents[0][0] == 0
        self._ledger = Ledger(structural)
        self._info = info or self._described(kind)

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._info

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where the disk below fails."""
        if self._single and offset_bytes >= 0 < length_bytes <= self._size_bytes - offset_bytes:
            return self._read_file(0, offset_bytes, length_bytes)
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._size_bytes)
        parts: list[bytes] = []
        position = start
        before = max(0, bisect.bisect_right(self._starts, position) - 1)
        for index, (first, length) in enumerate(self._extents[before:], start=before):
            if position >= end:
                break
            if first + length <= position:
                continue
            if first > position:
                gap = min(first, end) - position
                parts.append(bytes(gap))
                position += gap
            take = min(first + length, end) - position
            if take > 0:
                parts.append(self._read_file(index, position, take))
                position += take
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_content(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the same bytes as ``read_at``: nothing is kept here."""
        return self.read_at(offset_bytes, length_bytes)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far."""
        return self._ledger.all()

    def handover(self) -> ContainerHandover | None:
        """Give what was found at opening, for other processes."""
        return handover(self._info, self._files, Layout(extents=self._extents))

    def gone(self) -> str:
        """Say in words that a file of the image is not there any more."""
        return self._files.gone

    def close(self) -> None:
        """Close the files."""
        self._files.close()

    def _described(self, kind: ContainerKind) -> EvidenceInfo:
        name = self._files.paths[0].name
        key = evidence_key(
            name=name,
            kind=kind,
            size_bytes=self._size_bytes,
            stored_digests=(),
            read_at=self.read_at,
        )
        return EvidenceInfo(
            key=key,
            name=name,
            kind=kind,
            segments=tuple(path.name for path in self._files.paths),
            size_bytes=self._size_bytes,
            damage=self._ledger.structural,
        )

    def _read_file(self, index: int, position: int, length_bytes: int) -> bytes:
        """Read inside one extent; what the file does not give is zeros and damage."""
        offset = position - self._extents[index][0]
        try:
            data = self._files.pread(index, offset, length_bytes)
        except OSError:
            return self._read_sectors(index, position, length_bytes)
        if len(data) < length_bytes:
            self._lost(index, position + len(data), length_bytes - len(data))
            data += bytes(length_bytes - len(data))
        return data

    def _read_sectors(self, index: int, position: int, length_bytes: int) -> bytes:
        """Halve a stretch around an input error, so that one bad sector costs one sector."""
        if length_bytes <= SECTOR_BYTES:
            self._lost(index, position, length_bytes)
            return bytes(length_bytes)
        middle = (position + length_bytes // 2) // SECTOR_BYTES * SECTOR_BYTES
        middle = middle if middle > position else position + SECTOR_BYTES
        left = self._read_file(index, position, middle - position)
        return left + self._read_file(index, middle, position + length_bytes - middle)

    def _lost(self, index: int, position: int, length_bytes: int) -> None:
        shown = printable(self._files.paths[index].name)
        self._ledger.add(
            position, length_bytes, DamageKind.READ_ERROR, f"{shown}: the disk gave no data"
        )
