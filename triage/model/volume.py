"""A stretch of the medium that holds, or may hold, a file system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VolumeState(StrEnum):
    """What became of a volume."""

    OPENED = "opened"
    LOCKED = "locked"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    BLANK = "blank"
    NO_FILES = "no-files"
    """Recognised, and by its nature without files (swap space, a boot loader area)."""


UNEXAMINED_VOLUME_STATES = frozenset(
    {VolumeState.LOCKED, VolumeState.UNSUPPORTED, VolumeState.DAMAGED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeInfo:
    """One volume of one evidence item.

    Attributes:
        key: ``p0`` for an image without a table, else ``p1``, ``p2`` … in table order; a second
            reading of the same bytes or a volume inside a pool adds a part: ``p2.1``.
        offset_bytes: start on the medium.
        table: ``none``, ``dos``, ``gpt``, ``mac``, ``bsd``, ``sun`` or ``folder``.
        description: type from the table, as the table names it.
        filesystem: ``ntfs``, ``fat32``, ``ext4``, ``apfs``, … or ``""`` when none was opened.
        reason: why it was not opened, in words; ``""`` when it was.
        layer: what lies between the medium and this volume, outermost first, joined by ``/``:
            ``"luks"``, ``"lvm:vg0:home"``, ``"luks/lvm:vg0:home"``, ``"vss:2"``; ``""`` for none.
            Its ``offset_bytes`` and ``length_bytes`` are then those of the outermost stretch on
            the medium, and its entries have no places there.
        unlocked: by what kind of secret it was opened (``password``, ``recovery-key``), ``""``
            where none was needed. Never the secret.
    """

    key: str
    offset_bytes: int
    length_bytes: int
    table: str
    description: str
    state: VolumeState
    filesystem: str = ""
    label: str = ""
    block_size_bytes: int = 0
    reason: str = ""
    layer: str = ""
    unlocked: str = ""
