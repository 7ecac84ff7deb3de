"""What no file holds is what The Sleuth Kit's own tool lists as unallocated."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.ingest.container import open_container
from triage.ingest.evidence import open_evidence
from triage.ingest.freespace.bits import free_bits
from triage.ingest.spaces import space_of
from triage.ingest.unallocated import between, free_stretches
from triage.model.carving import UNPARTITIONED
from triage.model.volume import VolumeInfo, VolumeState

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"


def raw_image(name: str, folder: Path) -> Path:
    plain = IMAGES / f"{name}.raw"
    if plain.is_file():
        return plain
    unpacked = folder / f"{name}.raw"
    unpacked.write_bytes(gzip.decompress((IMAGES / f"{name}.raw.gz").read_bytes()))
    return unpacked


def listed_by_blkls(image: Path) -> set[int]:
    """Give the units that ``blkls`` lists as unallocated: blocks, or the sectors of FAT."""
    found = subprocess.run(["blkls", "-A", "-l", image], capture_output=True, text=True, check=True)
    rows = found.stdout.splitlines()[3:]
    assert {row.partition("|")[2] for row in rows} == {"f"}
    return {int(row.partition("|")[0]) for row in rows}


def free_units(image: Path, unit_bytes: int) -> set[int]:
    evidence = open_evidence(image)
    space = space_of(evidence, "p0")
    evidence.close()
    assert not space.by_files
    return {
        at // unit_bytes
        for start, length in space.stretches
        for at in range(start, start + length, unit_bytes)
    }


@pytest.mark.skipif(shutil.which("blkls") is None, reason="sleuthkit is not installed")
@pytest.mark.parametrize(
    ("name", "unit_bytes"),
    [
        *(("fat16", 512), ("fat32", 512), ("exfat", 512)),
        *(("ntfs", 1024), ("ext2", 1024), ("ext4", 1024)),
    ],
)
def test_free_space_is_that_of_the_sleuth_kit(name: str, unit_bytes: int, tmp_path: Path) -> None:
    image = raw_image(name, tmp_path)
    told = listed_by_blkls(image)
    last = max(told)  # behind the file system's last unit The Sleuth Kit lists nothing
    assert {one for one in free_units(image, unit_bytes) if one <= last} == told


def test_free_blocks_of_hfs_are_as_many_as_its_header_says(tmp_path: Path) -> None:
    image = raw_image("hfsplus", tmp_path)
    header = image.read_bytes()[1024 : 1024 + 56]
    block, blocks, free = (int.from_bytes(header[at : at + 4], "big") for at in (40, 44, 48))
    assert block * blocks == image.stat().st_size
    assert len(free_units(image, block)) == free


def test_what_cannot_be_told_is_all_that_no_file_holds() -> None:
    evidence = open_evidence(IMAGES / "ufs1.raw")
    space = space_of(evidence, "p0")
    assert space.by_files
    assert space.stretches == ((0, evidence.info.size_bytes),)
    evidence.close()


@pytest.mark.parametrize("name", ["luks", "bitlocker", "blank"])
def test_what_is_locked_or_blank_has_no_space_to_look_through(name: str) -> None:
    evidence = open_evidence(IMAGES / f"{name}.raw")
    assert space_of(evidence, "p0").stretches == ()
    assert space_of(evidence, UNPARTITIONED).stretches == ()
    evidence.close()


def test_gaps_are_what_no_volume_covers() -> None:
    evidence = open_evidence(IMAGES / "gpt.raw")
    gaps = space_of(evidence, UNPARTITIONED).stretches
    volumes = [(one.offset_bytes, one.length_bytes) for one in evidence.survey().volumes]
    size = evidence.info.size_bytes
    covered = sum(length for _, length in volumes)
    assert sum(length for _, length in gaps) == size - covered
    assert gaps[0][0] == 0
    evidence.close()


def volume(start: int, length: int) -> VolumeInfo:
    return VolumeInfo(
        key="p1",
        offset_bytes=start,
        length_bytes=length,
        table="dos",
        description="",
        state=VolumeState.OPENED,
    )


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 60)), max_size=6))
def test_between_is_the_complement_by_a_linear_count(places: list[tuple[int, int]]) -> None:
    gaps = between(100, [volume(*place) for place in places])
    covered = {at for start, length in places for at in range(start, start + length)}
    told = [at for start, length in gaps for at in range(start, start + length)]
    assert told == sorted(set(range(100)) - covered)


@given(st.binary(max_size=64), st.integers(1, 7), st.booleans(), st.data())
def test_free_bits_are_those_of_a_linear_count(
    bitmap: bytes,
    step: int,
    highest_first: bool,  # noqa: FBT001  (drawn by hypothesis)
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(0, 8 * len(bitmap)))
    pieces = [bitmap[at : at + step] for at in range(0, len(bitmap), step)]
    runs = list(free_bits(pieces, count, highest_first=highest_first))
    shifts = range(7, -1, -1) if highest_first else range(8)
    free = [at for at in range(count) if not bitmap[at // 8] >> shifts[at % 8] & 1]
    assert [at for start, length in runs for at in range(start, start + length)] == free
    assert all(left[0] + left[1] < right[0] for left, right in pairwise(runs))


@pytest.mark.parametrize("name", ["fat16", "exfat", "ntfs", "ext4", "hfsplus"])
@pytest.mark.parametrize("share", [4, 2])
def test_a_cut_image_has_no_space_beyond_its_end(name: str, share: int, tmp_path: Path) -> None:
    cut = tmp_path / f"{name}.raw"
    body = (IMAGES / f"{name}.raw").read_bytes()
    cut.write_bytes(body[: len(body) // share])
    evidence = open_evidence(cut)
    for one in evidence.survey().volumes:
        stretches = space_of(evidence, one.key).stretches
        assert all(at + length <= len(body) // share for at, length in stretches)
        assert all(length > 0 for _, length in stretches)
    evidence.close()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["fat16", "exfat", "ext2", "ext4", "ntfs", "hfsplus"]),
    st.lists(st.tuples(st.integers(0, 2047), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_no_header_upsets_the_tellers(name: str, edits: list[tuple[int, int]]) -> None:
    """The volume counts as opened, whatever its header says by now."""
    body = bytearray((IMAGES / f"{name}.raw").read_bytes())
    for at, byte in edits:
        body[at] = byte
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "edited.raw"
        image.write_bytes(body)
        container = open_container(image)
        kinds = {"hfsplus": "hfs+"}
        known = replace(volume(0, len(body)), filesystem=kinds.get(name, name))
        stretches = free_stretches(container, known).stretches
        container.close()
    assert all(0 <= at < at + length <= len(body) for at, length in stretches)
    assert all(sum(left) <= right[0] for left, right in pairwise(stretches))
