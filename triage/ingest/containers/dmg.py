"""DMG: Apple's packed disk images (UDIF), with their blocks zlib, bzip2, LZFSE, xz or ADC."""

from __future__ import annotations

import binascii
import bisect
import plistlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from triage.errors import EvidenceError
from triage.ingest.containers.blocks import DiskContainer
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.containers.lzfse import LzfseBlocks
from triage.ingest.containers.pieces import COPY_HINT, How, Piece, Unpack, lost, plain, zeros
from triage.ingest.containers.unpacking import by_adc, by_bzip2, by_lzma, by_zlib
from triage.model.display import printable
from triage.model.evidence import ContainerKind

TRAILER_BYTES = 512
SECTOR = 512
MAGIC = b"koly"
MOST_LIST_BYTES = 64 * 1024 * 1024
"""A million runs, of half a terabyte in the blocks that Apple's tools make."""

_BLOCK_HEAD_BYTES, _RUN_BYTES = 204, 40
_ZERO, _RAW, _IGNORED, _LZFSE = 0, 1, 2, 0x80000007
_NONE = frozenset({0x7FFFFFFE, 0xFFFFFFFF})
_UNPACKERS: dict[int, Unpack] = {
    0x80000004: by_adc,
    0x80000005: by_zlib,
    0x80000006: by_bzip2,
    0x80000008: by_lzma,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailer:
    """The last 512 bytes, all numbers big-endian (as libmodi describes them)."""

    data_offset_bytes: int
    segments: int
    resources_bytes: int
    list_offset_bytes: int
    list_bytes: int
    sectors: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Run:
    """Blocks of the disk that stand together in the file, in bytes."""

    start_bytes: int
    length_bytes: int
    kind: int
    offset_bytes: int
    packed_bytes: int


def trailer(path: Path) -> Trailer | None:
    """Read Apple's trailer of a file; ``None`` where there is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TRAILER_BYTES))
            data = file.read(TRAILER_BYTES)
    except OSError:
        return None
    if len(data) < TRAILER_BYTES or data[:4] != MAGIC:
        return None
    (data_offset,) = struct.unpack_from(">Q", data, 24)
    (resources,) = struct.unpack_from(">Q", data, 48)
    (segments,) = struct.unpack_from(">I", data, 60)
    list_offset, list_bytes = struct.unpack_from(">QQ", data, 216)
    (sectors,) = struct.unpack_from(">Q", data, 492)
    return Trailer(
        data_offset_bytes=data_offset,
        segments=segments,
        resources_bytes=resources,
        list_offset_bytes=list_offset,
        list_bytes=list_bytes,
        sectors=sectors,
    )


def recognises(path: Path, head: bytes) -> bool:
    """Take what has a trailer that tells of blocks; without one the disk stands there as it is."""
    found = trailer(path) if head else None
    return found is not None and bool(found.list_bytes or found.resources_bytes)


def open_dmg(path: Path) -> DiskContainer:
    """Open an image by the list of its blocks.

    Raises:
        EvidenceError: it is in several files, or its list cannot be read.
    """
    shown = printable(path.name)
    found = trailer(path)
    if found is None:
        raise EvidenceError(f"{shown}: the trailer of the DMG image cannot be read", hint=COPY_HINT)
    if found.segments > 1 or not found.list_bytes:
        what = "in several files" if found.segments > 1 else "of Mac OS before version 10.2"
        raise EvidenceError(
            f"{shown}: is a DMG image {what}, which is not supported",
            hint="convert it on a Mac: hdiutil convert IMAGE -format UDTO",
        )
    files = SegmentFiles((path,))
    runs = sorted(_runs(_blocks(files, found, shown), found.data_offset_bytes))
    size = found.sectors * SECTOR or max(
        (one.start_bytes + one.length_bytes for one in runs), default=0
    )
    lzfse = LzfseBlocks(files) if any(one.kind == _LZFSE for one in runs) else None
    return DiskContainer(
        files,
        DmgMap(size, runs, lzfse),
        kind=ContainerKind.DMG,
        header=(("format", "DMG (UDIF)"),),
    )


class DmgMap:
    """The runs of blocks of an image, in the order of the disk.

    Args:
        lzfse: unpacks what only a foreign library can.
    """

    def __init__(self, size_bytes: int, runs: list[Run], lzfse: LzfseBlocks | None) -> None:
        self.size_bytes = size_bytes
        self._runs = runs
        self._starts = [one.start_bytes for one in runs]
        self._lzfse = lzfse

    def locate(self, offset_bytes: int) -> Piece:
        """Tell in which run a position is; what no run holds was never written."""
        at = bisect.bisect_right(self._starts, offset_bytes)
        until = self._starts[at] if at < len(self._runs) else self.size_bytes
        run = self._runs[at - 1] if at else None
        if run is None or offset_bytes >= run.start_bytes + run.length_bytes:
            return zeros(max(1, until - offset_bytes))
        skip = offset_bytes - run.start_bytes
        left = min(run.length_bytes - skip, until - offset_bytes)
        if run.kind in {_ZERO, _IGNORED}:
            return zeros(left)
        if run.kind == _RAW:
            stored = min(left, run.packed_bytes - skip)
            return plain(stored, run.offset_bytes + skip) if stored > 0 else zeros(left)
        unpack = _UNPACKERS.get(run.kind)
        if run.kind == _LZFSE and self._lzfse is not None:
            unpack = self._lzfse.unpacks(run.start_bytes)
        if unpack is None or run.packed_bytes > 2 * run.length_bytes + SECTOR:
            return lost(left, f"a block is packed in a way that is not known ({run.kind:#x})")
        return Piece(
            length_bytes=left,
            how=How.PACKED,
            offset_bytes=run.offset_bytes,
            packed_bytes=run.packed_bytes,
            block_bytes=run.length_bytes,
            skip_bytes=skip,
            unpack=unpack,
        )


def _blocks(files: SegmentFiles, found: Trailer, shown: str) -> Iterator[bytes]:
    """Give the tables of blocks in the property list, one a partition.

    Raises:
        EvidenceError: the list is cut off, too long, or none.
    """
    if found.list_bytes > MOST_LIST_BYTES:
        raise EvidenceError(
            f"{shown}: the list of blocks of the DMG image is too long", hint=COPY_HINT
        )
    try:
        text = files.pread(0, found.list_offset_bytes, found.list_bytes)
        told = plistlib.loads(text, fmt=plistlib.FMT_XML)
        tables = [bytes(one["Data"]) for one in told["resource-fork"]["blkx"]]
    except (
        *(OSError, OverflowError, ExpatError, binascii.Error, ValueError, KeyError, TypeError),
        *(AttributeError, RecursionError, IndexError),
    ) as error:
        raise EvidenceError(
            f"{shown}: the list of blocks of the DMG image cannot be read",
            hint="the copy of the image may be damaged; compare its size with the original",
        ) from error
    yield from tables


def _runs(tables: Iterator[bytes], data_offset_bytes: int) -> Iterator[Run]:
    for table in tables:
        if len(table) < _BLOCK_HEAD_BYTES or table[:4] != b"mish":
            continue
        first_sector, _, own_offset = struct.unpack_from(">QQQ", table, 8)
        (count,) = struct.unpack_from(">I", table, 200)
        body = table[_BLOCK_HEAD_BYTES:]
        body = body[: min(count, len(body) // _RUN_BYTES) * _RUN_BYTES]
        for kind, _, sector, sectors, offset, packed in struct.iter_unpack(">IIQQQQ", body):
            if kind not in _NONE and sectors:
                yield Run(
                    start_bytes=(first_sector + sector) * SECTOR,
                    length_bytes=sectors * SECTOR,
                    kind=kind,
                    offset_bytes=data_offset_bytes + own_offset + offset,
                    packed_bytes=packed,
                )
