"""One small volume for each kind that a reader opens, for the laws that all readers keep.

A new file system or kind of logical evidence adds a row here, or says in ``WITHOUT`` why not.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ab_recipe import backup, tar_of
from ewf_logical_recipe import Leaf, Tree, l01

from ios_recipe import Item, Recipe

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"


def fixture(name: str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        target = folder / f"{name}.raw"
        packed = IMAGES / f"{name}.raw.gz"
        if packed.exists():
            target.write_bytes(gzip.decompress(packed.read_bytes()))
        else:
            target.write_bytes((IMAGES / f"{name}.raw").read_bytes())
        return target

    return made


def corpus(name: str) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        root = os.environ.get("TRIAGE_CORPUS")
        if not root:
            pytest.skip("TRIAGE_CORPUS is not set: no third-party images to read")
        target = folder / name
        target.write_bytes((Path(root) / "images" / name).read_bytes())
        return target

    return made


CONTENTS = {
    "a/one.txt": b"one",
    "a/b/two.bin": bytes(range(256)) * 900,
    "a/b/none": b"",
    "a/caf\u00e9 \u202e.txt": b"name" * 33,
    "three": b"\0" * 70_000,
}


def plain_folder(folder: Path) -> Path:
    top = folder / "exhibit"
    for name, body in CONTENTS.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(body)
    # A folder in use changes by being listed: the kernel notes an access that is newer than the
    # last change. These have been looked at since, so that the evidence holds still.
    seen_s = time.time() + 3600
    for path in (top, *top.rglob("*")):
        os.utime(path, (seen_s, path.stat().st_mtime))
    return top


def plain_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "extraction.zip", "w") as out:
        for nth, (name, body) in enumerate(CONTENTS.items()):
            how = zipfile.ZIP_STORED if nth % 2 else zipfile.ZIP_DEFLATED
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), body, how)
    return folder / "extraction.zip"


def plain_tar(folder: Path) -> Path:
    with tarfile.open(folder / "extraction.tar", "w") as out:
        for name, body in CONTENTS.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            out.addfile(member, io.BytesIO(body))
    return folder / "extraction.tar"


def android_backup(folder: Path) -> Path:
    (folder / "all.ab").write_bytes(backup(tar_of({f"apps/{n}": b for n, b in CONTENTS.items()})))
    return folder / "all.ab"


def ios_backup(folder: Path) -> Path:
    items = [Item(domain="HomeDomain", relative=name, content=b) for name, b in CONTENTS.items()]
    return Recipe(items).write(folder / "backup")


def logical_image(folder: Path) -> Path:
    tree: Tree = {
        "C": {name.replace("/", "-"): Leaf(stored=b) for name, b in CONTENTS.items() if b}
    }
    (folder / "files.L01").write_bytes(l01(tree))
    return folder / "files.L01"


FILESYSTEM_SAMPLES: dict[str, Callable[[Path], Path]] = {
    "apfs": corpus("apfs.raw"),
    "exfat": fixture("exfat"),
    "ext2": fixture("ext2"),
    "ext4": fixture("ext4"),
    "fat12": corpus("fat12.img"),
    "fat16": fixture("fat16"),
    "fat32": fixture("fat32"),
    "hfs+": fixture("hfsplus"),
    "iso9660": fixture("iso9660"),
    "ntfs": fixture("ntfs"),
    "ufs1": fixture("ufs1"),
    "xfs": fixture("xfs"),
}
"""By the name of the file system, as it stands in ``VolumeInfo.filesystem``."""

LOGICAL_SAMPLES: dict[str, Callable[[Path], Path]] = {
    "android-backup": android_backup,
    "ewf-logical": logical_image,
    "ios-backup": ios_backup,
    "tar": plain_tar,
    "zip": plain_zip,
}
"""By the name of the row in ``LOGICALS``."""

WITHOUT = {
    "ext3": "read as ext2 and ext4 are; real ones are in the corpus",
    "ufs1b": "read as ufs1 is; no tool at hand makes one",
    "ufs2": "read as ufs1 is; the tool at hand makes ones that The Sleuth Kit does not open",
    "yaffs2": "no tool at hand makes one",
}
"""File systems without a sample, and why."""

ELSEWHERE = {
    "ufdr": "its samples are made by the recipe of its own tests",
    "ufd": "points at other evidence, which has a sample",
}
"""Rows of ``LOGICALS`` without a sample, and why."""
