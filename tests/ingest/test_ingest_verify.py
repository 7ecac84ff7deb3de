"""Digests noted beside an image, as the imagers write them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from triage.ingest.container import open_container
from triage.ingest.verify import (
    NotedDigest,
    linear,
    noted_digests,
    parse_imager_log,
    parse_sums,
    read_sidecar_digests,
)

MD5 = "b79853723ed7ee62a4ccd08590e179b6"
SHA1 = "4cea719f4ef0442bb371a620b93dfabebb205e9e"
SHA256 = "ab" * 32
FIXTURES = Path(__file__).parents[2] / "fixtures"

FTK = f"""Created By AccessData® FTK® Imager 4.5.0.3

[Computed Hashes]
 MD5 checksum:    {MD5}
 SHA1 checksum:   {SHA1}

Image Verification Results:
 Verification started:  Mon Mar  2 10:00:00 2026
 MD5 checksum:    {MD5} : verified
 SHA1 checksum:   {SHA1} : verified
"""
GUYMAGER = f"""MD5 hash                   : {MD5}
MD5 hash verified source   : --
SHA1 hash                  : {SHA1}
SHA256 hash                : {SHA256}
"""
LIBEWF = f"MD5 hash calculated over data:\t\t{MD5}\nSHA1 hash calculated over data:\t\t{SHA1}\n"
DC3DD = (
    f"input results for device `/dev/sdb':\n   8 sectors in\n   {MD5} (md5)\n   {SHA256} (sha256)\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FTK, {("md5", MD5), ("sha1", SHA1)}),
        (GUYMAGER, {("md5", MD5), ("sha1", SHA1), ("sha256", SHA256)}),
        (LIBEWF, {("md5", MD5), ("sha1", SHA1)}),
        (DC3DD, {("md5", MD5), ("sha256", SHA256)}),
        (FTK.upper(), {("md5", MD5), ("sha1", SHA1)}),
        (f"MD5 checksum: {SHA1}\n", set()),
        ("no digest at all", set()),
    ],
)
def test_logs_of_imagers(text: str, expected: set[tuple[str, str]]) -> None:
    assert set(parse_imager_log(text)) == expected


def test_checksum_files_count_only_for_the_medium() -> None:
    text = f"{MD5}  disk.raw\n{'0' * 32} *other.raw\n{SHA1}  disk.raw\n"
    assert parse_sums(text, "md5", frozenset({"disk.raw"})) == (("md5", MD5),)
    assert parse_sums(f"{MD5}\n", "md5", frozenset()) == (("md5", MD5),)
    assert parse_sums(f"{MD5}  C:\\cases\\disk.raw", "md5", frozenset({"disk.raw"})) != ()


def test_a_log_in_utf_16_beside_an_image_is_read(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "images" / "album.raw", tmp_path / "disk.001")
    (tmp_path / "disk.001.txt").write_bytes(FTK.encode("utf-16"))
    info = open_container(tmp_path / "disk.001").info
    found = read_sidecar_digests(tmp_path / "disk.001", info)
    assert NotedDigest(algorithm="md5", value=MD5, source="disk.001.txt") in found
    assert len(found) == 2


def test_a_checksum_of_an_e01_file_is_not_one_of_its_medium(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "images" / "ext2.E01", tmp_path)
    (tmp_path / "ext2.E01.md5").write_text(f"{'0' * 32}  ext2.E01\n")
    info = open_container(tmp_path / "ext2.E01").info
    assert read_sidecar_digests(tmp_path / "ext2.E01", info) == ()
    assert {one.source for one in noted_digests(tmp_path / "ext2.E01", info)} == {"image"}


@pytest.mark.parametrize("step", [1, 4_096, 1 << 16, 1 << 22])
def test_the_linear_pass_is_the_medium(step: int, tmp_path: Path) -> None:
    data = bytes(range(256)) * 30
    (tmp_path / "d.raw").write_bytes(data)
    pieces = list(linear(open_container(tmp_path / "d.raw"), step))
    assert b"".join(pieces) == data
    assert all(len(piece) == step for piece in pieces[:-1])
