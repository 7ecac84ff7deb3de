"""The files that an iOS backup consists of: opened one at a time, by names that were checked."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from triage.ingest.reading import ContentError
from triage.model.display import printable
from triage.model.outcome import FailReason

_NAME = re.compile(rb"[0-9a-f]{40}")
_FOLDER = re.compile(rb"[0-9a-f]{2}")
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
)
_DEPTH = 32
MOST_OTHERS = 100_000
"""Files of the folder that no backup puts there; further ones are told as not listed."""


class Blob:
    """One stored file, as a source; closed at the end of a ``with``.

    Raises:
        ContentError: it is not there, or no plain file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, _FLAGS)
        except FileNotFoundError as error:
            words = f"not in the backup: {printable(path.name)} is missing"
            raise ContentError(FailReason.READ_ERROR, words) from error
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or type(error).__name__
            raise ContentError(FailReason.READ_ERROR, words) from error
        facts = os.fstat(self._descriptor)
        self.size_bytes = facts.st_size
        if not stat.S_ISREG(facts.st_mode):
            os.close(self._descriptor)
            raise ContentError(FailReason.READ_ERROR, "what is stored there is no file")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def read_at(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Give a part, fewer bytes only where the file ends."""
        parts, left = [], length_bytes
        try:
            os.lseek(self._descriptor, offset_bytes, os.SEEK_SET)
            while left > 0:
                part = os.read(self._descriptor, left)
                if not part:
                    break
                parts.append(part)
                left -= len(part)
        except OSError as error:
            detail = f"at byte {offset_bytes}: {error.strerror}"
            raise ContentError(FailReason.READ_ERROR, detail) from error
        return b"".join(parts)


def place_of(name: bytes) -> bytes:
    """Give where a stored file lies in the backup.

    Raises:
        ContentError: its name is none that a backup gives; it could lead anywhere.
    """
    if not _NAME.fullmatch(name):
        words = f"its name in the backup is no SHA-1: {printable(name)[:80]}"
        raise ContentError(FailReason.READ_ERROR, words)
    return name[:2] + b"/" + name


def stored(folder: Path, page: int) -> dict[bytes, os.stat_result]:
    """Give the files of one of the 256 folders by name.

    Raises:
        OSError: the folder does not read.
    """
    try:
        with os.scandir(folder / f"{page:02x}") as found:
            return {
                os.fsencode(one.name): one.stat(follow_symlinks=False)
                for one in found
                if one.is_file(follow_symlinks=False)
            }
    except FileNotFoundError:
        return {}


def others(folder: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield the files that do not lie where backups store contents, by path, in order.

    Raises:
        OSError: a folder does not read.
    """
    waiting: list[tuple[bytes, int]] = [(b"", 0)]
    while waiting:
        inside, depth = waiting.pop(0)
        with os.scandir(folder / os.fsdecode(inside)) as found:
            entries = sorted(found, key=lambda one: os.fsencode(one.name))
        for one in entries:
            path = inside + b"/" * bool(inside) + os.fsencode(one.name)
            if one.is_dir(follow_symlinks=False) and depth < _DEPTH:
                waiting.append((path, depth + 1))
            elif not (one.is_file(follow_symlinks=False) and _FOLDER.fullmatch(inside)):
                yield path, one.stat(follow_symlinks=False)
