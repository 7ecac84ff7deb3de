"""The pure parts of the benchmark: what its figures are drawn from."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import bench_disk
import bench_entries
import bench_ewf
import bench_plan
import bench_process
import bench_profile
import bench_sets
import bench_tables
import bench_tree
import numpy as np
import pytest
from bench_results import Results, Spread
from bench_targets import targets
from PIL import Image

from triage.hashing.stream import digest_bytes
from triage.ingest.filetype import libmagic

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
IMAGES = json.loads((FIXTURES / "truth" / "images.json").read_text("utf-8"))

POSIX = pytest.mark.skipif(os.name != "posix", reason="the benchmark runs on Linux")


def test_chunks_of_an_e01_are_its_medium() -> None:
    place = FIXTURES / "images" / "ntfs.E01"
    medium = bytearray()
    for _, offset, length, compressed in bench_ewf.chunks([place]):
        with place.open("rb") as opened:
            opened.seek(offset)
            raw = opened.read(length)
        medium += zlib.decompress(raw) if compressed else raw[:-4]
    record = IMAGES["ntfs"]
    found = hashlib.sha1(medium[: record["media_size_bytes"]], usedforsecurity=False)
    assert found.hexdigest() == record["media_sha1"]


def test_partitions_are_where_sfdisk_put_them(tmp_path: Path) -> None:
    sfdisk = bench_disk.tool("sfdisk")
    if sfdisk is None:
        pytest.skip("sfdisk is not installed")
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(4 << 20))
    script = "label: dos\nstart=2048, size=1024, type=7\nstart=4096, size=2048, type=83\n"
    subprocess.run([sfdisk, "-q", str(disk)], input=script, text=True, check=True)
    assert bench_plan._partitions(disk) == [
        (7, 2048 * 512, 1024 * 512),
        (0x83, 4096 * 512, 2048 * 512),
    ]


def test_joined_volumes_stand_in_the_table_that_sfdisk_reads(tmp_path: Path) -> None:
    sfdisk = bench_disk.tool("sfdisk")
    if sfdisk is None:
        pytest.skip("sfdisk is not installed")
    volumes = []
    for nth, kind in enumerate((bench_disk.NTFS, bench_disk.LINUX)):
        place = tmp_path / f"p{nth}"
        place.write_bytes(bytes((nth + 1) << 20) + b"end" + bytes((1 << 20) - 3))
        volumes.append((kind, place))
    disk = tmp_path / "disk.raw"
    bench_disk.joined(disk, volumes)
    done = subprocess.run([sfdisk, "--json", str(disk)], capture_output=True, check=True)
    table = json.loads(done.stdout)["partitiontable"]["partitions"]
    assert [(one["start"], one["size"], one["type"]) for one in table] == [
        (2048, 4096, "7"),
        (6144, 6144, "83"),
    ]
    assert disk.read_bytes()[(6144 + 4096) * 512 :].startswith(b"end")


def test_movies_are_mp4_to_libmagic() -> None:
    magic, _ = libmagic()
    made = bench_tree._movie(bytes(1000))
    assert magic.from_buffer(made) == "video/mp4"


def test_entries_are_as_many_as_asked_and_some_are_pictures(tmp_path: Path) -> None:
    truth = bench_entries.make(tmp_path, 1200, 1)
    files = [place for place in tmp_path.rglob("*") if place.is_file()]
    assert len(files) == truth["files"] == 1200
    assert sum(place.stat().st_size for place in files) == truth["content_bytes"]
    pictures = [place for place in files if place.suffix == ".png"]
    assert len(pictures) == truth["pictures"] == 30
    with Image.open(pictures[0]) as opened:
        assert opened.size == (48, 48)
    assert len({place.read_bytes() for place in files}) == 1200


def test_set_rows_are_distinct_and_hold_what_is_known() -> None:
    known = [{"md5": "m", "sha1": "s", "size": "7"}]
    header, *rows = bench_sets.rows(500, known, "1")
    assert header == "md5,sha1,size,category"
    assert rows[-1] == "m,s,7,1"
    drawn = [row.split(",") for row in rows[:-1]]
    assert len({row[0] for row in drawn}) == 500
    assert {(len(row[0]), len(row[1])) for row in drawn} == {(32, 40)}
    assert all(10_000 <= int(row[2]) <= 8_000_000 for row in drawn)


@POSIX
def test_cost_counts_time_memory_and_exit_code_of_children() -> None:
    child = "x = bytearray(60 << 20); import time; time.sleep(.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); exit(3)"
    cost = bench_process.run([sys.executable, "-c", parent])
    assert cost.exit_code == 3
    assert cost.wall_s > 0.3
    if Path("/proc/self/status").exists():
        assert cost.worker_mib > 60 > cost.parent_mib > 1


@POSIX
def test_a_command_that_takes_too_long_is_ended() -> None:
    cost = bench_process.run([sys.executable, "-c", "import time; time.sleep(60)"], limit_s=0.2)
    assert cost.exit_code == 124
    assert cost.wall_s < 30


def test_spread_is_median_and_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(median=2.0, low=1.0, high=3.0)
    assert Spread.of([]) is None


def _raw(**changed: Any) -> dict[str, Any]:
    run = {"round": 0, "workers": 2, "warm": True, "good": True, "worker_mib": 90.0}
    plain = {
        "runs": [
            run | {"tool": "digests only", "image": "raw", "wall_s": 5.0},
            run | {"tool": "fiwalk", "image": "raw", "workers": 1, "wall_s": 20.0},
        ],
        "rates": [{"digest_mb_s": 400.0, "inflate_chunk_s": 1e-4, "picture_s": 0.005}],
        "parts": [],
        "entries": [],
        "machine": {"cores": 2},
        "packing": {"stored_chunk_s": 1e-5},
        "content": {"digested_bytes": 3_200_000_000, "chunks": 10_000, "hashed_pictures": 400},
    }
    return plain | changed


def test_limits_are_the_bare_work_shared_by_the_workers() -> None:
    results = Results(_raw())
    assert results.limit_s("digests only", "raw", 1) == pytest.approx(8.0)
    assert results.limit_s("digests only", "raw", 2) == pytest.approx(4.0)
    assert results.limit_s("digests only", "E01 deflated", 2) == pytest.approx(4.5)
    assert results.limit_s("digests only", "E01 stored", 1) == pytest.approx(8.1)
    assert results.limit_s("full", "raw", 2) == pytest.approx(5.0)


def test_targets_tell_what_was_reached() -> None:
    found = {one.words: one for one in targets(Results(_raw()))}
    share = found["digests only, raw, 2 workers, warm: share of the limit"]
    assert share.reached == Spread(median=0.8, low=0.8, high=0.8)
    assert (share.bound, share.verdict) == ("≥ 0.85", "no")
    peer = found["digests only, raw, 2 workers, warm: times as fast as fiwalk"]
    assert peer.reached == Spread(median=4.0, low=4.0, high=4.0)
    assert peer.verdict == "yes"
    assert found["PDQ / pdqhash at 12 MP grey"].verdict == "not measured"


def test_runs_that_failed_are_no_figures() -> None:
    raw = _raw()
    raw["runs"][0]["good"] = False
    assert Results(raw).runs("digests only", "raw", 2, warm=True) == {}


def test_section_is_replaced_between_its_markers_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "a\n<!-- bench:S -->\nold\n<!-- /bench:S -->\nb <!-- bench:L --><!-- /bench:L -->"
    )
    bench_tables.write_section(page, "S", r"new \1")
    assert page.read_text() == (
        "a\n<!-- bench:S -->\n\nnew \\1\n\n<!-- /bench:S -->\nb <!-- bench:L --><!-- /bench:L -->"
    )
    with pytest.raises(ValueError, match="no markers for XS"):
        bench_tables.write_section(page, "XS", "")


def test_the_page_has_a_place_for_every_table() -> None:
    page = FIXTURES.parent / "docs" / "benchmarks.md"
    text = page.read_text("utf-8")
    for name in ("S", "L", "entries"):
        assert text.index(f"<!-- bench:{name} -->") < text.index(f"<!-- /bench:{name} -->")


def test_time_is_booked_on_the_stage_that_the_stack_shows() -> None:
    found: list[str] = []

    class Telling(bytes):
        __slots__ = ()

        def __len__(self) -> int:
            found.append(bench_profile.stage_of(sys._getframe()))
            return super().__len__()

    digest_bytes(Telling(b"abc"))
    assert found == ["digest"]
    assert bench_profile.stage_of(None) == "other"


@POSIX
def test_the_profile_books_nearly_all_time() -> None:
    with bench_profile.Sampler() as sampler:
        total = np.zeros(1000)
        for _ in range(20_000):
            total += np.sqrt(total + 1)
    assert set(sampler.booked) == set(bench_profile.STAGES)
    assert sum(sampler.booked.values()) > 0


def test_figures_of_many_files_need_no_other_runs() -> None:
    rows = [
        {"entries": 10_000, "file_us": 100.0, "parent_mib": 80.0, "worker_mib": 90.0},
        {"entries": 1_000_000, "file_us": 110.0, "parent_mib": 250.0, "worker_mib": 310.0},
    ]
    found = targets(Results(_raw(runs=[], rates=[], entries=rows)))
    assert [(one.bound, one.verdict) for one in found] == [
        ("≤ 300 MiB", "yes"),
        ("≤ 300 MiB", "no"),
        ("≤ 1.2", "yes"),
    ]
