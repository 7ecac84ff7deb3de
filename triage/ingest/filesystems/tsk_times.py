"""Turns the times of The Sleuth Kit into nanoseconds."""

from __future__ import annotations

import calendar
import time

import pytsk3

from triage.model.entry import Times

NAIVE = frozenset({"fat12", "fat16", "fat32", "exfat"})
"""File systems that record local time without a zone."""

_NONE = Times()


def times(meta: pytsk3.TSK_FS_META | None, *, naive: bool) -> Times:
    """Give the four times of a record; a recorded 0 counts as not recorded.

    The Sleuth Kit turns the local times of FAT into seconds by the zone of this process, so the
    zone is taken out again: the numbers then say what stands on the disk, on every machine.
    """
    if meta is None:
        return _NONE
    convert = _naive_ns if naive else _utc_ns
    return Times(
        modified_ns=convert(int(meta.mtime), int(meta.mtime_nano)),
        accessed_ns=convert(int(meta.atime), int(meta.atime_nano)),
        changed_ns=convert(int(meta.ctime), int(meta.ctime_nano)),
        created_ns=convert(int(meta.crtime), int(meta.crtime_nano)),
        naive_local=naive,
    )


def _utc_ns(seconds: int, nanoseconds: int) -> int | None:
    if seconds == 0 and nanoseconds == 0:
        return None
    return seconds * 1_000_000_000 + nanoseconds


def _naive_ns(seconds: int, nanoseconds: int) -> int | None:
    if seconds == 0:
        return None
    return _utc_ns(calendar.timegm(time.localtime(seconds)), nanoseconds)
