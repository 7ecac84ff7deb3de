"""Replacing a file of ours as a whole, and nothing that is not ours."""

from __future__ import annotations

import os
from pathlib import Path

from triage.errors import ExportError
from triage.model.display import printable


def write_own(path: Path, text: str, *, starts: tuple[str, ...]) -> None:
    """Write a text file so that a reader sees the former one or the new one, never a part.

    Args:
        starts: how files of this kind begin; a file that begins in another way is left alone, as
            it may be evidence.

    Raises:
        ExportError: another file is there, or the system refuses.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.exists() and not _is_own(path, starts):
            raise ExportError(
                f"{printable(str(path))} is there already and is no earlier file of this kind: "
                "nothing of it was changed",
                hint="Choose another name, or remove that file yourself.",
            )
        try:
            with partial.open("xb") as out:
                out.write(text.encode("utf-8", "backslashreplace"))
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


def _is_own(path: Path, starts: tuple[str, ...]) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(64)
    return head == b"" or head.startswith(tuple(one.encode() for one in starts))
