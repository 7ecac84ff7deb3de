"""EWF images (.E01, .s01) of EnCase 1 to 7, FTK Imager, SMART, linen and libewf."""

from __future__ import annotations

from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.damage import Ledger
from triage.ingest.containers.ewf_cache import ChunkCache
from triage.ingest.containers.ewf_chunks import Data
from triage.ingest.containers.ewf_names import LOGICAL, SIGNATURE, is_segment_name
from triage.ingest.containers.ewf_segments import Structure
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.handover import ContainerHandover, handover
from triage.ingest.containers.identity import evidence_key
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo

CACHE_BYTES = 64 * 1024 * 1024
"""For what reads of metadata touch: the file table of 60,000 files, which is gone through often."""

EDGE_BYTES = 256 * 1024
"""For the chunks in which contents end."""

_BYPASS_CHUNKS = 32
"""A read of so many chunks is a linear pass: keeping them would only push out useful ones."""

_WORDS = {
    DamageKind.CHUNK_CHECKSUM: "the data does not agree with the checksum of its chunk",
    DamageKind.CHUNK_UNREADABLE: "the chunk cannot be inflated",
    DamageKind.TABLE_CHECKSUM: "the chunk table fails its checksum, the chunk has none of its own",
    DamageKind.TRUNCATED: "the chunk is cut off",
    DamageKind.READ_ERROR: "the disk under the image gave no data",
}


def recognises(path: Path, head: bytes) -> bool:
    """Take EWF by signature, and by name too, so that a damaged first segment is not raw."""
    return head[:8] in {SIGNATURE, LOGICAL} or is_segment_name(path)


def open_ewf(path: Path, *, cache_bytes: int = CACHE_BYTES) -> EwfContainer:
    """Open the set that a segment belongs to.

    Raises:
        EvidenceError: logical evidence, no EWF image, or nothing that tells the medium's size.
    """
    from triage.ingest.containers.ewf_structure import (  # noqa: PLC0415  (with numpy)
        read_structure,
    )

    shown = printable(path.name)
    with path.open("rb") as file:
        head = file.read(8)
    if head == LOGICAL:
        raise EvidenceError(
            f"{shown}: is a logical evidence file (L01): files, not a medium",
            hint="triage run reads it, and compares its files with the digests stored with them",
        )
    return EwfContainer(*read_structure(path), cache_bytes=cache_bytes)


def reopen_ewf(path: Path, known: ContainerHandover) -> EwfContainer:
    """Open a set of any version that another process has looked through.

    Raises:
        EvidenceError: the handover is of another format.
    """
    if not isinstance(known.structure, Structure):
        raise EvidenceError(f"{printable(path.name)}: was opened as {known.info.kind} before")
    return EwfContainer(known.files(path), known.structure, kind=known.info.kind, info=known.info)


class EwfContainer:
    """The medium inside an EWF set; every chunk is checked before its bytes are given.

    What reads of metadata touch is kept apart from what reads of content touch, so that a long
    content does not push out the tables of the file system that it is listed in.

    Args:
        kind: the version of the format.
        cache_bytes: how much inflated data may be kept for random access.
        info: what the first to open the image found; worked out where it is not given.
    """

    def __init__(
        self,
        files: SegmentFiles,
        structure: Structure,
        *,
        kind: ContainerKind = ContainerKind.EWF,
        cache_bytes: int = CACHE_BYTES,
        info: EvidenceInfo | None = None,
    ) -> None:
        from triage.ingest.containers.ewf_reading import ChunkReader  # noqa: PLC0415  (as above)

        self._files = files
        self._structure = structure
        self._chunk_bytes = structure.geometry.chunk_bytes
        self._media_bytes = structure.media_bytes
        self._reader = ChunkReader(
            files,
            structure.placed,
            load_page=structure.load_page,
            chunk_bytes=self._chunk_bytes,
            media_bytes=self._media_bytes,
        )
        self._ledger = Ledger(structure.damage)
        self._cache = ChunkCache(max(1, cache_bytes // self._chunk_bytes))
        self._edges = ChunkCache(max(1, EDGE_BYTES // self._chunk_bytes))
        self._info = info or self._described(kind)

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._info

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where a chunk is missing or fails its check."""
        if length_bytes >= _BYPASS_CHUNKS * self._chunk_bytes:
            return self.read_content(offset_bytes, length_bytes)
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._media_bytes)
        if start >= end:
            return b""
        first, last = start // self._chunk_bytes, (end - 1) // self._chunk_bytes
        parts: list[Data] = []
        chunk = first
        while chunk <= last:
            cached = self._cache.get(chunk)
            if cached is not None:
                parts.append(cached)
                chunk += 1
                continue
            loaded = self._loaded(chunk, last + 1, self._cache)
            parts += [self._cache.put(chunk + at, data) for at, data in enumerate(loaded)]
            chunk += len(loaded)
        return self._cut(parts, start - first * self._chunk_bytes, end - start)

    def read_content(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the same bytes as ``read_at``; of what is read only the last chunk is kept.

        Small files lie side by side in one chunk and are read in their order.
        """
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._media_bytes)
        if start >= end:
            return b""
        first, last = start // self._chunk_bytes, (end - 1) // self._chunk_bytes
        parts: list[Data] = []
        chunk = first
        while chunk <= last:
            cached = self._edges.get(chunk) or self._cache.get(chunk)
            if cached is not None:
                parts.append(cached)
                chunk += 1
                continue
            loaded = self._loaded(chunk, last + 1, self._cache)
            parts += loaded
            chunk += len(loaded)
            if chunk > last and end < min(chunk * self._chunk_bytes, self._media_bytes):
                parts[-1] = self._edges.put(last, loaded[-1])
        return self._cut(parts, start - first * self._chunk_bytes, end - start)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far."""
        return self._ledger.all()

    def handover(self) -> ContainerHandover | None:
        """Give what was found at opening, for other processes."""
        return handover(self._info, self._files, self._structure)

    def gone(self) -> str:
        """Say in words that a file of the image is not there any more."""
        return self._files.gone

    def close(self) -> None:
        """Close the files and drop the cache."""
        self._files.close()
        self._cache.clear()
        self._edges.clear()

    def _described(self, kind: ContainerKind) -> EvidenceInfo:
        structure, paths = self._structure, self._files.paths
        key = evidence_key(
            name=paths[0].name,
            kind=kind,
            size_bytes=structure.media_bytes,
            stored_digests=structure.digests,
            read_at=self.read_at,
        )
        return EvidenceInfo(
            key=key,
            name=paths[0].name,
            kind=kind,
            segments=tuple(path.name for path in paths),
            size_bytes=structure.media_bytes,
            sector_size_bytes=structure.geometry.sector_bytes,
            stored_digests=structure.digests,
            header=structure.header,
            damage=self._ledger.structural,
        )

    def _cut(self, parts: list[Data], skip: int, length: int) -> bytes:
        """Join what was read and give the part of it that was asked for."""
        if len(parts) == 1:
            return bytes(memoryview(parts[0])[skip : skip + length])
        if skip:
            parts[0] = memoryview(parts[0])[skip:]
        over = sum(map(len, parts)) - length
        if over:
            parts[-1] = memoryview(parts[-1])[:-over]
        return b"".join(parts)

    def _loaded(self, chunk: int, end: int, known: ChunkCache) -> list[Data]:
        """Give the data of at least one chunk, zeros where it is lost.

        A chunk without a table is damage that is known already.
        """
        loaded: list[Data] = []
        for number, result in enumerate(self._reader.load(chunk, end, known), start=chunk):
            if result is None or isinstance(result, DamageKind):
                want = self._reader.want(number)
                if result is not None:
                    self._ledger.add(number * self._chunk_bytes, want, result, _WORDS[result])
                loaded.append(bytes(want))
            else:
                loaded.append(result)
        return loaded
