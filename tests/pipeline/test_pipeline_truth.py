"""What ``triage files --json`` lists after a run holds everything that the recipe put there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from road import IMAGES, Road, listed, truth

Row = dict[str, Any]

WITHOUT_MODIFICATION_TIME = {"iso9660"}
"""Told in fixtures/README.md: The Sleuth Kit gives the one time of a record as the creation's."""


def expected(image: str) -> list[Row]:
    """Give what can be found: what the kernel wiped cannot."""
    return [row for row in truth(image) if row.get("recoverable", True)]


def fits(row: Row, got: Row, *, timed: bool) -> bool:
    if (got["allocation"], got["kind"]) != (row["allocation"], row["kind"]):
        return False
    if row["kind"] != "file":
        reasons = {"directory": "directory", "symlink": "not-a-file"}
        return bool(got["reason"] == reasons[row["kind"]])
    same = [got["size_bytes"] == row["size_bytes"]]
    if row["size_bytes"]:
        same += [got["state"] == "digested", got["digested_bytes"] == row["size_bytes"]]
        same += [got[name] == row[name] for name in ("md5", "sha1", "sha256")]
    else:
        same += [(got["state"], got["reason"]) == ("skipped", "empty")]
    if timed and "modified_s" in row:
        naive = got["times"]["naive_local"]
        then = datetime.fromtimestamp(row["modified_s"], UTC)
        same += [
            got["times"]["modified"] == f"{then:%Y-%m-%dT%H:%M:%S}.0000000" + "Z" * (not naive)
        ]
    return all(same)


@pytest.mark.parametrize(
    "file",
    [
        "ntfs.raw",
        "ntfs-split.001",
        "fat16.E01",
        "fat32.E01",
        "exfat.raw",
        "ext2.raw",
        "ext4.E01",
        "hfsplus.E01",
        "iso9660.raw",
        "ufs1.E01",
        "gpt.raw",
        "mbr.E01",
        "sample.E01",
    ],
)
def test_everything_of_the_recipe_is_listed_and_digested(road: Road, file: str) -> None:
    image = file.partition(".")[0].partition("-")[0]
    road.run(IMAGES / file)
    got = listed(road.files())
    for row in expected(image):
        found = got.get((row["volume"], row["raw"], row["stream"]), [])
        timed = image not in WITHOUT_MODIFICATION_TIME
        assert any(fits(row, one, timed=timed) for one in found), (row, found)
    summary = road.summary()
    assert summary.tally.holds()
    assert summary.tally.pending == 0
    assert summary.tally.listed == sum(map(len, got.values()))


@pytest.fixture(scope="module")
def ntfs(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    road = Road(tmp_path_factory.mktemp("ntfs"))
    road.run(IMAGES / "ntfs.E01")
    return road.files()


def test_types_are_those_of_the_recipe(ntfs: list[Row]) -> None:
    got = listed(ntfs)
    for row in truth("ntfs"):
        if row.get("mime"):
            found = {one["mime"] for one in got["p0", row["raw"], row["stream"]]}
            plain = {"text/plain"} if row["mime"] == "text/csv" else set()  # a matter of the name
            assert found & ({row["mime"]} | plain), (row, found)


def test_a_name_that_belies_its_content_is_said_in_both_directions(ntfs: list[Row]) -> None:
    got = listed(ntfs)
    rows = [row for row in truth("ntfs") if row["kind"] == "file" and row.get("mime")]
    suffixes = {".jpg": "image/jpeg", ".txt": "text/plain", ".png": "image/png"}
    checked = set()
    for row in rows:
        name = row["stream"] or row["raw"].rpartition(b"/")[2].decode("utf-8", "replace")
        claimed = suffixes.get(Path(name).suffix)
        if claimed is None or not row["size_bytes"]:
            continue
        agrees = {one["extension_agrees"] for one in got["p0", row["raw"], row["stream"]]}
        assert agrees == {claimed == row["mime"]}, row
        checked.add((row["mime"].partition("/")[0], claimed == row["mime"]))
    assert checked >= {("image", True), ("image", False), ("text", True), ("text", False)}


def test_named_streams_of_files_and_folders_are_entries_of_their_own(ntfs: list[Row]) -> None:
    got = listed(ntfs)
    streams = [row for row in truth("ntfs") if row["stream"]]
    assert {row["stream"] for row in streams} == {"hidden.jpg", "about"}
    for row in streams:
        (one,) = got["p0", row["raw"], row["stream"]]
        assert one["sha256"] == row["sha256"]


def test_both_names_of_a_hard_link_are_kept(ntfs: list[Row]) -> None:
    got = listed(ntfs)
    (row,) = [row for row in truth("ntfs") if "hard_link_to" in row]
    (first,) = got["p0", row["hard_link_to"].encode(), ""]
    (second,) = got["p0", row["raw"], ""]
    assert first["inode"] == second["inode"]
    assert first["sha256"] == second["sha256"] == row["sha256"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("luks.raw", "volume-locked"),
        ("bitlocker.raw", "volume-locked"),
        ("btrfs.raw", "volume-unsupported"),
        ("random.raw", "volume-unsupported"),
    ],
)
def test_what_cannot_be_looked_into_is_never_green(road: Road, file: str, kind: str) -> None:
    verdict = road.run(IMAGES / file)
    assert verdict.colour == "amber"
    assert [one.kind for one in road.summary().problems] == [kind]
    assert road.files() == []
