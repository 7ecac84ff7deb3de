"""Replacing a file of ours as a whole, and nothing that is not ours."""

from __future__ import annotations

import os
from pathlib import Path

from triage.errors import ExportError
from triage.model.display import printable


def write_own(
    path: Path, content: str | bytes, *, starts: tuple[str, ...], mark: bytes = b""
) -> None:
    """Write a file so that a reader sees the former one or the new one, never a part.

    Args:
        starts: how files of this kind begin; a file that begins in another way is left alone, as
            it may be evidence.
        mark: stands within the first 64 bytes of files of this kind, where that tells them.

    Raises:
        ExportError: another file is there, or the system refuses.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.exists() and not _is_own(path, starts, mark):
            raise ExportError(
                f"{printable(str(path))} is there already and is no earlier file of this kind: "
                "nothing of it was changed",
                hint="Choose another name, or remove that file yourself.",
            )
        try:
            with partial.open("xb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(
            f"{printable(str(path))}: cannot be written: {error.strerror or error}",
            hint="Is the folder there, is there space, and may you write to it?",
        ) from error


def _is_own(path: Path, starts: tuple[str, ...], mark: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(64)
    known = head.startswith(tuple(one.encode() for one in starts))
    return head == b"" or known or (mark != b"" and mark in head)
