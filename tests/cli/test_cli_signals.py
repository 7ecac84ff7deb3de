"""Possible first-generation material at the command line, on the drawn album."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from road import Road, code, drawn_album
from triage.model.hashset import Polarity


@pytest.fixture
def album(road: Road) -> tuple[Road, list[Any]]:
    """Examine the first pictures of the album; the last of them is in a known-good set."""
    leaves = drawn_album().write(road.folder / "album", 14)
    known = road.folder / "known.md5"
    known.write_text(hashlib.md5(leaves[-1].data).hexdigest() + "\n")  # noqa: S324  (as hash lists have it)
    road.take(known, "known", Polarity.KNOWN_GOOD, "", "1")
    road.run(road.folder / "album")
    return road, leaves


def test_each_is_told_with_digests_paths_facts_and_reasons(album: tuple[Road, list[Any]]) -> None:
    road, leaves = album
    done = road.on_case("grade signals", "--json")
    assert code(done) == 0, done.output
    rows = {one["sha256"]: one for one in map(json.loads, done.stdout.splitlines())}
    truth = {hashlib.sha256(one.data).hexdigest(): one for one in leaves}
    assert set(rows) <= set(truth)
    assert hashlib.sha256(leaves[-1].data).hexdigest() not in rows
    for digest, row in rows.items():
        data = truth[digest].data
        paths = sorted("/" + one.path for one in leaves if one.data == data)
        assert (row["sha1"], row["md5"]) == (
            hashlib.sha1(data).hexdigest(),  # noqa: S324  (a digest of evidence)
            hashlib.md5(data).hexdigest(),  # noqa: S324  (a digest of evidence)
        )
        assert (row["paths"], row["files"]) == (paths, len(paths))
        assert row["exhibit"] == "ABC/1"
        assert row["size_bytes"] == len(data)
        camera = truth[digest].camera
        if camera is not None:
            assert (row["camera_make"], row["camera_serial"]) == (camera.make, camera.serial)
            if camera.serial:
                assert "says which camera took it, with its serial number" in row["reasons"]


def test_the_file_is_the_same_each_time_with_its_digest_beside_it(
    album: tuple[Road, list[Any]], tmp_path: Path
) -> None:
    road, _ = album
    for name in ("list.csv", "list.json"):
        out = tmp_path / name
        assert code(road.on_case("grade signals", "--out", out)) == 0
        first = out.read_bytes()
        beside = out.with_name(name + ".sha256").read_text()
        assert beside.split()[0] == hashlib.sha256(first).hexdigest()
        assert code(road.on_case("grade signals", "--out", out)) == 0
        assert out.read_bytes() == first
    json.loads((tmp_path / "list.json").read_bytes())
    (tmp_path / "mine.csv").write_text("evidence")
    assert code(road.on_case("grade signals", "--out", tmp_path / "mine.csv")) == 7
    assert code(road.on_case("grade signals", "--out", tmp_path / "list.txt")) == 2
    missing = ("--case", "NO", "--db", road.database)
    assert code(road.call("grade", "signals", *missing)) == 2
