"""EWF images (.E01, .s01) of EnCase 1 to 7, FTK Imager, SMART, linen and libewf."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from triage.errors import EvidenceError
from triage.ingest.containers.damage import Ledger
from triage.ingest.containers.ewf_names import is_segment_name
from triage.ingest.containers.ewf_reading import ChunkReader
from triage.ingest.containers.ewf_segments import Structure
from triage.ingest.containers.ewf_structure import SIGNATURE, read_structure
from triage.ingest.containers.identity import evidence_key
from triage.model.display import printable
from triage.model.evidence import ContainerKind, DamagedRange, DamageKind, EvidenceInfo

LOGICAL_SIGNATURE = b"LVF\x09\x0d\x0a\xff\x00"
CACHE_BYTES = 32 * 1024 * 1024
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
    return head[:8] in {SIGNATURE, LOGICAL_SIGNATURE} or is_segment_name(path)


def open_ewf(path: Path, *, cache_bytes: int = CACHE_BYTES) -> EwfContainer:
    """Open the set that a segment belongs to.

    Raises:
        EvidenceError: logical evidence, no EWF image, or nothing that tells the medium's size.
    """
    shown = printable(path.name)
    with path.open("rb") as file:
        head = file.read(8)
    if head == LOGICAL_SIGNATURE:
        raise EvidenceError(
            f"{shown}: logical evidence file (L01) is not supported",
            hint="export its files to a folder with the imager, then run on the folder",
        )
    return EwfContainer(read_structure(path), cache_bytes=cache_bytes)


class EwfContainer:
    """The medium inside an EWF set; every chunk is checked before its bytes are given.

    Args:
        kind: the version of the format.
        cache_bytes: how much inflated data may be kept for random access.
    """

    def __init__(
        self,
        structure: Structure,
        *,
        kind: ContainerKind = ContainerKind.EWF,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._files = structure.files
        self._chunk_bytes = structure.geometry.chunk_bytes
        self._media_bytes = structure.media_bytes
        self._reader = ChunkReader(
            structure.files,
            structure.placed,
            load_page=structure.load_page,
            chunk_bytes=self._chunk_bytes,
            media_bytes=self._media_bytes,
        )
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._cached_chunks = max(1, cache_bytes // self._chunk_bytes)
        self._ledger = Ledger(structure.damage)
        name = structure.files.paths[0].name
        self._info = EvidenceInfo(
            key=evidence_key(
                name=name,
                kind=kind,
                size_bytes=structure.media_bytes,
                stored_digests=structure.digests,
                read_at=self.read_at,
            ),
            name=name,
            kind=kind,
            segments=tuple(path.name for path in structure.files.paths),
            size_bytes=structure.media_bytes,
            sector_size_bytes=structure.geometry.sector_bytes,
            stored_digests=structure.digests,
            header=structure.header,
            damage=self._ledger.structural,
        )

    @property
    def info(self) -> EvidenceInfo:
        """What was opened."""
        return self._info

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give the bytes of the medium; zeros where a chunk is missing or fails its check."""
        start = max(0, offset_bytes)
        end = min(start + max(0, length_bytes), self._media_bytes)
        if start >= end:
            return b""
        first, last = start // self._chunk_bytes, (end - 1) // self._chunk_bytes
        parts = self._chunks(first, last + 1)
        skip, stop = start - first * self._chunk_bytes, end - last * self._chunk_bytes
        if first == last:
            return parts[0][skip:stop]
        parts[0] = parts[0][skip:]
        parts[-1] = parts[-1][:stop]
        return b"".join(parts)

    def damage(self) -> tuple[DamagedRange, ...]:
        """Give all damage known so far."""
        return self._ledger.all()

    def close(self) -> None:
        """Close the files and drop the cache."""
        self._files.close()
        self._cache.clear()

    def _chunks(self, first: int, end: int) -> list[bytes]:
        keep = end - first < _BYPASS_CHUNKS
        parts: list[bytes] = []
        chunk = first
        while chunk < end:
            cached = self._cache.get(chunk)
            if cached is not None:
                self._cache.move_to_end(chunk)
                parts.append(cached)
                chunk += 1
                continue
            loaded = self._reader.load(chunk, end, self._cache)
            fresh = [self._data(chunk + at, result) for at, result in enumerate(loaded)]
            if keep:
                self._keep(chunk, fresh)
            parts.extend(fresh)
            chunk += len(fresh)
        return parts

    def _keep(self, chunk: int, fresh: list[bytes]) -> None:
        for number, data in enumerate(fresh, start=chunk):
            self._cache[number] = data
        while len(self._cache) > self._cached_chunks:
            self._cache.popitem(last=False)

    def _data(self, chunk: int, result: bytes | DamageKind | None) -> bytes:
        """Give the data, or zeros; a chunk without a table is damage that is known already."""
        if isinstance(result, bytes):
            return result
        want = self._reader.want(chunk)
        if result is not None:
            self._ledger.add(chunk * self._chunk_bytes, want, result, _WORDS[result])
        return bytes(want)
