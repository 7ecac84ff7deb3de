"""Turns at a medium with one head: one process reads, the others wait or compute.

A lock of the operating system on an open file, since it is let go of when its holder dies,
however that happens.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_held: list[int] = []
"""The open file of this process, where it has to take turns."""


class Turns:
    """The file that workers lock, for as long as the pool lives."""

    def __init__(self) -> None:
        handle, path = tempfile.mkstemp(prefix="triage-turns-")
        os.close(handle)
        self.path = path

    def close(self) -> None:
        """Remove the file; a second call does nothing."""
        Path(self.path).unlink(missing_ok=True)


def take_turns_at(path: str) -> None:
    """Let this process take turns from now on; ``""`` for no turns."""
    while _held:
        os.close(_held.pop())
    if path:
        _held.append(os.open(path, os.O_RDWR))


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Read the medium while no other process does, where the pool was told to take turns."""
    if not _held:
        yield
        return
    _lock(_held[0])
    try:
        yield
    finally:
        _unlock(_held[0])


if os.name == "nt":

    def _locking(handle: int, how: str) -> None:
        windows: Any = importlib.import_module("msvcrt")
        os.lseek(handle, 0, os.SEEK_SET)
        windows.locking(handle, getattr(windows, how), 1)

    def _lock(handle: int) -> None:
        while True:  # the call itself gives up after ten seconds
            with contextlib.suppress(OSError):
                _locking(handle, "LK_LOCK")
                return

    def _unlock(handle: int) -> None:
        _locking(handle, "LK_UNLCK")

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
