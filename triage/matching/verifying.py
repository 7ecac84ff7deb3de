"""Read a whole pack again and say everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from triage.errors import HashSetError
from triage.matching.blocks import read_blocks
from triage.matching.checking import PackCheck, changed, opened
from triage.matching.manifest import MANIFEST_NAME, PackDocument, PackFile, read_document
from triage.matching.soundness import index_problems
from triage.model.display import printable
from triage.model.hashset import PackManifest


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a full reading of a pack found.

    Attributes:
        manifest: ``None`` where the manifest itself cannot be relied on.
        problems: everything that is wrong, in words; empty for a sound pack.
        read_bytes: how much was read.
    """

    folder: str
    manifest: PackManifest | None
    problems: tuple[str, ...]
    read_bytes: int = 0


def verify_folder(folder: Path) -> VerifyReport:
    """Check every byte against its digest, and the order and the counts of every index."""
    try:
        document = read_document(folder)
    except HashSetError as error:
        return VerifyReport(folder=folder.name, manifest=None, problems=(error.message,))
    check = PackCheck(folder, document, again=True)
    problems = [problem for file in document.files for problem in _file_problems(folder, file)]
    problems += _stray(folder, document)
    if not problems:
        check.done()
        problems += index_problems(folder, document)
    return VerifyReport(
        folder=folder.name,
        manifest=document.manifest,
        problems=tuple(problems),
        read_bytes=sum(file.size_bytes for file in document.files),
    )


def _file_problems(folder: Path, file: PackFile) -> Iterator[str]:
    """Say what is wrong with a file: each block that was changed, or what else there is."""
    digest = hashlib.sha256()
    sound = True
    try:
        with opened(folder, file) as (raw, tail):
            for number, (block, same) in enumerate(read_blocks(raw, tail)):
                digest.update(block)
                if not same:
                    sound = False
                    yield changed(file, number)
            digest.update(raw.read())
    except HashSetError as error:
        yield error.message
    except OSError as error:
        yield f"{file.name}: cannot be read: {error.strerror}"
    else:
        if sound and digest.hexdigest() != file.sha256:
            yield f"{file.name}: its content was changed (SHA-256 {digest.hexdigest()})"


def _stray(folder: Path, document: PackDocument) -> Iterator[str]:
    known = {file.name for file in document.files} | {MANIFEST_NAME}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            yield f"{printable(path.name)}: does not belong to the pack"
