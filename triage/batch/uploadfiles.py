"""Files that come in piece by piece: for nobody else to read, and kept before that is said."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
READ_BYTES = 1 << 20

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_piece(path: Path, offset_bytes: int, data: bytes | bytearray | memoryview) -> None:
    """Write a piece of a file, and return once it outlives a loss of power.

    The file and its folder are made where they are missing.

    Raises:
        OSError: the disk is full or fails; what lies before the piece is as it was.
    """
    path.parent.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
    fresh = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | _BINARY, FILE_MODE)
    try:
        os.lseek(descriptor, offset_bytes, os.SEEK_SET)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if fresh:
        _keep_name(path.parent)
        _keep_name(path.parent.parent)


def _keep_name(folder: Path) -> None:
    """Make the names in a folder permanent, where the platform can be asked to (not Windows)."""
    if os.name != "nt":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def size_bytes(path: Path) -> int:
    """Give the size of a file, 0 where there is none."""
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def read_part(path: Path, offset_bytes: int, length_bytes: int) -> bytes:
    """Read from a file; shorter only at its end.

    Raises:
        OSError: it is not there, or the disk fails.
    """
    with path.open("rb") as file:
        file.seek(offset_bytes)
        return file.read(length_bytes)


def remove(folder: Path) -> None:
    """Remove a folder of pieces with all that lies in it; what cannot go now stays for later."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder, ignore_errors=True)


def free_bytes(folder: Path) -> int:
    """Give what is free on the disk where a folder lies, or would lie."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return shutil.disk_usage(there).free
