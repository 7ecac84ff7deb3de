"""Reads of the records of an NTFS volume what the binding of The Sleuth Kit does not tell.

Layout: the documentation of the Linux-NTFS project.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import pytsk3

from triage.ingest.container import Container
from triage.model.volume import VolumeInfo

_PIECE_BYTES = 64 * 1024
_STANDARD, _DATA, _END = 0x10, 0x80, 0xFFFFFFFF
_LEAST = {_STANDARD: 48, 0x30: 66, 0x40: 0, 0x50: 0}
"""What a plain file has beside its content, all within its record: times, names, an id, rights;
with the bytes that each takes at least.
"""

_HEAD = struct.Struct("<IIBBHHH")
"""Of an attribute: type, length, non-resident, length of the name, its place, flags, number."""

_NON_RESIDENT = struct.Struct("<QQHHIQQq")
"""First and last cluster, place of the runs, unit, padding; sizes: allocated, real, initialised.

Sizes are signed: of a stream whose last one is negative nothing counts as ever written.
"""

_RECORD = struct.Struct("<H2xHH8xQ")
"""Of a record, from its generation on: that, place of the first attribute, flags, base record."""

_IN_USE, _IS_FOLDER = 1, 2
_STANDARD_BYTES = 24 + 32 + 256
"""More than there is of the attribute up to its times, wherever they stand in it."""

_TIMES = struct.Struct("<QQQQ")
"""Of the standard information: created, modified, changed, accessed; 100 ns since 1601."""

_UNIX_EPOCH = 116_444_736_000_000_000
_LAST_TIME = _UNIX_EPOCH + (1 << 32) * 10_000_000
_SECTOR_BYTES = 512


_ATTRIBUTE = struct.Struct("<IIBBHHHIH")
"""As above, and where the attribute lies in the record, its size and its place."""

_Moments = tuple[int | None, int | None, int | None, int | None, bool]


class PlainStream(NamedTuple):
    """The only stream of a file, whose content lies outside of its record as it is.

    Attributes:
        runs: first cluster and number of clusters, in order of content, without holes.
        moments: as :func:`triage.ingest.filesystems.tsk_times.times` gives them.
    """

    size_bytes: int
    runs: list[tuple[int, int]]
    moments: _Moments


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
        self.record_bytes = record_bytes
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

    def plain_stream(  # noqa: PLR0911 (one return a rule, in order)
        self, number: int, sequence: int
    ) -> PlainStream | None:
        """Give the stream of a plain file, nothing where there is more to it than that.

        Args:
            sequence: generation that the record has to be of.
        """
        record = self._record(number)
        if record[:4] != b"FILE":
            return None
        generation, at, flags, base_record = _RECORD.unpack_from(record, 16)
        if generation != sequence or base_record or flags & (_IN_USE | _IS_FOLDER) != _IN_USE:
            return None
        standard, data, end = 0, 0, len(record) - _ATTRIBUTE.size
        while at <= end:
            kind, length, elsewhere, letters, _, odd, _, size, place = _ATTRIBUTE.unpack_from(
                record, at
            )
            if kind == _END:
                return _plain(record, standard, data) if standard and data else None
            if length < 24 or letters or odd or at + length > len(record):
                return None
            if kind == _DATA and elsewhere and not data:
                data = at
            elif elsewhere or not _fits(kind, length, size, place):
                return None
            elif kind == _STANDARD:
                if standard:
                    return None
                standard = at
            at += length
        return None

    def _record(self, number: int) -> bytes:
        """Give a record as it was before its sector ends were exchanged for a check."""
        offset = number * self.record_bytes
        start = offset // _PIECE_BYTES * _PIECE_BYTES
        if start != self._piece_at:
            self._piece_at, self._piece = start, self._read(start, _PIECE_BYTES)
        raw = self._piece[offset - start : offset - start + self.record_bytes]
        return _restored(raw) if len(raw) == self.record_bytes else b""

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


def _fits(kind: int, length: int, size: int, place: int) -> bool:
    """Tell whether an attribute is one that may stand beside, and lies within its bounds."""
    return kind in _LEAST and size >= _LEAST[kind] and 24 <= place <= length - size


def _moments(record: bytes, at: int) -> _Moments | None:
    """Give the times of standard information, nothing where one of them needs a closer look."""
    if record[at + 8] or at + _STANDARD_BYTES > len(record):
        return None
    place = at + record[at + 20]
    every = _TIMES.unpack_from(record, place)
    if min(every) <= _UNIX_EPOCH or max(every) >= _LAST_TIME:
        return None
    created, modified, changed, accessed = ((one - _UNIX_EPOCH) * 100 for one in every)
    return modified, accessed, changed, created, False


def _plain(record: bytes, standard: int, at: int) -> PlainStream | None:
    moments = _moments(record, standard)
    if moments is None or at + 64 > len(record):
        return None
    _, length, elsewhere, letters, _, flags, _ = _HEAD.unpack_from(record, at)
    if not elsewhere or letters or flags:
        return None
    first, last, place, unit, _, allocated, size, written = _NON_RESIDENT.unpack_from(
        record, at + 16
    )
    if first or unit or allocated >> 63 or not 0 < size <= min(allocated, written):
        return None
    runs = _runs(record, at + place, min(at + length, len(record)))
    if runs is None or sum(clusters for _, clusters in runs) != last + 1:
        return None
    return PlainStream(size, runs, moments)


def _runs(record: bytes, at: int, end: int) -> list[tuple[int, int]] | None:
    """Read mapping pairs; nothing where they have holes or do not end."""
    runs: list[tuple[int, int]] = []
    start = 0
    while at < end:
        sizes = record[at]
        if not sizes:
            return runs
        middle = at + 1 + (sizes & 15)
        after = middle + (sizes >> 4)
        if not (sizes & 15 and sizes >> 4) or after > end:
            return None
        clusters = int.from_bytes(record[at + 1 : middle], "little")
        start += int.from_bytes(record[middle:after], "little", signed=True)
        if start <= 0 or not clusters:
            return None
        runs.append((start, clusters))
        at = after
    return None


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
