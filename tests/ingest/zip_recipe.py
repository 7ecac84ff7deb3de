"""Makes zips as tools for phones make them: extra fields, mount views, two layouts."""

from __future__ import annotations

import hashlib
import struct
import warnings
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

TIME_S = 1_700_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """One member; ``inode`` 0 and ``digest`` ``b""`` are not written."""

    name: str
    data: bytes
    inode: int = 0
    device: int = 64_768
    digest: bytes = b""
    seconds: int = TIME_S
    method: int = zipfile.ZIP_STORED
    mode: int = 0


@dataclass(slots=True, kw_only=True)
class Truth:
    """What a generated extraction holds."""

    listed: int = 0
    single: int = 0
    contents: set[bytes] = field(default_factory=set)


def write(path: Path, members: Iterable[One]) -> None:
    """Write a zip with CPython's zipfile; what it does not write by itself goes into extras."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of names that occur twice
        with zipfile.ZipFile(path, "w", allowZip64=True) as file:
            for one in members:
                file.writestr(_info(one), one.data)


def _info(one: One) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(one.name, date_time=(2023, 11, 14, 22, 13, 20))
    info.filename = one.name  # zipfile turns the separator of its own system
    info.compress_type = one.method
    info.external_attr = one.mode << 16
    info.extra = struct.pack("<HHBI", 0x5455, 5, 1, one.seconds)
    if one.inode:
        info.extra += struct.pack("<HHQI", 0x4E49, 12, one.inode, one.device)
    if one.digest:
        info.extra += struct.pack("<HH", 0x3253, 32) + one.digest
    return info


def content(number: int, size: int = 300) -> bytes:
    """Give a content that no other number has."""
    seed = hashlib.sha256(str(number).encode()).digest()
    return (seed * (size // 32 + 1))[:size]


def graykey(files: int, *, size: int = 300) -> tuple[list[One], Truth]:
    """Give app data in three copies, as GrayKey writes them, with inodes and digests."""
    members, truth = [], Truth()
    for number in range(files):
        data = content(number, size)
        tail = f"org.app{number % 97}/files/{number}.bin"
        views = (
            f"/data_mirror/data_ce/null/0/{tail}",
            f"/data/user/0/{tail}",
            f"/data/data/{tail}",
        )
        digest = hashlib.sha256(data).digest()
        members += [One(name=view, data=data, inode=number + 2, digest=digest) for view in views]
        truth.contents.add(digest)
    truth.listed, truth.single = 3 * files, files
    return members, truth


def ufed(files: int) -> tuple[list[One], Truth]:
    """Give shared storage as UFED writes it: once, and below four mounts, without inodes."""
    members, truth = [], Truth()
    for number in range(files):
        data = content(number)
        tail = f"emulated/0/DCIM/{number}.jpg"
        views = [f"Dump/mnt/runtime/{view}/{tail}" for view in ("default", "full", "read", "write")]
        own = f"Dump/data/media/0/DCIM/{number}.jpg"
        members += [One(name=name, data=data) for name in (*views, own)]
        truth.contents.add(hashlib.sha256(data).digest())
    truth.listed, truth.single = 5 * files, files
    return members, truth
