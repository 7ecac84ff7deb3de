"""Tells where other file systems are mounted below a folder, and which of them hold no files."""

from __future__ import annotations

import os
import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")

MADE_UP = frozenset(
    {
        b"autofs",
        b"binfmt_misc",
        b"bpf",
        b"cgroup",
        b"cgroup2",
        b"configfs",
        b"debugfs",
        b"devpts",
        b"devtmpfs",
        b"efivarfs",
        b"fusectl",
        b"mqueue",
        b"nsfs",
        b"proc",
        b"pstore",
        b"securityfs",
        b"selinuxfs",
        b"sysfs",
        b"tracefs",
    }
)
"""File systems that a kernel makes up: nothing of what they show lies on the device, and a file of
``proc`` may claim to be larger than any."""


def is_mount_point(path: Path) -> bool:
    """Tell whether a folder is where a device, or a share, is mounted."""
    try:
        return os.path.ismount(path)
    except (OSError, ValueError):
        return False


def mounted_kind(path: str | bytes) -> str:
    """Give the name of the file system that is mounted at a folder, ``""`` where none is told.

    The system's own table is read: proc_pid_mountinfo(5), the fifth field and the one after the
    hyphen; blanks in it are written as octal numbers.
    """
    try:
        wanted = os.fsencode(os.path.realpath(path))
        lines = _TABLE.read_bytes().splitlines()
    except (OSError, ValueError):
        return ""
    kind = b""
    for line in lines:
        head, _, tail = line.partition(b" - ")
        fields = head.split(b" ")
        place = _ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), b"".join(fields[4:5]))
        if place == wanted:
            kind = tail.split(b" ")[0]
    return kind.decode("ascii", "replace")


def is_made_up(kind: str) -> bool:
    """Tell whether a file system of this name holds no files of the device."""
    return kind.encode() in MADE_UP
