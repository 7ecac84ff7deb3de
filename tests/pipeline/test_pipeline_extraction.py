"""Extractions of phones on the joined road: single counts, stored digests, the report's words."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

from road import FIXTURES, Road
from triage.model.evidence import ContainerKind
from triage.model.hashset import Polarity
from triage.model.verdict import Colour
from triage.scheduler import ProcessPool

PICTURE = (FIXTURES / "pictures" / "canyon.jpg").read_bytes()
VIEWS = ("storage/emulated/0", "data/media/0", "mnt/runtime/read/emulated/0")
REPORT = """<project xmlns="http://pa.cellebrite.com/report/2.0"><taggedFiles>
<file path="/data/media/0/DCIM/1.jpg" size="{size}" deleted="Deleted">
<metadata section="File"><item name="Local Path">files\\Image\\1.jpg</item></metadata></file>
</taggedFiles></project>"""


def extraction(path: Path) -> Path:
    """Write a picture under three mount views, an app with another inside, and the device."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("res/icon.jpg", (2024, 5, 1, 10, 0, 0)), PICTURE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for view in VIEWS:
            file.writestr(zipfile.ZipInfo(f"{view}/DCIM/1.jpg", (2024, 5, 1, 10, 0, 0)), PICTURE)
        file.writestr("data/app/base.apk", inner.getvalue())
        file.writestr("system/build.prop", "ro.product.model=SM-1\nro.product.manufacturer=Maker\n")
    return path


def known_bad(road: Road) -> None:
    """Take the picture for known-bad."""
    path = road.folder / "bad.txt"
    path.write_text(hashlib.md5(PICTURE, usedforsecurity=False).hexdigest() + "\n")
    road.take(path, "bad", Polarity.KNOWN_BAD)


def entries(road: Road) -> list[dict[str, Any]]:
    """Give what is listed, without what tells two runs apart."""
    return [{**row, "exhibit": ""} for row in road.files()]


def test_a_file_under_three_paths_is_one_hit_and_every_path_is_listed(road: Road) -> None:
    known_bad(road)
    assert road.run(extraction(road.folder / "EXTRACTION_FFS.zip")).colour is Colour.RED
    assert dict(road.summary().hits) == {
        ("KNOWN_BAD", "live", "still", "exact"): 1,
        ("KNOWN_BAD", "in-container", "still", "exact"): 1,
    }
    rows = {row["path"]: row for row in road.files()}
    assert rows["/data/media/0/DCIM/1.jpg"]["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    for view in (VIEWS[0], VIEWS[2]):
        assert rows[f"/{view}/DCIM/1.jpg"]["reason"] == "other-name"
    summary = road.summary()
    assert summary.tally.holds()
    (evidence,) = summary.evidence
    assert evidence.kind is ContainerKind.ZIP
    assert dict(evidence.header) == {"device_make": "Maker", "device_model": "SM-1"}


def test_workers_and_a_second_run_change_nothing(
    road: Road, tmp_path: Path, two_workers: ProcessPool
) -> None:
    path = extraction(road.folder / "EXTRACTION_FFS.zip")
    road.run(path)
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    other.run(path, pool=two_workers, workers=2)
    first = entries(road)
    assert first == entries(other)
    road.run(path)
    assert entries(road) == first


def test_a_deleted_picture_of_a_report_is_told_as_deleted(road: Road) -> None:
    known_bad(road)
    path = road.folder / "phone.ufdr"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("report.xml", REPORT.format(size=len(PICTURE)))
        file.writestr("files/Image/1.jpg", PICTURE)
    road.run(path)
    assert dict(road.summary().hits) == {("KNOWN_BAD", "deleted", "still", "exact"): 1}
    paths = {row["path"]: row["allocation"] for row in road.files()}
    assert paths == {"/data/media/0/DCIM/1.jpg": "deleted", "/report.xml": "live"}
