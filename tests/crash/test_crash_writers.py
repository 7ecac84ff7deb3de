"""Several processes write to one database: nobody is turned away, and nobody's result changes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from road import CASE, HOSTILE, IMAGES, SAMPLES, Road
from triage.model.hashset import Polarity
from triage.pipeline import walking
from triage.scheduler import Batch, InlinePool, Result

EXHIBITS = ("ABC/1", "ABC/2", "ABC/3", "ABC/4")


class Onlooker(InlinePool):
    """A pool that looks, whenever something is waited for, whether others could write."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database = database
        self.looked: list[str] = []

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        """Give the results one by one, looking before each."""
        for result in super().run(batches):
            self.look(str(result.item.__class__.__name__))
            yield result

    def look(self, item: str) -> None:
        """Take the right to write, without waiting for it."""
        with closing(sqlite3.connect(self.database, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        self.looked.append(item)


def folder_of_files(folder: Path, seed: int) -> Path:
    """Make evidence of many small files, a picture and archives, some of them no archives."""
    for number in range(200):
        place = folder / f"d{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(f"note {number * seed}")
    shutil.copy(HOSTILE.parent / "pictures" / "harbour.jpg", folder / "harbour.jpg")
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("inner.txt", f"inner {name} {seed}")
    (folder / "broken.zip").write_bytes(b"PK\3\4" + bytes(60))
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (4_000_000_000, 1_700_000_000))  # read later than now: reading changes none
    return folder


def prepared(folder: Path, url: str = "") -> Road:
    road = Road(folder, url=url)
    road.take(SAMPLES / "sample-vics-2.0.json", "caid", Polarity.BY_CATEGORY, "uk")
    road.take(SAMPLES / "sample-pdq.txt", "pdq", Polarity.KNOWN_BAD)
    road.confirm("uk")
    return road


@pytest.mark.parametrize("group", [walking.GROUP_ENTRIES, 5])
def test_others_can_write_whenever_workers_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr(walking, "GROUP_ENTRIES", group)
    road = prepared(tmp_path)
    images = (
        IMAGES / "sample.E01",
        HOSTILE / "flip-compressed.E01",
        folder_of_files(tmp_path / "folder", 1),
    )
    onlooker = Onlooker(road.db)
    road.run(*images, pool=onlooker, turned=True)
    road.run(*images, pool=onlooker, turned=True)
    seen = set(onlooker.looked)
    assert seen >= {"SurveyItem", "RootsItem", "FoldersItem", "PlacedItem", "ReadItem"}
    assert "PictureItem" in seen


def test_processes_that_write_at_once_end_as_if_each_were_alone(
    store_url: str, tmp_path: Path
) -> None:
    road = prepared(tmp_path / "together", store_url)
    alone = prepared(tmp_path / "alone")
    sources = [
        folder_of_files(tmp_path / "seized" / str(seed), seed)
        for seed in range(1, len(EXHIBITS) + 1)
    ]
    command = [sys.executable, "-m", "triage", "run", "--case", CASE, "--workers", "1"]
    started = [
        subprocess.Popen(
            [*command, "--db", store_url, "--exhibit", exhibit, str(source)],
            env=road.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for exhibit, source in zip(EXHIBITS, sources, strict=True)
    ]
    ended = [(one.communicate()[1].decode(), one.returncode) for one in started]
    assert [status for _, status in ended] == [3] * len(EXHIBITS), ended
    for exhibit, source in zip(EXHIBITS, sources, strict=True):
        alone.run(source, exhibit=exhibit)
    assert road.exports() == alone.exports()
