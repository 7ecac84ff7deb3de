"""The check of a whole image says ``verified`` only where something was compared and all agrees."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import pytest

from triage.errors import EvidenceError
from triage.pipeline.verify import Result, Verification, verify_image

FIXTURES = Path(__file__).parents[2] / "fixtures"


def check(path: Path) -> Verification:
    seen: list[tuple[int, int]] = []
    found = verify_image(path, lambda done, total: seen.append((done, total)))
    assert seen[0][0] == 0
    assert seen[-1] == (found.info.size_bytes, found.info.size_bytes)
    return found


def test_a_good_image_is_verified() -> None:
    found = check(FIXTURES / "images" / "ext2.E01")
    raw = (FIXTURES / "images" / "ext2.raw").read_bytes()
    assert dict(found.digests)["sha256"] == hashlib.sha256(raw).hexdigest()
    assert dict(found.digests)["md5"] == hashlib.md5(raw, usedforsecurity=False).hexdigest()
    assert found.result is Result.VERIFIED


def test_a_flipped_bit_differs_and_is_placed() -> None:
    found = check(FIXTURES / "hostile" / "flip-compressed.E01")
    assert found.result is Result.DIFFERS
    assert [(one.offset_bytes, one.length_bytes) for one in found.damage] == [(1_638_400, 32_768)]


def test_a_hurt_table_is_damage_even_where_the_digest_agrees() -> None:
    found = check(FIXTURES / "hostile" / "table.E01")
    assert all(found.agrees(noted) for noted in found.noted)
    assert found.result is Result.DAMAGED


def test_a_lone_raw_file_has_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / "d.raw").write_bytes(b"x" * 5_000)
    assert check(tmp_path / "d.raw").result is Result.NOTHING_TO_COMPARE


def test_a_log_beside_a_raw_file_is_compared(tmp_path: Path) -> None:
    path = tmp_path / "d.001"
    shutil.copy(FIXTURES / "images" / "ext2.raw", path)
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    (tmp_path / "d.001.txt").write_text(f" MD5 checksum:    {md5} : verified\n")
    assert check(path).result is Result.VERIFIED
    (tmp_path / "d.001.txt").write_text(f" MD5 checksum:    {'0' * 32} : verified\n")
    assert check(path).result is Result.DIFFERS


def test_no_image_no_check(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        verify_image(tmp_path / "absent.E01", lambda _done, _total: None)


@pytest.mark.parametrize("image", ["sample.E01", "ext4.E01", "mbr.E01"])
def test_another_makers_reader_sees_the_same_medium(image: str) -> None:
    path = FIXTURES / "images" / image
    found = verify_image(path, lambda _done, _total: None, second_reader=True)
    second = {one.algorithm: one.value for one in found.noted if one.source == "read by libewf"}
    assert second == dict(found.digests)
    assert found.second_refused == ""
    assert found.result is Result.VERIFIED


def test_a_second_opinion_that_is_not_to_be_had_is_told() -> None:
    raw = verify_image(
        FIXTURES / "images" / "ntfs.raw", lambda _done, _total: None, second_reader=True
    )
    assert "E01" in raw.second_refused
    hurt = FIXTURES / "hostile" / "missing-segment.E01"
    found = verify_image(hurt, lambda _done, _total: None, second_reader=True)
    assert found.second_refused or found.result is not Result.VERIFIED


def test_an_extraction_is_checked_as_the_file_it_is(tmp_path: Path) -> None:
    path = tmp_path / "EXTRACTION_FFS.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data/a.jpg", b"picture")
    (tmp_path / "a.ufd").write_text("[Dumps]\nFileDump=EXTRACTION_FFS.zip\n")
    assert check(path).result is Result.NOTHING_TO_COMPARE
    noted = tmp_path / "EXTRACTION_FFS.zip.sha256"
    noted.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  EXTRACTION_FFS.zip\n")
    assert check(path).result is Result.VERIFIED
    assert check(tmp_path / "a.ufd").result is Result.VERIFIED
    noted.write_text(f"{'0' * 64}  EXTRACTION_FFS.zip\n")
    assert check(path).result is Result.DIFFERS
