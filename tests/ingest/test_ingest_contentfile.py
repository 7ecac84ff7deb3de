"""A content that can be sought reads as the content does, in whatever order it is asked for."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest import contentfile
from triage.ingest.archive import close_archives, list_members
from triage.ingest.contentfile import content_file
from triage.ingest.evidence import open_evidence
from triage.model.entry import FileEntry

DATA = bytes(range(251)) * 9_000  # over two megabytes, no period of a power of two


@pytest.fixture(scope="module")
def folder() -> Path:
    place = Path(tempfile.mkdtemp())
    (place / "plain.bin").write_bytes(DATA)
    with zipfile.ZipFile(place / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member.bin", DATA)
    return place


def _entry(folder: Path, name: bytes) -> tuple[object, FileEntry]:
    evidence = open_evidence(folder)
    volume = evidence.survey().volumes[0]
    filesystem = evidence.filesystem(volume.key)
    listing = filesystem.list_directory(filesystem.roots()[0])
    return filesystem, next(one for one in listing.entries if one.ref.path == b"/" + name)


@pytest.mark.parametrize("kind", ["plain", "held", "streamed"])
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, len(DATA) + 9), st.integers(-1, 700_000))))
def test_it_reads_as_a_file_in_memory_does(
    folder: Path, kind: str, steps: list[tuple[int, int]]
) -> None:
    before = contentfile.HELD_BYTES
    contentfile.HELD_BYTES = 0 if kind == "streamed" else before
    try:
        _compare(folder, kind, steps)
    finally:
        contentfile.HELD_BYTES = before
        close_archives()


def _compare(folder: Path, kind: str, steps: list[tuple[int, int]]) -> None:
    filesystem, entry = _entry(folder, b"plain.bin" if kind == "plain" else b"packed.zip")
    if kind != "plain":
        entry = list_members(filesystem, entry).entries[0]  # type: ignore[arg-type]
    ours, theirs = content_file(filesystem, entry), io.BytesIO(DATA)  # type: ignore[arg-type]
    for place, size in steps:
        assert ours.seek(place) == theirs.seek(place)
        assert ours.read(size) == theirs.read(size)
        assert ours.tell() == theirs.tell()
    assert ours.seek(-5, io.SEEK_END) == theirs.seek(-5, io.SEEK_END)
    assert ours.read() == theirs.read()
    with pytest.raises(OSError, match="before the start"):
        ours.seek(-1)


def test_what_cannot_be_read_is_an_error_that_says_why(folder: Path) -> None:
    filesystem, entry = _entry(folder, b"plain.bin")
    file = content_file(filesystem, entry)  # type: ignore[arg-type]
    gone: Callable[[], object] = (folder / "plain.bin").unlink
    saved = (folder / "plain.bin").read_bytes()
    gone()
    try:
        with pytest.raises(OSError, match=r".+"):
            file.read(10)
        assert file.fault
    finally:
        (folder / "plain.bin").write_bytes(saved)
