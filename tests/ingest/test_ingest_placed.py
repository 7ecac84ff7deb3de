"""Contents read by their place are those that The Sleuth Kit reads by their records."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytsk3
from ewf_recipe import CHUNK
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.container import Container, open_container
from triage.ingest.evidence import Evidence, open_evidence
from triage.ingest.filesystem import FileSystem
from triage.ingest.placed import PIECE_BYTES, placed_content, placed_part
from triage.ingest.reading import ContentError
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry
from triage.model.evidence import DamageKind
from triage.model.outcome import FailReason
from triage.model.volume import VolumeState

FIXTURES = Path(__file__).parents[2] / "fixtures"
IMAGES = FIXTURES / "images"
MOST_BYTES = 64 * 1024 * 1024


def walked(evidence: Evidence) -> Iterator[tuple[FileSystem, FileEntry]]:
    for volume in evidence.survey().volumes:
        if volume.state is not VolumeState.OPENED:
            continue
        files = evidence.filesystem(volume.key)
        waiting, seen = list(files.roots()), set()
        while waiting:
            folder = waiting.pop(0)
            if folder.address in seen:
                continue
            seen.add(folder.address)
            listing = files.list_directory(folder)
            waiting.extend(listing.directories)
            yield from ((files, entry) for entry in listing.entries)


def compare(evidence: Evidence) -> int:
    """Read every placed content both ways, in whole and a part of it; count them."""
    count = 0
    for files, entry in walked(evidence):
        if not entry.extents or entry.size_bytes > MOST_BYTES:
            continue
        plain = replace(entry, extents=())
        data = b"".join(files.read(plain))
        pieces = list(files.read(entry))
        assert b"".join(pieces) == data
        assert max(len(piece) for piece in pieces) <= PIECE_BYTES
        middle = entry.size_bytes // 3
        for start, length in ((0, 100), (middle, middle), (entry.size_bytes - 5, 100)):
            part = files.read_range(entry, max(0, start), length)
            assert part == files.read_range(plain, max(0, start), length)
        count += 1
    return count


@pytest.mark.parametrize(
    "name",
    [
        *("ext2.raw", "ext4.E01", "fat16.E01", "exfat.raw", "ntfs.E01", "ntfs-split.001"),
        *("gpt.E01", "hfsplus.raw", "iso9660.E01", "ufs1.E01"),
    ],
)
def test_both_ways_of_reading_give_the_same_bytes(name: str) -> None:
    assert compare(open_evidence(IMAGES / name)) > 10


def corpus() -> list[str]:
    folder = os.environ.get("TRIAGE_CORPUS", "")
    found = Path(folder, "images").glob("*") if folder else iter(())
    return sorted(one.name for one in found if one.suffix in {".E01", ".dd", ".raw", ".001"})


@pytest.mark.parametrize("name", corpus() or [""])
def test_both_ways_of_reading_give_the_same_bytes_of_third_party_images(name: str) -> None:
    if not name:
        pytest.skip("TRIAGE_CORPUS is not set: no third-party images to compare with")
    compare(open_evidence(Path(os.environ["TRIAGE_CORPUS"]) / "images" / name))


def test_a_volume_is_not_opened_for_contents_whose_place_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = open_evidence(IMAGES / "ntfs.E01")
    expected = {
        entry: hashlib.sha256(b"".join(files.read(replace(entry, extents=())))).digest()
        for files, entry in walked(first)
        if entry.extents
    }
    known = first.handover()

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the volume was opened")

    monkeypatch.setattr(pytsk3, "FS_Info", refused)
    monkeypatch.setattr(pytsk3, "Img_Info", refused)
    worker = open_evidence(IMAGES / "ntfs.E01", known)
    for entry, sha256 in expected.items():
        files = worker.filesystem(entry.ref.volume)
        assert hashlib.sha256(b"".join(files.read(entry))).digest() == sha256
        assert files.touches_damage(entry) == ()
    assert len(expected) > 10


def entry_at(*extents: tuple[int, int]) -> FileEntry:
    return FileEntry(
        ref=EntryRef(evidence="e", volume="p0", path=b"/a"),
        kind=EntryKind.FILE,
        allocation=Allocation.LIVE,
        size_bytes=sum(length for _, length in extents),
        extents=extents,
    )


@pytest.fixture(scope="module", params=["gpt.raw", "gpt.E01", "gpt-split.001"])
def container(request: pytest.FixtureRequest) -> Container:
    return open_container(IMAGES / request.param)


GPT = (IMAGES / "gpt.raw").read_bytes()
places = st.tuples(st.integers(0, len(GPT) - 1), st.integers(1, 700_000)).map(
    lambda place: (place[0], min(place[1], len(GPT) - place[0]))
)


@settings(max_examples=100, deadline=None)
@given(
    extents=st.lists(places, min_size=1, max_size=8),
    at=st.integers(0, 2_000_000),
    wanted=st.integers(0, 600_000),
)
def test_any_places_are_the_slices_of_the_medium_one_after_the_other(
    container: Container, extents: list[tuple[int, int]], at: int, wanted: int
) -> None:
    entry = entry_at(*extents)
    data = b"".join(GPT[start : start + length] for start, length in extents)
    pieces = list(placed_content(container, entry.extents))
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)
    assert placed_part(container, entry, at, wanted) == data[at : at + wanted]


def test_many_small_places_are_handed_out_together(container: Container) -> None:
    entry = entry_at(*((4_096 * number, 4_096) for number in range(0, 128, 2)))
    assert [len(piece) for piece in placed_content(container, entry.extents)] == [PIECE_BYTES]


def test_a_content_beyond_the_medium_is_told(container: Container) -> None:
    entry = entry_at((len(GPT) - 512, 1_024))
    with pytest.raises(ContentError) as raised:
        list(placed_content(container, entry.extents))
    assert raised.value.reason is FailReason.SHORT_READ


def test_damage_is_that_of_the_content_and_not_of_what_lies_behind_it() -> None:
    evidence = open_evidence(FIXTURES / "hostile" / "flip-stored.E01")
    volume = next(one for one in evidence.survey().volumes if one.state is VolumeState.OPENED)
    files = evidence.filesystem(volume.key)
    size = evidence.info.size_bytes
    everything = entry_at((0, size))
    assert len(b"".join(files.read(everything))) == size
    hurt = [one for one in evidence.damage() if one.kind is DamageKind.CHUNK_CHECKSUM]
    assert hurt
    first = hurt[0].offset_bytes
    assert hurt[0].length_bytes % CHUNK == 0
    assert files.touches_damage(entry_at((first, 1))) == (hurt[0],)
    assert files.touches_damage(entry_at((first - 4_096, 4_096))) == ()
    assert files.touches_damage(everything) == tuple(
        one for one in evidence.damage() if one.length_bytes
    )
