"""Turns the times of The Sleuth Kit into nanoseconds."""

from __future__ import annotations

import calendar
import time

import pytsk3

NAIVE = frozenset({"fat12", "fat16", "fat32", "exfat"})
"""File systems that record local time without a zone."""

Moments = tuple[int | None, int | None, int | None, int | None, bool]
"""Modified, accessed, changed, created; whether they are local times without a zone."""

_NONE: Moments = (None, None, None, None, False)
_SECOND = 1_000_000_000


def times(meta: pytsk3.TSK_FS_META | None, *, naive: bool) -> Moments:
    """Give the four times of a record; a recorded 0 counts as not recorded.

    The Sleuth Kit turns the local times of FAT into seconds by the zone of this process, so the
    zone is taken out again: the numbers then say what stands on the disk, on every machine.
    """
    if meta is None:
        return _NONE
    if naive:
        return (
            _naive_ns(meta.mtime, meta.mtime_nano),
            _naive_ns(meta.atime, meta.atime_nano),
            _naive_ns(meta.ctime, meta.ctime_nano),
            _naive_ns(meta.crtime, meta.crtime_nano),
            True,
        )
    return (
        meta.mtime * _SECOND + meta.mtime_nano or None,
        meta.atime * _SECOND + meta.atime_nano or None,
        meta.ctime * _SECOND + meta.ctime_nano or None,
        meta.crtime * _SECOND + meta.crtime_nano or None,
        False,
    )


def _naive_ns(seconds: int, nanoseconds: int) -> int | None:
    if seconds == 0:
        return None
    return calendar.timegm(time.localtime(seconds)) * _SECOND + nanoseconds or None
