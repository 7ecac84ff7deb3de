"""What the first process found out about evidence, for others that open the same."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.container import ContainerHandover
from triage.ingest.layer import Inner
from triage.ingest.logical import LogicalHandover
from triage.model.volume import VolumeInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What the first process found out about an image, so that others need not look again.

    A plain value, of some 200 bytes a chunk table: to be pickled and sent. It holds no handle and
    no folder. Where it does not fit the image any more it does no harm: the image is then opened
    as if there were none.

    Attributes:
        key: of the evidence that it was found out about.
        container: ``None`` where opening costs nothing, as that of a folder does.
        inode: of a folder, so that the empty mount point of a share that is gone is not taken for
            it; 0 for others.
        logical: of evidence that is files in a container or a backup, ``None`` for others.
        inner: how volumes under a layer are reached.
        unlocked: which secret opened which lock, by its number.
    """

    key: str
    container: ContainerHandover | None
    volumes: tuple[VolumeInfo, ...]
    inode: int = 0
    logical: LogicalHandover | None = None
    inner: tuple[Inner, ...] = ()
    unlocked: tuple[tuple[str, int], ...] = ()
