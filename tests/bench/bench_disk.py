"""Volumes, partition tables and acquisitions, made with public tools."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from pathlib import Path

MIB = 1 << 20
PACKAGES = {
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "mkntfs": "ntfs-3g",
    "ntfs-3g": "ntfs-3g",
    "ewfacquire": "ewf-tools",
    "fiwalk": "sleuthkit",
    "tsk_loaddb": "sleuthkit",
    "hashdeep": "hashdeep",
}
"""Debian's package of each tool."""
NTFS, LINUX = 0x07, 0x83
ALIGN_BYTES = MIB
FIXED_ID = "5eed5eed-0000-4000-8000-000000000001"


def tool(name: str) -> str | None:
    """Give the path of a tool, also where root's folders are not on the path."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def needed(name: str) -> str:
    """Give the path of a tool or end, naming the package to install."""
    found = tool(name)
    if found is None:
        raise SystemExit(f"{name} is missing: apt-get install {PACKAGES[name]}")
    return found


def start(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a tool quietly; its talk is shown when it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd, check=False
    )
    if done.returncode:
        talk = done.stdout.decode(errors="replace")[-2000:]
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{talk}")


def can_mount() -> str:
    """Say why an NTFS volume can not be filled here, ``""`` if it can."""
    if os.name == "posix" and os.geteuid() != 0:
        return "not root: no NTFS partition (ntfs-3g mounts for root only)"
    if not Path("/dev/fuse").exists():
        return "no /dev/fuse: no NTFS partition"
    missing = [name for name in ("mkntfs", "ntfs-3g") if tool(name) is None]
    return f"{missing[0]} is missing: apt-get install ntfs-3g" if missing else ""


def occupied(tree: Path, block: int = 4096) -> tuple[int, int]:
    """Give the bytes in whole blocks and the number of names in a tree."""
    total = count = 0
    for folder, folders, names in os.walk(tree):
        count += len(names) + len(folders)
        total += block * len(folders)
        for name in names:
            size = (Path(folder) / name).stat().st_size
            total += (size + block - 1) // block * block
    return total, count


def ntfs(image: Path, tree: Path, point: Path, free: float) -> None:
    """Make an NTFS volume of a tree, then delete what is named ``gone-``."""
    total, count = occupied(tree)
    size = (int(total * (1.03 + free)) + count * 1200 + 96 * MIB) // MIB * MIB
    with image.open("wb") as out:
        out.truncate(size)
    start(needed("mkntfs"), "-F", "-Q", "-q", "-L", "Windows", "-s", "512", image)
    point.mkdir(parents=True, exist_ok=True)
    start(needed("ntfs-3g"), "-o", "big_writes", image, point)
    try:
        _pour(tree, point)
        for gone in sorted(point.rglob("gone-*")):
            gone.unlink()
    finally:
        start("sync")
        start("umount", point)


def _pour(tree: Path, target: Path) -> None:
    for folder, folders, names in os.walk(tree):
        folders.sort()
        there = target / Path(folder).relative_to(tree)
        there.mkdir(exist_ok=True)
        for name in sorted(names):
            shutil.copyfile(Path(folder) / name, there / name)
            os.utime(there / name, ns=(10**18, (Path(folder) / name).stat().st_mtime_ns))


def ext4(
    image: Path, tree: Path, free: float = 0.0, block: int = 4096, slack_bytes: int = 64 * MIB
) -> None:
    """Make an ext4 volume of a tree, then delete what is named ``gone-``."""
    total, count = occupied(tree, block)
    inodes = int(count * 1.05) + 1000
    size = (int(total * (1.04 + free)) + inodes * 256 + slack_bytes) // MIB * MIB
    options = f"hash_seed={FIXED_ID},lazy_itable_init=0,root_owner=0:0"
    start(needed("mke2fs"), "-q", "-F", "-t", "ext4", "-b", str(block), "-N", str(inodes),
          "-m", "0", "-J", "size=8", "-U", FIXED_ID, "-E", options, "-d", tree, image,
          f"{size // 1024}k")  # fmt: skip
    gone = sorted(one.relative_to(tree) for one in tree.rglob("gone-*"))
    if gone:
        script = image.with_suffix(".debugfs")
        script.write_text("".join(f'rm "/{one}"\n' for one in gone))
        start(needed("debugfs"), "-w", "-f", script, image)
        script.unlink()


def joined(disk: Path, volumes: list[tuple[int, Path]]) -> None:
    """Lay volumes behind one another under an MBR; the volumes are removed.

    Source of the layout: the four 16-byte records at 446 of a DOS partition table.
    """
    table = bytearray(512)
    struct.pack_into("<I", table, 440, 0x5EED5EED)
    table[510:] = b"\x55\xaa"
    at = ALIGN_BYTES
    with disk.open("wb") as out:
        for nth, (kind, image) in enumerate(volumes):
            size = image.stat().st_size
            record = struct.pack("<B3sB3sII", 0, b"\xfe" * 3, kind, b"\xfe" * 3,
                                 at // 512, size // 512)  # fmt: skip
            table[446 + 16 * nth : 462 + 16 * nth] = record
            out.seek(at)
            _copy_sparse(image, out.fileno())
            image.unlink()
            at += size
        out.truncate(at + ALIGN_BYTES)
        out.seek(0)
        out.write(table)


def _copy_sparse(image: Path, to: int) -> None:
    """Copy to where the file stands, leaving holes for what is zero."""
    zeros = bytes(MIB)
    with image.open("rb") as source:
        while piece := source.read(MIB):
            if piece == zeros[: len(piece)]:
                os.lseek(to, len(piece), os.SEEK_CUR)
            else:
                os.write(to, piece)


def acquired(raw: Path, target: Path, compression: str) -> None:
    """Acquire a raw image as E01: ``compression`` as ewfacquire names it."""
    start(
        needed("ewfacquire"), "-u", "-q", "-t", target, "-c", compression, "-f", "encase6",
        "-S", "1503238553", "-b", "64", "-B", str(raw.stat().st_size), "-m", "fixed", "-M",
        "physical", "-C", "bench", "-D", "synthetic", "-e", "bench", "-E", "BENCH", "-N", "none",
        raw,
    )  # fmt: skip


def digest(place: Path) -> str:
    """Give the SHA-256 of a file."""
    with place.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
