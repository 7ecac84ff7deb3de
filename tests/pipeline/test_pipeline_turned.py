"""Copies turned and mirrored on the joined road: found where asked for, and told of where not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from road import CASE, EXHIBIT, Road, code
from triage.hashing.picture import PictureLimits, hash_picture
from triage.model.digest import PictureHashes
from triage.model.hashset import Polarity

TRANSPOSE = Image.Transpose
COPIES = {
    "same.jpg": None,
    "half.jpg": TRANSPOSE.ROTATE_180,
    "mirror.jpg": TRANSPOSE.FLIP_LEFT_RIGHT,
    "quarter.png": TRANSPOSE.ROTATE_90,
}
TURNS = {
    "half.jpg": "turned 180 degrees",
    "mirror.jpg": "mirrored left to right",
    "quarter.png": "turned 90 degrees clockwise",
}
"""What makes each copy the listed picture again."""


def scene(seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    mixed = np.zeros((240, 320, 3), dtype=np.float32)
    for side, share in ((5, 0.5), (17, 0.3), (60, 0.2)):
        noise = Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8))
        mixed += share * np.asarray(noise.resize((320, 240), Image.Resampling.BICUBIC))
    return Image.fromarray(mixed.astype(np.uint8))


@pytest.fixture
def seized(road: Road) -> Path:
    """Give a folder with copies of a listed picture, and one picture that is not listed."""
    folder = road.folder / "seized"
    folder.mkdir()
    listed = scene(1)
    for name, how in COPIES.items():
        (listed if how is None else listed.transpose(how)).save(folder / name, quality=90)
    scene(2).save(folder / "other.jpg")
    original = road.folder / "listed.png"
    listed.save(original)
    hashes = hash_picture(original.read_bytes(), "image/png", PictureLimits())
    assert isinstance(hashes, PictureHashes)
    source = road.folder / "list.csv"
    source.write_text(f"pdq,category\n{hashes.pdq[0].bits.hex()},1\n")
    return folder


def take(road: Road) -> None:
    road.take(road.folder / "list.csv", "list", Polarity.KNOWN_BAD)


def alike(road: Road) -> dict[str, str]:
    """Give the words of the look-alikes of each file, from the export."""
    rows = [json.loads(line) for line in road.export("jsonl", road.folder).splitlines()]
    found: dict[str, list[dict[str, Any]]] = {
        row["path"].strip("/"): row["matches"] for row in rows if row.get("matches")
    }
    assert all(len(matches) == 1 for matches in found.values())
    return {path: matches[0]["detail"].partition(";")[0] for path, matches in found.items()}


def exports(road: Road) -> tuple[bytes, bytes]:
    return road.export("csv", road.folder), road.export("jsonl", road.folder)


def pictures(road: Road) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(road.on_case("report", "--json").stdout)["pictures"]
    return found


def test_only_where_asked_for_are_turned_copies_found(road: Road, seized: Path) -> None:
    take(road)
    road.run(seized)
    assert sorted(alike(road)) == ["same.jpg"]
    assert pictures(road)["turned_and_mirrored"] == 0
    assert "turned or mirrored are not found" in road.on_case("report").stdout
    before = exports(road)

    road.run(seized, turned=True)
    told = alike(road)
    assert told.pop("same.jpg").startswith("recipe")
    assert told == {name: f"alike once {words}" for name, words in TURNS.items()}
    assert pictures(road)["turned_and_mirrored"] == pictures(road)["hashed"] == 5
    assert "compared turned and mirrored too" in road.on_case("report").stdout
    assert exports(road) != before


def test_a_later_list_is_asked_for_what_was_stored(road: Road, seized: Path) -> None:
    road.run(seized, turned=True)
    take(road)
    assert code(road.on_case("rematch")) in {0, 3}
    assert sorted(alike(road)) == sorted(COPIES)
    fresh = exports(road)
    road.run(seized, turned=True)
    assert exports(road) == fresh


def test_what_was_not_asked_for_is_not_stored_nor_found_later(road: Road, seized: Path) -> None:
    road.run(seized)
    take(road)
    assert code(road.on_case("rematch")) in {0, 3}
    assert sorted(alike(road)) == ["same.jpg"]
    with closing(sqlite3.connect(road.db)) as connection:
        kept = connection.execute("SELECT count(*), count(phash), count(turned) FROM contents")
        assert kept.fetchone() == (5, 5, 0)


def test_turning_what_is_left_out_is_refused(road: Road, seized: Path) -> None:
    words = ("--dihedral", "--skip-pictures", "--exhibit", EXHIBIT, "--case", CASE)
    assert code(road.call("run", seized, *words, "--db", road.db)) == 2
