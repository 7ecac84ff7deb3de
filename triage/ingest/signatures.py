"""Recognises what no reader opens: encrypted volumes, other file systems, disk-image formats."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.container import Container
from triage.ingest.reading import Found
from triage.model.display import printable
from triage.model.volume import VolumeState

_LOCKED, _UNSUPPORTED, _NO_FILES = (
    VolumeState.LOCKED,
    VolumeState.UNSUPPORTED,
    VolumeState.NO_FILES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Bytes that tell a format.

    Attributes:
        offset: from the start of the volume; from its end where negative.
        also: a second place that must agree, so that two short bytes are not proof enough.
    """

    offset: int
    magic: bytes
    state: VolumeState
    name: str
    also: tuple[int, bytes] | None = None


def _rows(state: VolumeState, *rows: tuple[int, bytes, str]) -> tuple[Signature, ...]:
    return tuple(
        Signature(offset=offset, magic=magic, state=state, name=name)
        for offset, magic, name in rows
    )


_TO_GO = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")

ENCRYPTED = (
    *_rows(
        _LOCKED,
        (3, b"-FVE-FS-", "BitLocker"),
        (424, _TO_GO, "BitLocker To Go"),
        (0, b"LUKS\xba\xbe", "LUKS"),
        (0x4000, b"SKUL\xba\xbe", "LUKS2 (second header)"),
        (0, b"encrcdsa", "encrypted Apple disk image"),
        (-512, b"cdsaencr", "encrypted Apple disk image"),
    ),
    Signature(
        offset=88,
        magic=b"CS",
        state=_LOCKED,
        name="CoreStorage (FileVault 2, or a Fusion Drive)",
        also=(8, b"\x01\x00\x10\x00"),
    ),
)
"""Looked for before any reader is asked: BitLocker To Go also shows a FAT with its own reader."""

_BTRFS = b"_BHRfS_M"
_CONVERT = "convert it to a raw image or E01 first"

FOREIGN = (
    *_rows(
        _UNSUPPORTED,
        (0x10040, _BTRFS, "Btrfs"),
        (3, b"ReFS\0\0\0\0", "ReFS"),
        (0, b"hsqs", "squashfs"),
        (0, b"sqsh", "squashfs"),
        (1024, b"\x10\x20\xf5\xf2", "F2FS"),
        (1024, b"\xe2\xe1\xf5\xe0", "EROFS"),
        (0, b"\x45\x3d\xcd\x28", "cramfs"),
        (0x1018, bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81"), "bcachefs"),
        (0, b"UBI#", "UBI"),
        (0, b"\x31\x18\x10\x06", "UBIFS"),
        (0x8000, b"JFS1", "JFS"),
        (0x10034, b"ReIsEr", "ReiserFS"),
        (0x10000, b"ReIsEr4", "Reiser4"),
        (1030, b"\x34\x34", "NILFS2"),
        (0x8001, b"BEA01", "UDF"),
        (0x1000, b"SPACEDB ", "Storage Spaces"),
        (0xC00, b"PRIVHEAD", "dynamic disk (LDM)"),
        (0x100000, b"\x0d\xd0\x01\xc0", "VMFS"),
        (0x1000, b"\xfc\x4e\x2b\xa9", "Linux RAID member (md 1.2)"),
        (0, b"\xfc\x4e\x2b\xa9", "Linux RAID member (md 1.1)"),
        (0, b"QFI\xfb", f"QCOW2 disk image: {_CONVERT}"),
        (0, b"KDMV", f"VMDK disk image: {_CONVERT}"),
        (0, b"COWD", f"VMDK disk image: {_CONVERT}"),
        (0, b"# Disk DescriptorFile", f"VMDK descriptor: {_CONVERT}"),
        (0, b"vhdxfile", f"VHDX disk image: {_CONVERT}"),
        (0, b"conectix", f"VHD disk image: {_CONVERT}"),
        (-512, b"conectix", f"VHD disk image: {_CONVERT}"),
        (64, b"\x7f\x10\xda\xbe", f"VDI disk image: {_CONVERT}"),
        (-512, b"koly", f"DMG disk image: {_CONVERT}"),
        (0, b"sprs", f"Apple sparse image: {_CONVERT}"),
        (0, b"\x3a\xff\x26\xed", f"Android sparse image: {_CONVERT}"),
        (0, b"AFF10\r\n\0", f"AFF image: {_CONVERT}"),
        (0, b"PK\x03\x04", "ZIP archive or AFF4 image: unpack or convert it first"),
        (0, b"LVF\x09\x0d\x0a\xff\x00", "logical evidence file (L01)"),
    ),
    *(
        Signature(
            offset=sector * 512,
            magic=b"LABELONE",
            state=_UNSUPPORTED,
            name="LVM2 physical volume",
            also=(sector * 512 + 24, b"LVM2"),
        )
        for sector in range(4)
    ),
    *(
        Signature(offset=offset, magic=magic, state=_UNSUPPORTED, name="ZFS")
        for offset in range(0x20000, 0x40000, 0x400)
        for magic in (b"\x0c\xb1\xba\0\0\0\0\0", b"\0\0\0\0\0\xba\xb1\x0c")
    ),
    Signature(
        offset=1024, magic=b"BD", state=_UNSUPPORTED, name="HFS (classic)", also=(1034, b"\0")
    ),
    *(
        Signature(offset=page - 10, magic=magic, state=_NO_FILES, name="Linux swap space")
        for page in (0x1000, 0x2000, 0x4000, 0x10000)
        for magic in (b"SWAPSPACE2", b"SWAP-SPACE")
    ),
)
"""Looked for when no reader opened anything."""

HURT = _rows(
    VolumeState.DAMAGED,
    (3, b"NTFS    ", "NTFS"),
    (3, b"EXFAT   ", "exFAT"),
    (54, b"FAT1", "FAT"),
    (82, b"FAT32", "FAT32"),
    (1080, b"\x53\xef", "ext2/3/4"),
    (1024, b"H+\0\x04", "HFS+"),
    (1024, b"HX\0\x05", "HFSX"),
    (0x8001, b"CD001", "ISO 9660"),
    (0x255C, b"\x19\x01\x54\x19", "UFS2"),
)
"""File systems that a reader should have opened: what is left of them does not open."""


def recognise(
    container: Container, offset_bytes: int, length_bytes: int, rows: tuple[Signature, ...]
) -> Found | None:
    """Give what the first fitting signature says of a stretch of the medium."""
    head = container.read_at(offset_bytes, min(length_bytes, 0x42000))
    far = container.read_at(offset_bytes + 0x100000, 16) if length_bytes > 0x100010 else b""
    tail = container.read_at(offset_bytes + max(0, length_bytes - 512), min(512, length_bytes))
    for row in rows:
        if _at(row.offset, row.magic, head, far, tail) and (
            row.also is None or _at(row.also[0], row.also[1], head, far, tail)
        ):
            more = _btrfs_words(head) if row.magic == _BTRFS else ""
            return Found(state=row.state, reason=_reason(row) + more)
    return None


def _btrfs_words(head: bytes) -> str:
    """Say which Btrfs it is: one device of several does not hold all of its files.

    Source: the kernel's ``btrfs_super_block``: devices @0x88, label @0x12b of the superblock.
    """
    label = printable(head[0x1012B:0x1022B].partition(b"\0")[0])
    devices = int.from_bytes(head[0x10088:0x10090], "little")
    words = f", label {label}" if label else ""
    return words + (f", one of {devices} devices" if devices > 1 else "")


def _at(offset: int, magic: bytes, head: bytes, far: bytes, tail: bytes) -> bool:
    if offset < 0:
        return len(tail) == -offset and tail.startswith(magic)
    if offset >= 0x100000:
        return far.startswith(magic)
    return head[offset : offset + len(magic)] == magic


def _reason(row: Signature) -> str:
    if row.state is VolumeState.LOCKED:
        return f"encrypted: {row.name}; a key or password is needed"
    if row.state is VolumeState.DAMAGED:
        return f"looks like {row.name}, but does not open"
    return row.name if row.state is VolumeState.NO_FILES else f"not supported: {row.name}"
