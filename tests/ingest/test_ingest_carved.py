"""What is carved from volumes within layers is read by way of the layer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from layer_recipe import FIXTURES, told
from lvm_recipe import medium

from road import Road
from triage.ingest.carved import medium_of, places_of, reader_of
from triage.ingest.evidence import open_evidence
from triage.ingest.reading import ContentError, VolumeError
from triage.ingest.spaces import space_of
from triage.model.carving import UNPARTITIONED, CarveMode
from triage.model.entry import Allocation, EntryKind, EntryRef, FileEntry, Origin

DELETED = ("lantern.jpg", "market.jpg")
"""Of the ext2 fixture, which lies in the logical volume: only their blocks are left."""


@pytest.fixture(autouse=True)
def _no_secrets() -> Iterator[None]:
    told()
    yield
    told()


def entry(place: int, size: int, extents: tuple[tuple[int, int], ...] = ()) -> FileEntry:
    path = f"/$Carved/{place:016d}.jpg".encode()
    return FileEntry(
        ref=EntryRef(evidence="e", volume="p0", path=path, address=place),
        kind=EntryKind.FILE,
        allocation=Allocation.DELETED,
        size_bytes=size,
        extents=extents,
        origin=Origin.CARVED,
    )


def test_pictures_in_a_logical_volume_are_found_and_decoded(road: Road, tmp_path: Path) -> None:
    image = tmp_path / "lvm.raw"
    image.write_bytes(medium())
    road.run(image, carve=CarveMode.UNALLOCATED)
    carved = [one for one in road.files() if one["origin"] == "carved"]
    wanted = {
        hashlib.sha256((FIXTURES / "pictures" / name).read_bytes()).hexdigest() for name in DELETED
    }
    assert {one["sha256"] for one in carved} == wanted
    assert {one["physical_offset_bytes"] for one in carved} == {None}
    assert {one["volume"] for one in carved} == {"p0.1"}
    summary = road.summary()
    assert summary.pictures_pending == 0
    assert not any(count for _, count in summary.pictures_failed)


def test_a_carved_entry_is_read_by_its_place_whatever_its_volume_is(tmp_path: Path) -> None:
    body = bytes(range(256)) * 64
    image = tmp_path / "medium.raw"
    image.write_bytes(body)
    evidence = open_evidence(image)
    for one in (entry(700, 3000), entry(1000, 50, ((1000, 20), (9000, 30)))):
        files = reader_of(evidence, one)
        wanted = b"".join(body[start : start + size] for start, size in places_of(one))
        assert b"".join(files.read(one)) == wanted
        assert files.read_range(one, 15, 20) == wanted[15:35]
        assert files.touches_damage(one) == ()
        assert files.roots() == ()
    beyond = entry(len(body) - 10, 20)
    with pytest.raises(ContentError):
        b"".join(reader_of(evidence, beyond).read(beyond))
    evidence.close()


def test_evidence_without_a_medium_says_so(tmp_path: Path) -> None:
    evidence = open_evidence(tmp_path)
    for asked in (medium_of, space_of):
        with pytest.raises(VolumeError, match="no medium"):
            asked(evidence, UNPARTITIONED)
    with pytest.raises(VolumeError):
        reader_of(evidence, entry(0, 10))
