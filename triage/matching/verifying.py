"""Read a whole pack again and say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from triage.errors import HashSetError
from triage.matching import layout
from triage.matching.column import Column, column_path
from triage.matching.index import prefixes_of
from triage.matching.manifest import MANIFEST_NAME, PackDocument, PackFile, read_document, sha256_of
from triage.model.display import printable
from triage.model.hashset import PackManifest

_BLOCK = 1 << 20


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
    problems = [*_file_problems(folder, document), *_stray(folder, document)]
    if not problems:
        problems = [*_index_problems(folder, document)]
    return VerifyReport(
        folder=folder.name,
        manifest=document.manifest,
        problems=tuple(problems),
        read_bytes=sum(file.size_bytes for file in document.files),
    )


def check_content(folder: Path, document: PackDocument) -> None:
    """Check every byte of a pack that is about to be used against its digest.

    A changed digest would be a silent miss, and nothing in a result would show it. The reading is
    not lost time on a large set: the look-ups that follow find it in memory.

    Raises:
        HashSetError: naming the set and the file.
    """
    for file in document.files:
        check_file(folder, file)


def check_file(folder: Path, file: PackFile) -> None:
    """Check every byte of one file of a pack, so that several can be checked at a time.

    Raises:
        HashSetError: naming the set and the file.
    """
    if problem := _file_problem(folder, file):
        raise HashSetError(
            f"reference set {folder.name}: {problem}",
            hint=f"remove it and import it again: {folder.name}",
        )


def _file_problems(folder: Path, document: PackDocument) -> Iterator[str]:
    return filter(None, (_file_problem(folder, file) for file in document.files))


def _file_problem(folder: Path, file: PackFile) -> str:
    """Say what is wrong with a file, ``""`` where nothing is."""
    path = folder / file.name
    try:
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror}"
    if size != file.size_bytes:
        return f"{file.name}: {size} bytes instead of {file.size_bytes}"
    if digest != file.sha256:
        return f"{file.name}: its content was changed (SHA-256 {digest})"
    return ""


def _stray(folder: Path, document: PackDocument) -> Iterator[str]:
    known = {file.name for file in document.files} | {MANIFEST_NAME}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            yield f"{printable(path.name)}: does not belong to the pack"


def _index_problems(folder: Path, document: PackDocument) -> Iterator[str]:
    """Check what digests of files cannot tell: that the pack was built right."""
    for algorithm, distinct in document.manifest.rows:
        try:
            with (
                Column(column_path(folder, layout.prefixes_name(algorithm)), "<u8") as prefixes,
                Column(column_path(folder, layout.positions_name(algorithm)), "<u4") as positions,
                Column(column_path(folder, layout.digests_name(algorithm))) as digests,
            ):
                problem = _index_problem(prefixes, positions, digests, distinct)
        except HashSetError as error:
            problem = error.message
        if problem:
            yield f"index of {algorithm}: {problem}"


def _index_problem(prefixes: Column, positions: Column, digests: Column, distinct: int) -> str:
    if not prefixes.count == positions.count == digests.count >= distinct:
        return "its files differ in length"
    seen = np.zeros(digests.count, bool)
    last = np.zeros(1, np.uint64)
    for start in range(0, prefixes.count, _BLOCK):
        block = np.array(prefixes.array[start : start + _BLOCK])
        rows = np.array(positions.array[start : start + _BLOCK]).astype(np.int64)
        if np.any(np.concatenate([last, block[:-1]]) > block):
            return "not sorted"
        if rows.max() >= digests.count:
            return "points outside its digests"
        if np.any(prefixes_of(digests.array[rows]) != block):
            return "a prefix is not that of its digest"
        seen[rows] = True
        last = block[-1:]
    return "" if seen.all() else "a digest is not in it"
