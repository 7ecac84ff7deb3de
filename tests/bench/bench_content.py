"""What an image holds, by one walk in this process: files, their places, samples of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from triage.ingest.container import Container, open_container
from triage.ingest.evidence import open_evidence
from triage.model.entry import EntryKind, FileEntry
from triage.model.volume import VolumeState

PICTURE_SUFFIXES = (b".jpg", b".jpeg", b".png", b".gif", b".webp", b".heic")
CHUNK_BYTES = 32 * 1024
PICTURES = 400
HEADS = 5000
DIGEST_SAMPLE_BYTES = 256 << 20
MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The start of a file, as type detection gets it."""

    name: bytes
    size_bytes: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was found, and the samples on which rates are measured.

    Attributes:
        chunks: numbers of the 32 KiB chunks of the medium under contents of files, sorted.
        pictures: every k-th of the distinct pictures in order of size.
        heads: the first 64 KiB of every k-th file.
        pieces: contents in MiB, every k-th.
    """

    files: int
    chunks: np.typing.NDArray[np.int64]
    distinct_pictures: int
    pictures: list[bytes]
    heads: list[Head]
    pieces: list[bytes]


def walk(location: Path) -> tuple[list[FileEntry], float]:
    """List every volume of an image; the files, and the CPU seconds from opening on."""
    started = time.process_time()
    evidence = open_evidence(location)
    entries: list[FileEntry] = []
    for volume in evidence.survey().volumes:
        if volume.state is not VolumeState.OPENED:
            continue
        filesystem = evidence.filesystem(volume.key)
        waiting, seen = list(filesystem.roots()), set()
        while waiting:
            folder = waiting.pop()
            if folder.address in seen:
                continue
            seen.add(folder.address)
            listing = filesystem.list_directory(folder)
            entries += listing.entries
            waiting += listing.directories
    spent = time.process_time() - started
    evidence.close()
    files = [one for one in entries if one.kind is EntryKind.FILE and one.size_bytes]
    return files, spent


def look(raw: Path) -> Content:
    """Walk a raw image and take the samples, the same for the same image."""
    files = [one for one in walk(raw)[0] if one.extents and not one.no_content]
    files.sort(key=lambda one: one.extents)
    container = open_container(raw)
    pictures = _distinct_pictures(container, files)
    content = Content(
        files=len(files),
        chunks=_chunks(files),
        distinct_pictures=len(pictures),
        pictures=[_read(container, one) for one in _every(pictures, PICTURES)],
        heads=[_head(container, one) for one in _every(files, HEADS)],
        pieces=list(_pieces(container, files)),
    )
    container.close()
    return content


def _every(files: list[FileEntry], count: int) -> list[FileEntry]:
    step = max(1.0, len(files) / count)
    return [files[int(nth * step)] for nth in range(min(count, len(files)))]


def _read(container: Container, entry: FileEntry, limit: int = 1 << 62) -> bytes:
    found, left = [], limit
    for start, length in entry.extents:
        found.append(container.read_at(start, min(length, left)))
        left -= len(found[-1])
        if left <= 0:
            break
    return b"".join(found)


def _head(container: Container, entry: FileEntry) -> Head:
    name = entry.ref.path.rpartition(b"/")[2]
    return Head(name=name, size_bytes=entry.size_bytes, data=_read(container, entry, 65536))


def _distinct_pictures(container: Container, files: list[FileEntry]) -> list[FileEntry]:
    seen: dict[bytes, FileEntry] = {}
    for one in files:
        if one.ref.path.lower().endswith(PICTURE_SUFFIXES):
            digest = hashlib.sha1(_read(container, one), usedforsecurity=False).digest()
            seen.setdefault(digest, one)
    return sorted(seen.values(), key=lambda one: (one.size_bytes, one.extents))


def _chunks(files: list[FileEntry]) -> np.typing.NDArray[np.int64]:
    runs = [
        np.arange(start // CHUNK_BYTES, (start + length - 1) // CHUNK_BYTES + 1)
        for one in files
        for start, length in one.extents
        if length
    ]
    return np.unique(np.concatenate(runs))


def _pieces(container: Container, files: list[FileEntry]) -> Iterator[bytes]:
    """Cut the contents of files, joined, into MiB, and give every k-th of them."""
    total = sum(one.size_bytes for one in files)
    step, nth, held = max(1, total // DIGEST_SAMPLE_BYTES), 0, bytearray()
    for one in files:
        for start, length in one.extents:
            for at in range(start, start + length, MIB):
                held += container.read_at(at, min(MIB, start + length - at))
                while len(held) >= MIB:
                    if nth % step == 0:
                        yield bytes(held[:MIB])
                    del held[:MIB]
                    nth += 1
