"""Finds out which file systems The Sleuth Kit opens at an offset of the medium."""

from __future__ import annotations

from dataclasses import replace

import pytsk3

from triage.ingest.container import Container
from triage.ingest.reading import Found
from triage.ingest.tskimage import ContainerImage
from triage.model.volume import VolumeState

NAMES = {
    pytsk3.TSK_FS_TYPE_NTFS: "ntfs",
    pytsk3.TSK_FS_TYPE_FAT12: "fat12",
    pytsk3.TSK_FS_TYPE_FAT16: "fat16",
    pytsk3.TSK_FS_TYPE_FAT32: "fat32",
    pytsk3.TSK_FS_TYPE_EXFAT: "exfat",
    pytsk3.TSK_FS_TYPE_EXT2: "ext2",
    pytsk3.TSK_FS_TYPE_EXT3: "ext3",
    pytsk3.TSK_FS_TYPE_EXT4: "ext4",
    pytsk3.TSK_FS_TYPE_HFS: "hfs+",
    pytsk3.TSK_FS_TYPE_ISO9660: "iso9660",
    pytsk3.TSK_FS_TYPE_FFS1: "ufs1",
    pytsk3.TSK_FS_TYPE_FFS1B: "ufs1b",
    pytsk3.TSK_FS_TYPE_FFS2: "ufs2",
    pytsk3.TSK_FS_TYPE_YAFFS2: "yaffs2",
}
"""Type numbers of The Sleuth Kit and our names."""

TYPES = {name: number for number, name in NAMES.items()}

_RECOVER = 4
_DIRTY = (
    "was not unmounted: its journal may hold changes that the volume itself does not, and files "
    "that were made or changed last may be missing, or as they were before; mounting a copy "
    "applies them"
)

_FAMILIES = (
    pytsk3.TSK_FS_TYPE_NTFS,
    pytsk3.TSK_FS_TYPE_FAT_DETECT,
    pytsk3.TSK_FS_TYPE_EXFAT,
    pytsk3.TSK_FS_TYPE_EXT_DETECT,
    pytsk3.TSK_FS_TYPE_FFS_DETECT,
    pytsk3.TSK_FS_TYPE_HFS_DETECT,
    pytsk3.TSK_FS_TYPE_ISO9660_DETECT,
    pytsk3.TSK_FS_TYPE_YAFFS2_DETECT,
)


def find(container: Container, offset_bytes: int, length_bytes: int) -> tuple[Found, ...]:
    """Give every file system that opens at an offset; two where two signatures stand there."""
    if length_bytes < 512 or offset_bytes >= container.info.size_bytes:
        return ()
    image = ContainerImage(container)
    try:
        one = _found(pytsk3.FS_Info(image, offset=offset_bytes))
        journaled = one.filesystem in {"ext3", "ext4"}
        return (replace(one, doubts=_doubts(container, offset_bytes)) if journaled else one,)
    except OSError as error:
        if "ultiple file system types" not in str(error):
            return ()
    found = (_tried(image, offset_bytes, family) for family in _FAMILIES)
    distinct = dict.fromkeys(each for each in found if each is not None)
    return tuple(distinct)


def _doubts(container: Container, offset_bytes: int) -> str:
    """Say that an ext3 or ext4 was not unmounted: its superblock asks for recovery."""
    raw = container.read_at(offset_bytes + 1024, 0x64)
    magic, features = raw[0x38:0x3A], int.from_bytes(raw[0x60:0x64], "little")
    return _DIRTY if magic == b"\x53\xef" and features & _RECOVER else ""


def _tried(image: ContainerImage, offset_bytes: int, family: int) -> Found | None:
    try:
        return _found(pytsk3.FS_Info(image, offset=offset_bytes, type=family))
    except OSError:
        return None


def _found(opened: pytsk3.FS_Info) -> Found:
    number = int(opened.info.ftype)
    unit = int(opened.info.block_size)
    blocks = 0 if number == pytsk3.TSK_FS_TYPE_YAFFS2 else int(opened.info.block_count)
    return Found(
        state=VolumeState.OPENED,
        filesystem=NAMES.get(number, f"tsk-{number}"),
        block_size_bytes=unit,
        extent_bytes=blocks * unit,
    )
