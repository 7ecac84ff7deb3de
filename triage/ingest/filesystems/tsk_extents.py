"""Tells where plain contents lie, so that they are read by position, as The Sleuth Kit would."""

from __future__ import annotations

from collections.abc import Sequence

import pytsk3

from triage.ingest.container import Container
from triage.ingest.filesystems.ntfs_records import PlainStream, Records
from triage.ingest.filesystems.tsk_streams import WOF_STREAM, Stream
from triage.model.volume import VolumeInfo

EXTENT_LIMIT = 64
"""A content in more pieces than this is read by way of the file system."""

_FAT = ("fat12", "fat16", "fat32", "exfat")
_INODES = ("ext2", "ext3", "ext4", "ufs1", "ufs1b", "ufs2")
_PLAIN = frozenset(("ntfs", "hfs+", "iso9660", *_FAT, *_INODES))
"""File systems whose runs hold the content as it is; others pack it in ways of their own."""

Extents = tuple[tuple[int, int], ...]


class Places:
    """What decides whether a content of one volume may be read by its place.

    The Sleuth Kit refuses addresses beyond the end of the file system, and gives zeros behind the
    initialised part of an NTFS stream; neither may turn into other bytes here.
    """

    def __init__(self, end_bytes: int, records: Records | None) -> None:
        self._end = end_bytes
        self._records = records

    @classmethod
    def of(cls, container: Container, volume: VolumeInfo, opened: pytsk3.FS_Info) -> Places:
        """Look at the volume once; its end is 0 where nothing is to be read by its place."""
        info = opened.info
        odd = info.block_pre_size or info.block_post_size or volume.filesystem not in _PLAIN
        if odd or (volume.filesystem == "hfs+" and _wrapped(container, volume)):
            return cls(0, None)
        blocks = min(info.block_count, info.last_block_act + 1)
        end = volume.offset_bytes + blocks * info.block_size
        records = None
        if volume.filesystem == "ntfs":
            records = Records.of(container, volume, opened)
        return cls(min(end, container.info.size_bytes), records)

    def extents(self, address: int, stream: Stream, every: Sequence[Stream]) -> Extents:
        """Give where a stream lies, nothing where it has to be read by way of the file system.

        Args:
            address: number of its record.
            every: all streams of the file: one that is not told apart by its name and number, or
                only stands for a packed one, is not read by its place.
        """
        if not stream.plain or stream.size_bytes <= 0:
            return ()
        if len(every) > 1 and not _distinct(stream, every):
            return ()
        return self._cut_to(address, stream.name, stream.runs, stream.plain, stream.size_bytes)

    def of_only(self, address: int, runs: Extents, plain: int, size_bytes: int) -> Extents:
        """Give the same for the one stream of a file, which has some plain runs and a size."""
        return self._cut_to(address, b"", runs, plain, size_bytes)

    @property
    def record_bytes(self) -> int:
        """Size of a record that contents may lie in, 0 where there are no such records."""
        return 0 if self._records is None else self._records.record_bytes

    def plain_stream(self, address: int, sequence: int) -> PlainStream | None:
        """Give the stream of a plain file by its record, where there are such records."""
        return None if self._records is None else self._records.plain_stream(address, sequence)

    def cut(self, runs: Extents, size_bytes: int) -> Extents:
        """Join runs of plain content and cut off what lies behind; nothing if one is outside."""
        return _cut(runs, size_bytes, self._end)

    def _cut_to(
        self, address: int, name: bytes, runs: Extents, plain: int, size_bytes: int
    ) -> Extents:
        found = _cut(runs[:plain], size_bytes, self._end)
        if found and self._records is not None:
            known = self._records.initialised_bytes(address, name)
            return found if known is not None and known >= size_bytes else ()
        return found


def _distinct(stream: Stream, every: Sequence[Stream]) -> bool:
    for other in every:
        if other is stream:
            continue
        if other.name == stream.name or (other.kind, other.number) == (stream.kind, stream.number):
            return False
        if other.name == WOF_STREAM and not stream.name:
            return False
    return True


def _cut(runs: Extents, size_bytes: int, end_bytes: int) -> Extents:
    """Join runs that touch and cut off what lies behind the content."""
    if len(runs) == 1:
        start, length = runs[0]
        inside = start >= 0 and start + length <= end_bytes and length >= size_bytes
        return ((start, size_bytes),) if inside else ()
    found: list[tuple[int, int]] = []
    left = size_bytes
    for start, length in runs:
        if start < 0 or start + length > end_bytes:
            return ()
        taken = min(length, left)
        if found and sum(found[-1]) == start:
            found[-1] = (found[-1][0], found[-1][1] + taken)
        else:
            found.append((start, taken))
        left -= taken
        if not left:
            return tuple(found) if len(found) <= EXTENT_LIMIT else ()
    return ()


def _wrapped(container: Container, volume: VolumeInfo) -> bool:
    """Tell whether the volume lies in an HFS wrapper, whose runs count from another start."""
    return container.read_at(volume.offset_bytes + 1024, 2) not in (b"H+", b"HX")
