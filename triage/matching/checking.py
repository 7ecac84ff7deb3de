"""Check that packs are as they were written, before anything is looked up in them.

A changed digest would be a silent miss, and nothing in a result would show it. Reading all bytes
of a national set takes seconds at best, so it is noted outside the packs which state of which
file was read; a file in another state, or read too long ago, is read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from triage.errors import HashSetError
from triage.matching.blocks import BLOCK_SIZE_BYTES, Tail, read_blocks, tail_of, tail_size_bytes
from triage.matching.manifest import PackDocument, PackFile

CHECK_AGAIN_AFTER_S = 24 * 60 * 60
"""A file that rests unchanged is read again after so long: a disk may forget."""
SETTLED_S = 2
"""What was changed less than this before is never noted: clocks of file systems are coarse."""

_NS = 1_000_000_000
_State = list[int]
"""Size, time of change of content and of record, inode and device: what tells two states apart."""


class PackCheck:
    """Which files of a pack have to be read before it is used.

    Args:
        folder: of the pack; the notes lie in ``checked`` beside the folder of all packs.
        again: read every file, whatever the notes say.

    Attributes:
        waiting: the files to be read.
    """

    def __init__(self, folder: Path, document: PackDocument, *, again: bool = False) -> None:
        self._folder = folder
        self._path = note_path(folder)
        self._pack = document.manifest.pack_sha256
        self._now_ns = time.time_ns()
        self._states = {file.name: _state_of(folder / file.name) for file in document.files}
        self._kept = {} if again else self._known()
        self.waiting = tuple(file for file in document.files if file.name not in self._kept)

    def done(self) -> None:
        """Note that all waiting files were read and found sound, in the state they had before.

        Where nothing can be noted, as on a medium that is read only, the next run reads again.
        """
        notes = dict(self._kept)
        for file in self.waiting:
            state = self._states[file.name]
            if state and max(state[1:3]) <= self._now_ns - SETTLED_S * _NS:
                notes[file.name] = [*state, self._now_ns]
        if notes != self._kept:
            _write_note(self._path, {"pack_sha256": self._pack, "files": notes})

    def _known(self) -> dict[str, _State]:
        """Give the notes that still hold."""
        note = _read_note(self._path)
        files = note.get("files")
        if note.get("pack_sha256") != self._pack or not isinstance(files, dict):
            return {}
        oldest_ns = self._now_ns - CHECK_AGAIN_AFTER_S * _NS
        return {
            name: noted
            for name, noted in files.items()
            if _is_note(noted)
            and noted[:-1] == self._states.get(name)
            and oldest_ns < noted[-1] <= self._now_ns
        }


def check_content(folder: Path, document: PackDocument) -> None:
    """Check every byte of a pack that is about to be used, unless that was done before.

    Raises:
        HashSetError: naming the set, the file and the block.
    """
    check = PackCheck(folder, document)
    for file in check.waiting:
        check_file(folder, file)
    check.done()


def check_file(folder: Path, file: PackFile) -> None:
    """Check every byte of one file of a pack, so that several can be checked at a time.

    Raises:
        HashSetError: naming the set, the file and the block.
    """
    try:
        with opened(folder, file) as (raw, tail):
            read = enumerate(read_blocks(raw, tail))
            hurt = next((number for number, (_, same) in read if not same), None)
    except HashSetError as error:
        raise _damaged(folder, error.message) from error
    except OSError as error:
        raise _damaged(folder, f"{file.name}: cannot be read: {error.strerror}") from error
    if hurt is not None:
        raise _damaged(folder, changed(file, hurt))


@contextmanager
def opened(folder: Path, file: PackFile) -> Iterator[tuple[BinaryIO, Tail]]:
    """Open a file of a pack whose size and tail are those that the manifest states.

    Raises:
        HashSetError: they are not.
        OSError: it cannot be read.
    """
    path = folder / file.name
    with path.open("rb", buffering=0) as raw:
        size = os.fstat(raw.fileno()).st_size
        if size != file.size_bytes:
            raise HashSetError(f"{file.name}: {size} bytes instead of {file.size_bytes}")
        raw.seek(size - tail_size_bytes(size))
        tail = tail_of(raw.read(), size, path)
        if tail.sha256 != file.tail_sha256:
            raise HashSetError(f"{file.name}: its content was changed: it is another column")
        raw.seek(0)
        yield raw, tail


def changed(file: PackFile, block: int) -> str:
    """Say which block of a file was changed."""
    start = block * BLOCK_SIZE_BYTES
    end = min(start + BLOCK_SIZE_BYTES, file.size_bytes)
    return f"{file.name}: its content was changed in block {block}, bytes {start} to {end}"


def note_path(folder: Path) -> Path:
    """Give the file that notes when the files of a pack were read; outside the pack."""
    return folder.parent.parent / "checked" / f"{folder.name}.json"


def _damaged(folder: Path, message: str) -> HashSetError:
    return HashSetError(
        f"reference set {folder.name}: {message}",
        hint=f"remove it and import it again: {folder.name}",
    )


def _state_of(path: Path) -> _State:
    """Give what a file system tells of a file; nothing where it cannot be asked."""
    try:
        told = path.stat()
    except OSError:
        return []
    return [told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino, told.st_dev]


def _read_note(path: Path) -> dict[str, object]:
    """Read a note; one that is damaged says nothing."""
    try:
        digest, _, raw = path.read_text("ascii").partition("\n")
    except (OSError, ValueError):
        return {}
    if digest != hashlib.sha256(raw.encode()).hexdigest():
        return {}
    try:
        note = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _is_note(noted: object) -> bool:
    """Tell whether a note of a file has the shape of one: a state, and when it was read."""
    return isinstance(noted, list) and len(noted) > 1 and all(type(one) is int for one in noted)


def _write_note(path: Path, note: dict[str, object]) -> None:
    raw = json.dumps(note, sort_keys=True)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        own.write_text(f"{hashlib.sha256(raw.encode()).hexdigest()}\n{raw}", "ascii")
        own.replace(path)
