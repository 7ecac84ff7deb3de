"""Tells free blocks of NTFS and HFS+ by the file in which they keep their bitmap."""

from __future__ import annotations

from collections.abc import Iterator

import pytsk3

from triage.ingest.container import Container
from triage.ingest.freespace.bits import free_bits
from triage.ingest.freespace.space import FreeSpace
from triage.ingest.tskimage import ContainerImage

_RECORD = 6
"""``$Bitmap`` of NTFS, and the allocation file of HFS+ (TN1150)."""

_PIECE_BYTES = 1 << 20


def free_of_bitmap(container: Container, filesystem: str, start: int, end: int) -> FreeSpace | None:
    """Give the blocks that the bitmap does not mark; ``None`` where it does not read.

    Args:
        container: what the volume lies in.
        filesystem: ``ntfs`` or ``hfs+``.
        start: of the volume.
        end: of it too.
    """
    hfs = filesystem == "hfs+"
    if hfs and container.read_at(start + 1024, 2) not in {b"H+", b"HX"}:
        return None  # in a wrapper, whose blocks are counted from another start
    kind = pytsk3.TSK_FS_TYPE_HFS if hfs else pytsk3.TSK_FS_TYPE_NTFS
    try:
        opened = pytsk3.FS_Info(ContainerImage(container), offset=start, type=kind)
        block, blocks = int(opened.info.block_size), int(opened.info.block_count)
        pieces = _pieces(opened.open_meta(_RECORD), -(-blocks // 8))
        runs = list(free_bits(pieces, blocks, highest_first=hfs))
    except OSError:
        return None
    return FreeSpace.of(
        ((start + first * block, count * block) for first, count in runs),
        end=min(end, start + blocks * block),
        heap=start,
        block_bytes=block,
    )


def _pieces(bitmap: pytsk3.File, size: int) -> Iterator[bytes]:
    """Yield the bitmap; what it lacks counts as held.

    Raises:
        OSError: it does not read to its end.
    """
    for at in range(0, size, _PIECE_BYTES):
        wanted = min(_PIECE_BYTES, size - at)
        yield bitmap.read_random(at, wanted).ljust(wanted, b"\xff")
