"""Evidence that is odd as a whole: its name, its loops, tables that contradict each other."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from road import IMAGES, Road
from triage.model.problem import ProblemKind
from triage.model.verdict import Colour

FAT16_TABLE_BYTES_AT = 22


@pytest.mark.skipif(sys.platform == "win32", reason="names there are UTF-16")
def test_an_image_whose_name_is_not_utf8_is_examined_and_named(road: Road) -> None:
    folder = road.folder / "images"
    folder.mkdir()
    image = Path(os.fsdecode(os.fsencode(folder) + b"/im\xff\xe9ge.raw"))
    shutil.copy(IMAGES / "ext2.raw", image)
    road.run(image)
    first = road.files()
    assert {row["evidence"] for row in first} == {"im\\xff\\xe9ge.raw"}
    road.run(image)
    assert road.files() == first
    road.confirm("uk")
    assert all(road.exports().values())


def test_fat_copies_that_differ_are_told(road: Road, tmp_path: Path) -> None:
    whole = (IMAGES / "fat16.raw").read_bytes()
    reserved = int.from_bytes(whole[14:16], "little") * 512
    length = int.from_bytes(whole[FAT16_TABLE_BYTES_AT:24], "little") * 512
    image = tmp_path / "wiped.raw"
    image.write_bytes(whole[:reserved] + bytes(length) + whole[reserved + length :])
    assert road.run(image).colour is Colour.AMBER
    kinds = {problem.kind for problem in road.summary().problems}
    assert ProblemKind.VOLUME_DAMAGED in kinds
    other = Road(tmp_path / "other")
    other.folder.mkdir()
    other.run(IMAGES / "fat16.raw")
    assert other.summary().problems == ()
