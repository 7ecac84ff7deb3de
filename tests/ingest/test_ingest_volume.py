from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from triage.ingest.evidence import open_evidence
from triage.ingest.volume import Survey
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"
MIB = 1024 * 1024


def surveyed(path: Path) -> Survey:
    evidence = open_evidence(path)
    survey = evidence.survey()
    evidence.close()
    return survey


def written(folder: Path, medium: bytes) -> Survey:
    path = folder / "medium.raw"
    path.write_bytes(medium)
    return surveyed(path)


def states(survey: Survey) -> list[tuple[str, str, str]]:
    return [(volume.key, volume.state.value, volume.filesystem) for volume in survey.volumes]


def mbr(*parts: tuple[int, int, int]) -> bytes:
    """Write a table of ``(type, first sector, sectors)``; layout as in any PC since 1983."""
    sector = bytearray(512)
    for index, (kind, first, count) in enumerate(parts):
        struct.pack_into("<B3xB3xII", sector, 446 + 16 * index, 0, kind, first, count)
    sector[510:] = b"\x55\xaa"
    return bytes(sector)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bitlocker", "locked"),
        ("luks", "locked"),
        ("btrfs", "unsupported"),
        ("random", "unsupported"),
        ("swap", "no-files"),
        ("blank", "blank"),
        ("ufs1", "opened"),
        ("exfat", "opened"),
    ],
)
def test_bare_volumes_are_what_the_recipe_made(name: str, expected: str) -> None:
    survey = surveyed(IMAGES / f"{name}.raw")
    assert [(volume.key, volume.state.value) for volume in survey.volumes] == [("p0", expected)]
    assert bool(survey.problems) == (expected in ("locked", "unsupported"))


def test_gpt_slots_come_in_table_order_with_the_reason_where_one_is_closed() -> None:
    survey = surveyed(IMAGES / "gpt.raw")
    assert states(survey) == [
        ("p1", "opened", "fat12"),
        ("p2", "opened", "ext4"),
        ("p3", "opened", "hfs+"),
        ("p4", "locked", ""),
        ("p5", "no-files", ""),
        ("p6", "unsupported", ""),
    ]
    assert "BitLocker" in survey.volumes[3].reason
    assert "VeraCrypt" in survey.volumes[5].reason


def test_backup_gpt_is_used_and_told(tmp_path: Path) -> None:
    medium = bytearray((IMAGES / "gpt.raw").read_bytes())
    medium[512:1024] = bytes(512)
    survey = written(tmp_path, bytes(medium))
    opened = [volume.filesystem for volume in survey.volumes if volume.filesystem]
    assert opened == ["fat12", "ext4", "hfs+"]
    assert ProblemKind.VOLUME_TABLE in {problem.kind for problem in survey.problems}


def test_both_gpts_gone_still_finds_what_stands_at_usual_places(tmp_path: Path) -> None:
    ext4 = (IMAGES / "ext4.raw").read_bytes()
    survey = written(tmp_path, mbr((0xEE, 1, 20_000)) + bytes(MIB - 512) + ext4 + bytes(MIB))
    assert ("ext4", MIB) in [(volume.filesystem, volume.offset_bytes) for volume in survey.volumes]
    words = " ".join(problem.detail for problem in survey.problems)
    assert "no GPT reads" in words


def test_partition_deleted_from_the_table_is_opened_and_told(tmp_path: Path) -> None:
    fat = (IMAGES / "fat16.raw").read_bytes()
    ext2 = (IMAGES / "ext2.raw").read_bytes()
    table = mbr((0x06, 2048, len(fat) // 512))
    medium = table + bytes(MIB - 512) + fat + ext2 + bytes(MIB)
    survey = written(tmp_path, medium)
    assert [each[2] for each in states(survey)] == ["fat16", "ext2"]
    assert survey.volumes[1].description == "in unpartitioned space"
    assert ProblemKind.VOLUME_TABLE in {problem.kind for problem in survey.problems}


def test_wiped_table_still_finds_the_volume(tmp_path: Path) -> None:
    survey = written(tmp_path, bytes(MIB) + (IMAGES / "fat16.raw").read_bytes())
    assert "fat16" in [volume.filesystem for volume in survey.volumes]
    assert survey.problems


def test_file_system_beside_a_living_table_is_examined_too(tmp_path: Path) -> None:
    iso = (IMAGES / "iso9660.raw").read_bytes()
    ext2 = (IMAGES / "ext2.raw").read_bytes()
    first = 4096
    table = mbr((0x83, first, len(ext2) // 512))
    medium = table + iso[512:] + bytes(first * 512 - len(iso)) + ext2
    survey = written(tmp_path, medium)
    assert sorted(volume.filesystem for volume in survey.volumes) == ["ext2", "iso9660"]
    assert ProblemKind.SEVERAL_FILESYSTEMS in {problem.kind for problem in survey.problems}


def test_two_file_systems_on_one_volume_are_both_opened(tmp_path: Path) -> None:
    ext2 = bytearray((IMAGES / "ext2.raw").read_bytes())
    iso = (IMAGES / "iso9660.raw").read_bytes()
    medium = bytearray(iso) + bytes(MIB)
    medium[1024:2048] = ext2[1024:2048]
    survey = written(tmp_path, bytes(medium))
    assert "iso9660" in [volume.filesystem for volume in survey.volumes]
    if len(survey.volumes) > 1:
        assert [volume.key for volume in survey.volumes] == ["p0", "p0.2"]
        assert ProblemKind.SEVERAL_FILESYSTEMS in {problem.kind for problem in survey.problems}


def test_slot_beyond_the_end_is_damaged_and_told(tmp_path: Path) -> None:
    fat = (IMAGES / "fat16.raw").read_bytes()
    sectors = len(fat) // 512
    table = mbr((0x06, 2048, sectors), (0x07, 2048 + sectors, 9_999))
    survey = written(tmp_path, table + bytes(MIB - 512) + fat)
    assert [each[1] for each in states(survey)] == ["opened", "damaged"]
    assert not [one for one in survey.problems if "own account" in one.detail]
    assert {problem.kind for problem in survey.problems} == {
        ProblemKind.VOLUME_TABLE,
        ProblemKind.VOLUME_DAMAGED,
    }


def test_file_system_with_a_broken_head_is_damaged_not_blank(tmp_path: Path) -> None:
    ntfs = bytearray((IMAGES / "ntfs.raw").read_bytes())
    ntfs[11:64] = bytes(53)
    survey = written(tmp_path, bytes(ntfs))
    assert [volume.state for volume in survey.volumes] == [VolumeState.DAMAGED]
    assert "NTFS" in survey.volumes[0].reason


@pytest.mark.parametrize(
    ("offset", "magic", "state", "word"),
    [
        (0, b"LUKS\xba\xbe\0\2", "locked", "LUKS"),
        (424, bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"), "locked", "To Go"),
        (512, b"LABELONE" + bytes(16) + b"LVM2 001", "unsupported", "LVM2"),
        (0x10040, b"_BHRfS_M", "unsupported", "Btrfs"),
        (1024, b"\x10\x20\xf5\xf2", "unsupported", "F2FS"),
        (0, b"hsqs", "unsupported", "squashfs"),
        (3, b"ReFS\0\0\0\0", "unsupported", "ReFS"),
        (4096, b"\xfc\x4e\x2b\xa9", "unsupported", "RAID"),
        (0x20000, b"\x0c\xb1\xba\0\0\0\0\0", "unsupported", "ZFS"),
        (4086, b"SWAPSPACE2", "no-files", "swap"),
    ],
)
def test_signatures_are_named(
    tmp_path: Path, offset: int, magic: bytes, state: str, word: str
) -> None:
    medium = bytearray(2 * MIB)
    medium[offset : offset + len(magic)] = magic
    survey = written(tmp_path, bytes(medium))
    assert [volume.state.value for volume in survey.volumes] == [state]
    assert word in survey.volumes[0].reason


def test_one_byte_in_a_blank_medium_is_not_blank(tmp_path: Path) -> None:
    medium = bytearray(2 * MIB)
    medium[1_234_567] = 1
    assert [volume.state for volume in written(tmp_path, bytes(medium)).volumes] == [
        VolumeState.UNSUPPORTED
    ]


@pytest.mark.parametrize("seed", range(6))
def test_hostile_noise_under_a_table_ends_in_a_survey(tmp_path: Path, seed: int) -> None:
    noise = random.Random(seed).randbytes(256 * 1024)  # noqa: S311 (repeatable noise)
    survey = written(tmp_path, noise[:446] + mbr((7, 1, 100), (5, 200, 9))[446:] + noise[512:])
    assert survey.volumes
    assert all(volume.state is not VolumeState.OPENED for volume in survey.volumes)


@pytest.mark.parametrize("name", ["fat16", "ext2", "ext4", "ntfs", "exfat", "hfsplus", "iso9660"])
def test_bare_image_cut_short_is_told_though_the_file_system_opens(
    name: str, tmp_path: Path
) -> None:
    medium = (IMAGES / f"{name}.raw").read_bytes()
    whole = written(tmp_path, medium)
    assert not [one for one in whole.problems if one.kind is ProblemKind.VOLUME_DAMAGED]
    cut = written(tmp_path, medium[: len(medium) * 3 // 4])
    assert [one.volume for one in cut.problems if one.kind is ProblemKind.VOLUME_DAMAGED] == ["p0"]
