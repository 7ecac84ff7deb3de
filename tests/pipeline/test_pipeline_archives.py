"""Members of archives on the joined road: listed, digested, matched and counted as their own."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from road import FIXTURES, IMAGES, Road, truth
from triage.model.hashset import Polarity
from triage.model.verdict import Colour
from triage.scheduler import ProcessPool

PICTURE = (FIXTURES / "pictures" / "canyon.jpg").read_bytes()
TEXT = b"words\n" * 50


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 1, 10, 0, 0)), data)
    return out.getvalue()


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "exhibit"
    folder.mkdir()
    inner = zipped({"deep/canyon.jpg": PICTURE})
    (folder / "outer.zip").write_bytes(zipped({"a/words.txt": TEXT, "inner.zip": inner}))
    with tarfile.open(folder / "box.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("album/canyon.jpg")
        info.size = len(PICTURE)
        archive.addfile(info, io.BytesIO(PICTURE))
    (folder / "plain.txt").write_bytes(TEXT)
    return folder


def known_bad(road: Road, data: bytes) -> None:
    path = road.folder / "bad.txt"
    path.write_text(hashlib.md5(data, usedforsecurity=False).hexdigest() + "\n")
    road.take(path, "bad", Polarity.KNOWN_BAD)


def test_every_member_is_an_entry_with_the_digest_of_its_content(
    road: Road, evidence: Path
) -> None:
    road.run(evidence)
    found = {row["path"]: row for row in road.files() if row["container"]}
    expected = {
        "/outer.zip/a/words.txt": (TEXT, "/outer.zip"),
        "/outer.zip/inner.zip/deep/canyon.jpg": (PICTURE, "/outer.zip/inner.zip"),
        "/box.tar.gz/album/canyon.jpg": (PICTURE, "/box.tar.gz"),
    }
    for path, (data, container) in expected.items():
        assert found[path]["sha256"] == hashlib.sha256(data).hexdigest()
        assert found[path]["size_bytes"] == len(data)
        assert found[path]["container"] == container
    assert found["/outer.zip/inner.zip/deep/canyon.jpg"]["pdq_quality"] > 50
    assert found["/outer.zip/inner.zip"]["container"] == "/outer.zip"
    assert road.summary().tally.holds()


def test_hits_inside_archives_are_counted_apart(road: Road, evidence: Path) -> None:
    (evidence / "loose.jpg").write_bytes(PICTURE)
    known_bad(road, PICTURE)
    assert road.run(evidence).colour is Colour.RED
    assert dict(road.summary().hits) == {
        ("KNOWN_BAD", "in-container", "still", "exact"): 2,
        ("KNOWN_BAD", "live", "still", "exact"): 1,
    }


def test_a_known_good_archive_is_not_opened(road: Road, evidence: Path) -> None:
    path = road.folder / "good.txt"
    path.write_text(hashlib.sha1((evidence / "outer.zip").read_bytes()).hexdigest() + "\n")  # noqa: S324  (what such lists hold)
    road.take(path, "good", Polarity.KNOWN_GOOD)
    road.run(evidence)
    inside = {row["container"] for row in road.files() if row["container"]}
    assert inside == {"/box.tar.gz"}


def test_what_could_not_be_opened_is_a_gap(road: Road, evidence: Path) -> None:
    known_bad(road, b"something else")
    assert road.run(evidence).colour is Colour.GREEN
    (evidence / "a.rar").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(40))
    broken = (evidence / "outer.zip").read_bytes()
    (evidence / "broken.zip").write_bytes(broken[: len(broken) // 2])
    verdict = road.run(evidence, exhibit="ABC/2")
    assert verdict.colour is Colour.AMBER
    told = " ".join(verdict.gaps)
    assert "/a.rar" in told
    assert "/broken.zip" in told


def entries(road: Road) -> list[dict[str, Any]]:
    return [{**row, "exhibit": ""} for row in road.files()]


def test_workers_do_not_change_what_is_found(
    road: Road, evidence: Path, tmp_path: Path, two_workers: ProcessPool
) -> None:
    road.run(evidence)
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    other.run(evidence, pool=two_workers, workers=2)
    assert entries(road) == entries(other)
    assert any(row["container"] for row in entries(other))


def test_the_zip_of_the_sample_is_found_with_its_picture(road: Road) -> None:
    """The recipe puts one of its pictures into an archive."""
    road.run(IMAGES / "sample.E01")
    pictures = {
        row["md5"] for row in truth("sample") if (row.get("mime") or "").startswith("image/")
    }
    inside = [row for row in road.files() if row["container"]]
    assert inside
    assert {row["md5"] for row in inside} <= pictures
