"""Sizes and times that containers claim, held to what a file can have."""

from __future__ import annotations

from dataclasses import replace

from triage.model.entry import FileEntry, Times
from triage.model.outcome import SkipReason

MOST = (1 << 63) - 1
"""No file system holds a file of more bytes; headers of tar and zip can claim more."""


def bounded(entry: FileEntry) -> FileEntry:
    """Give an entry whose numbers can be kept: an impossible size is named, and not read.

    A time that no clock of 64 bits shows is as one that is not recorded.
    """
    times = entry.times
    if (times.modified_ns or times.accessed_ns or times.changed_ns or times.created_ns) and any(
        one is not None and abs(one) > MOST
        for one in (times.modified_ns, times.accessed_ns, times.changed_ns, times.created_ns)
    ):
        entry = replace(entry, times=_kept(times))
    if 0 <= entry.size_bytes <= MOST:
        return entry
    return replace(
        entry,
        size_bytes=min(max(entry.size_bytes, 0), MOST),
        first_block_offset_bytes=None,
        no_content=entry.no_content or SkipReason.IMPLAUSIBLE_SIZE.value,
        detail=entry.detail or f"claims {entry.size_bytes} bytes",
    )


def _kept(times: Times) -> Times:
    def kept(one: int | None) -> int | None:
        return one if one is not None and abs(one) <= MOST else None

    return replace(
        times,
        modified_ns=kept(times.modified_ns),
        accessed_ns=kept(times.accessed_ns),
        changed_ns=kept(times.changed_ns),
        created_ns=kept(times.created_ns),
    )
