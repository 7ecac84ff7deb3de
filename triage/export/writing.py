"""Writing a result file whole or not at all, with its SHA-256 beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from triage.errors import ExportError
from triage.model.display import printable

_BLOCK_BYTES = 1 << 20
_OUR_STARTS = (b"{", "\ufeffcase,".encode())
"""No image starts so; not even one beside which an imager wrote a ``.sha256``."""


def refuse_other_files(path: Path) -> None:
    """Refuse to replace what is not an earlier export: above all, never an image.

    An earlier export has its ``.sha256`` beside it and starts as an export does. An empty file
    may be replaced.

    Raises:
        ExportError: another file, or no file at all, is there.
    """
    try:
        if not path.exists() or (path.is_file() and path.stat().st_size == 0):
            return
        ours = path.is_file() and path.with_name(path.name + ".sha256").is_file()
        if ours:
            with path.open("rb") as file:
                ours = file.read(16).startswith(_OUR_STARTS)
    except OSError as error:
        raise ExportError(
            f"{printable(str(path))}: cannot be looked at: {error.strerror or error}"
        ) from error
    if not ours:
        raise ExportError(
            f"{printable(str(path))} is there already and is not an earlier export: nothing of it "
            "was changed",
            hint="Choose another name, or remove that file yourself.",
        )


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> str:
    """Write a file under its name only once it is complete and on the disk.

    An earlier file of that name is replaced; its ``.sha256`` goes first, so that no file ever
    stands beside the digest of another.

    Args:
        path: the file; ``<path>.sha256`` is written beside it in the form of ``sha256sum``.
        write: fills the open file.

    Returns:
        SHA-256 of what lies on the disk, lower hex.

    Raises:
        ExportError: naming the file, where the system refuses.
    """
    sidecar = path.with_name(path.name + ".sha256")
    try:
        partial = _filled(path, write)
        try:
            digest = _digest(partial)
            sidecar.unlink(missing_ok=True)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        line = sidecar_line(digest, path.name)
        _filled(sidecar, lambda out: _write_all(out, line)).replace(sidecar)
    except OSError as error:
        raise ExportError(
            f"{printable(str(path))}: cannot be written: {error.strerror or error}",
            hint="Is the folder there, is there space, and may you write to it?",
        ) from error
    return digest


def sidecar_line(digest: str, name: str) -> bytes:
    r"""Give the line that ``sha256sum --check`` reads.

    GNU coreutils mark a name that holds a backslash or a line break by a leading backslash and
    write these as ``\\``, ``\n`` and ``\r``.
    """
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "" if escaped == name else "\\"
    return os.fsencode(f"{mark}{digest}  {escaped}\n")


def _filled(path: Path, write: Callable[[BinaryIO], None]) -> Path:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return partial


def _write_all(out: BinaryIO, data: bytes) -> None:
    out.write(data)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
