"""The committed fixtures are what their truth says, by facts that need no parser of ours."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
IMAGES = FIXTURES / "images"
HOSTILE = FIXTURES / "hostile"
RECORDS: dict[str, Any] = json.loads((FIXTURES / "truth" / "images.json").read_text("ascii"))
DAMAGE: list[dict[str, Any]] = json.loads((FIXTURES / "truth" / "damage.json").read_text("ascii"))
PICTURES: dict[str, Any] = json.loads((FIXTURES / "truth" / "pictures.json").read_text("ascii"))
LARGEST_BYTES = 4 << 20
IN_ONE_PIECE = ("ntfs", "fat16", "exfat", "ext4", "iso9660", "sample", "album")


def truth(name: str) -> list[dict[str, Any]]:
    lines = (FIXTURES / "truth" / f"{name}.jsonl").read_text("ascii").splitlines()
    return [json.loads(line) for line in lines]


def medium(name: str) -> bytes:
    packed = IMAGES / f"{name}.raw.gz"
    return (
        gzip.decompress(packed.read_bytes())
        if packed.exists()
        else (IMAGES / f"{name}.raw").read_bytes()
    )


def paths_by_fls(image: Path, offset_sectors: int) -> set[str]:
    words = ["fls", "-rp", "-o", str(offset_sectors), str(image)]
    listed = subprocess.run(words, capture_output=True, check=True).stdout
    shown = [line.partition(b"\t")[2] for line in listed.split(b"\n")]
    return {"/" + path.decode("utf-8", "backslashreplace") for path in shown}


def test_every_file_stands_there_with_its_size_and_nothing_else_does() -> None:
    named = {
        segment["name"]: segment["size_bytes"]
        for record in RECORDS.values()
        for way in record["files"]
        for segment in way["segments"]
    }
    assert {path.name: path.stat().st_size for path in IMAGES.iterdir()} == named
    assert max(named.values()) <= LARGEST_BYTES


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_medium_has_the_recorded_digests(name: str) -> None:
    body = medium(name)
    assert len(body) == RECORDS[name]["media_size_bytes"]
    assert hashlib.md5(body, usedforsecurity=False).hexdigest() == RECORDS[name]["media_md5"]
    assert hashlib.sha1(body, usedforsecurity=False).hexdigest() == RECORDS[name]["media_sha1"]


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_split_raw_joins_to_the_medium(name: str) -> None:
    for way in RECORDS[name]["files"]:
        if way["kind"] == "split-raw":
            pieces = [(IMAGES / one["name"]).read_bytes() for one in way["segments"]]
            assert b"".join(pieces) == medium(name)


@pytest.mark.parametrize("name", ["sample", "ext4", "gpt"])
def test_ewf_stores_the_digests_of_the_medium(name: str) -> None:
    pyewf = pytest.importorskip("pyewf")
    handle = pyewf.handle()
    handle.open(pyewf.glob(str(IMAGES / f"{name}.E01")))
    try:
        assert handle.get_hash_value("MD5") == RECORDS[name]["media_md5"]
        assert handle.get_hash_value("SHA1") == RECORDS[name]["media_sha1"]
        assert handle.read_buffer(handle.get_media_size()) == medium(name)
    finally:
        handle.close()


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_truth_is_well_formed(name: str) -> None:
    rows = truth(name)
    assert len(rows) == RECORDS[name]["rows"]
    volumes = {volume["key"]: volume for volume in RECORDS[name]["volumes"]}
    for row in rows:
        raw = bytes.fromhex(row["path_hex"])
        assert row["path"] == raw.decode("utf-8", "backslashreplace")
        assert volumes[row["volume"]]["state"] == "opened"
        assert row["kind"] in {"file", "directory", "symlink"}
        assert row["allocation"] in {"live", "deleted"}
        assert ("recoverable" in row) == (row["allocation"] == "deleted")
        if row["kind"] == "file":
            assert [len(row[one]) for one in ("md5", "sha1", "sha256")] == [32, 40, 64]
    keys = [(row["volume"], row["path_hex"], row["stream"]) for row in rows]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", IN_ONE_PIECE)
def test_pictures_of_the_truth_lie_on_the_medium(name: str) -> None:
    body = medium(name)
    files = {known["sha256"]: FIXTURES / "pictures" / file for file, known in PICTURES.items()}
    seen = 0
    for row in truth(name):
        kept = row.get("recoverable", True) and not row.get("compressed", False)
        if row["kind"] == "file" and row["motif"] and kept:
            assert files[row["sha256"]].read_bytes() in body, row["path"]
            seen += 1
    assert seen >= 5


@pytest.mark.parametrize("name", ["ntfs", "fat16", "exfat", "ufs1", "hfsplus", "gpt"])
def test_sleuth_kit_lists_every_name_of_the_truth(name: str) -> None:
    if not shutil.which("fls"):
        pytest.skip("fls of The Sleuth Kit is not installed")
    for volume in RECORDS[name]["volumes"]:
        if volume["state"] == "opened":
            seen = paths_by_fls(IMAGES / f"{name}.raw", volume["offset_bytes"] // 512)
            for row in truth(name):
                stream = f":{row['stream']}" if row["stream"] else ""
                # fls prints ^ for a control character
                shown = re.sub(r"[\x00-\x1f]", "^", row["path"] + stream)
                assert row["volume"] != volume["key"] or shown in seen


def test_pictures_have_their_digests_and_the_published_pixels() -> None:
    assert {path.name for path in (FIXTURES / "pictures").iterdir()} == set(PICTURES)
    for name, known in PICTURES.items():
        body = (FIXTURES / "pictures" / name).read_bytes()
        assert hashlib.sha256(body).hexdigest() == known["sha256"]
    published = {"quad-256": "776e17972d4a", "lcg-128": "9418e42d031d", "lcg-512": "01dbc4a75edf"}
    for name, start in published.items():
        with Image.open(FIXTURES / "pictures" / f"{name}.png") as picture:
            pixels = picture.convert("RGB").tobytes()
        assert hashlib.md5(pixels, usedforsecurity=False).hexdigest().startswith(start)


def test_damage_is_the_act_that_the_truth_names() -> None:
    by_first = {row["first"]: row for row in DAMAGE}
    good = (HOSTILE / "good-compressed.E01").read_bytes()
    for first, bits in {"flip-compressed.E01": 1, "table.E01": 1, "table-both.E01": 2}.items():
        hurt = (HOSTILE / first).read_bytes()
        assert len(hurt) == len(good)
        assert sum((a ^ b).bit_count() for a, b in zip(hurt, good, strict=True)) == bits
    assert good.startswith((HOSTILE / "header-only.E01").read_bytes())
    for name in ("flip-stored", "truncated", "missing-segment"):
        for segment in by_first[f"{name}.E01"]["segments"]:
            whole = (HOSTILE / segment.replace(name, "good-stored")).read_bytes()
            hurt = (HOSTILE / segment).read_bytes()
            changed = sum((a ^ b).bit_count() for a, b in zip(hurt, whole, strict=False))
            assert changed == (1 if segment == "flip-stored.E02" else 0)
    assert by_first["missing-segment.E01"]["segments"] == [
        "missing-segment.E01",
        "missing-segment.E03",
    ]


@pytest.mark.parametrize("row", DAMAGE, ids=[row["first"] for row in DAMAGE])
def test_damaged_ranges_lie_on_the_medium_and_name_real_files(row: dict[str, Any]) -> None:
    body = medium(row["medium"])
    held = {(one["volume"], one["path"]) for one in truth(row["medium"])}
    assert row["media_size_bytes"] == len(body)
    for start, length in row["certain"] + row["possible"]:
        assert start % 32768 == 0
        assert 0 < length <= len(body) - start
    assert {(one["volume"], one["path"]) for one in row["affected"]} <= held
    assert all((HOSTILE / name).is_file() for name in row["segments"])


def test_truth_is_never_written_by_our_own_parser() -> None:
    for script in FIXTURES.glob("*.py"):
        words = script.read_text("utf-8")
        assert not re.search(
            r"^\s*(?:import|from)\s+(?:triage|pytsk3|pyewf)\b", words, re.MULTILINE
        )
