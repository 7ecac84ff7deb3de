"""The extra fields and times of zip entries, from PKWARE's APPNOTE and Info-ZIP's extra fields."""

from __future__ import annotations

import calendar
import datetime as dt
import struct
from collections.abc import Iterator
from functools import lru_cache

from triage.model.entry import Times

_ZIP64, _NTFS, _UNIX_TIMES = 0x0001, 0x000A, 0x5455
_NTFS_EPOCH_TICKS = 116_444_736_000_000_000
_FULL_32 = 0xFFFFFFFF
_FIELD, _SECONDS = struct.Struct("<HH").unpack_from, struct.Struct("<i").unpack_from


def extras(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the extra fields, as far as they are well formed."""
    at, end = 0, len(raw)
    while at + 4 <= end:
        kind, size = _FIELD(raw, at)
        at += 4 + size
        if at > end:
            return
        yield kind, raw[at - size : at]


def widened(raw: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Replace full 32-bit values by the 64-bit ones of the extra field (APPNOTE 4.5.3).

    Args:
        raw: all extra fields of the entry.
        values: size, packed size and place of the local header, as the entry has them.
    """
    if _FULL_32 not in values:
        return values
    wide = next((data for kind, data in extras(raw) if kind == _ZIP64), b"")
    found, at = list(values), 0
    for index, value in enumerate(values):
        if value == _FULL_32 and at + 8 <= len(wide):
            found[index] = int.from_bytes(wide[at : at + 8], "little")
            at += 8
    return found[0], found[1], found[2]


def times(raw: bytes, dos_date: int, dos_time: int) -> Times:
    """Give UTC times where extra fields have them, else the local time of the entry itself.

    Args:
        raw: all extra fields of the entry.
        dos_date, dos_time: as the entry has them, to two seconds and without a zone.
    """
    unix = b""
    for kind, data in extras(raw) if raw else ():
        if kind == _NTFS and len(data) >= 32 and data[4:8] == b"\x01\0\x18\0":
            modified, accessed, created = struct.unpack_from("<QQQ", data, 8)
            return Times(
                modified_ns=_from_ticks(modified),
                accessed_ns=_from_ticks(accessed),
                created_ns=_from_ticks(created),
            )
        if kind == _UNIX_TIMES and len(data) >= 5 and data[0] & 1:
            unix = unix or data
    if unix:
        return _unix_times(unix)
    return Times(modified_ns=_from_dos(dos_date, dos_time), naive_local=True)


def _unix_times(data: bytes) -> Times:
    """Give the times that a byte of flags announces; a directory often has the first alone.

    Seconds of 0 mean that none was recorded.
    """
    if data[0] == 1 or len(data) == 5:
        return Times(modified_ns=_SECONDS(data, 1)[0] * 1_000_000_000 or None)
    found: list[int | None] = [None, None, None]
    at = 1
    for index in range(3):
        if data[0] >> index & 1 and at + 4 <= len(data):
            found[index] = _SECONDS(data, at)[0] * 1_000_000_000 or None
            at += 4
    return Times(modified_ns=found[0], accessed_ns=found[1], created_ns=found[2])


def _from_ticks(ticks: int) -> int | None:
    return (ticks - _NTFS_EPOCH_TICKS) * 100 if 0 < ticks < 1 << 62 else None


@lru_cache(maxsize=1024)
def _from_dos(date: int, time: int) -> int | None:
    try:
        moment = dt.datetime(  # noqa: DTZ001 (a zip records no zone)
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            time >> 11,
            time >> 5 & 63,
            min((time & 31) * 2, 59),
        )
    except ValueError:
        return None
    return calendar.timegm(moment.timetuple()) * 1_000_000_000
