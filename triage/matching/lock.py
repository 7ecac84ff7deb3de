"""A lock between processes that the system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from triage.errors import HashSetError

if sys.platform == "win32":  # pragma: no cover  (each platform sees one branch)
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; the file itself stays.

    Raises:
        HashSetError: another process holds it, or it cannot be written.
    """
    try:
        opened = path.open("ab")
    except OSError as error:
        raise HashSetError(
            f"the folder of reference sets cannot be written: {error.strerror}"
        ) from error
    with opened as file:
        try:
            _take(file)
        except OSError as error:
            raise HashSetError(
                "another import or removal of a reference set is at work",
                hint="wait until it has ended, then try again",
            ) from error
        yield
