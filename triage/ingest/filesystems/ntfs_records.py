"""Reads of the records of an NTFS volume what the binding of The Sleuth Kit does not tell.

Layout: the documentation of the Linux-NTFS project.
"""

from __future__ import annotations

import struct

import pytsk3

from triage.ingest.container import Container
from triage.model.volume import VolumeInfo

_PIECE_BYTES = 64 * 1024
_DATA, _END = 0x80, 0xFFFFFFFF
_HEAD = struct.Struct("<IIBBHHH")
"""Of an attribute: type, length, non-resident, length of the name, its place, flags, number."""

_NON_RESIDENT = struct.Struct("<QQHHIQQq")
"""First and last cluster, place of the runs, unit, padding; sizes: allocated, real, initialised.

Sizes are signed: of a stream whose last one is negative nothing counts as ever written.
"""

_SECTOR_BYTES = 512


class Records:
    """The master file table of one volume.

    Args:
        runs: ``(offset_bytes, length_bytes)`` on the medium, in order of the table.
        record_bytes: size of one record.
    """

    def __init__(
        self, container: Container, runs: tuple[tuple[int, int], ...], record_bytes: int
    ) -> None:
        self._container = container
        self._runs = runs
        self._record_bytes = record_bytes
        self._piece_at = -1
        self._piece = b""

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo, opened: pytsk3.FS_Info) -> Records:
        """Find the table; one that is not found holds no record."""
        boot = container.read_at(volume.offset_bytes, _SECTOR_BYTES).ljust(_SECTOR_BYTES, b"\0")
        clusters = struct.unpack_from("<b", boot, 64)[0]
        block = opened.info.block_size
        record_bytes = clusters * block if clusters > 0 else 1 << min(-clusters, 16)
        runs: list[tuple[int, int]] = []
        try:
            for attribute in opened.open_meta(0):
                if attribute.info.type == _DATA and not attribute.info.name:
                    runs += [
                        (volume.offset_bytes + run.addr * block, run.len * block)
                        for run in attribute
                    ]
        except OSError:
            runs = []
        return cls(container, tuple(runs), max(record_bytes, _SECTOR_BYTES))

    def initialised_bytes(self, number: int, name: bytes) -> int | None:
        """Give how much of a stream was ever written; what follows reads as zeros.

        Args:
            name: of the stream, in UTF-8.

        Returns:
            ``None`` where the record does not say it of just one stream of that name.
        """
        record = self._record(number)
        if record[:4] != b"FILE":
            return None
        found: int | None = None
        at = int.from_bytes(record[20:22], "little")
        while at + 64 <= len(record):
            kind, length, elsewhere, letters, place, _, _ = _HEAD.unpack_from(record, at)
            if kind == _END or length < 24:
                break
            if kind == _DATA and elsewhere and _named(record, at + place, letters, name):
                first, *_, size = _NON_RESIDENT.unpack_from(record, at + 16)
                if not first:
                    if found is not None:
                        return None
                    found = size
            at += length
        return found

    def _record(self, number: int) -> bytes:
        """Give a record as it was before its sector ends were exchanged for a check."""
        offset = number * self._record_bytes
        start = offset // _PIECE_BYTES * _PIECE_BYTES
        if start != self._piece_at:
            self._piece_at, self._piece = start, self._read(start, _PIECE_BYTES)
        raw = self._piece[offset - start : offset - start + self._record_bytes]
        return _restored(raw) if len(raw) == self._record_bytes else b""

    def _read(self, offset: int, length: int) -> bytes:
        parts = []
        for start, size in self._runs:
            if offset < size and length:
                taken = min(length, size - offset)
                parts.append(self._container.read_at(start + offset, taken))
                offset, length = 0, length - taken
            else:
                offset -= size
        return b"".join(parts)


def _named(record: bytes, place: int, letters: int, name: bytes) -> bool:
    if not letters or not name:
        return not letters and not name
    raw = record[place : place + 2 * letters]
    return raw.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass") == name


def _restored(raw: bytes) -> bytes:
    place, count = struct.unpack_from("<HH", raw, 4)
    if place + 2 * count > _SECTOR_BYTES - 2 or (count - 1) * _SECTOR_BYTES != len(raw):
        return b""
    record = bytearray(raw)
    check = raw[place : place + 2]
    for index in range(1, count):
        end = index * _SECTOR_BYTES
        if raw[end - 2 : end] != check:
            return b""
        record[end - 2 : end] = raw[place + 2 * index : place + 2 * index + 2]
    return bytes(record)
