"""A parser that crashes, hangs or eats memory costs the entry it was at, and that is said."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import crash_tasks
import pytest
from click.testing import Result

import triage.scheduler
from road import FIXTURES, IMAGES, Road, code
from triage.model.hashset import Polarity
from triage.pipeline import calls
from triage.scheduler import ProcessPool

Task = Callable[[Any], Any]
Row = dict[str, Any]

REASONS = {
    "abort": "parser-crash",
    "segfault": "parser-crash",
    "raise": "parser-crash",
    "loop": "time-limit",
    "memory": "memory-limit",
}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02d}.txt").write_text(f"note {number}")
    shutil.copy(FIXTURES / "pictures" / "harbour.jpg", folder / "harbour.jpg")
    return folder


@pytest.fixture
def run(
    road: Road, two_workers: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Give ``triage run`` over workers that run other functions than it asks for."""

    def start(swapped: dict[Task, Task], *images: Path) -> Result:
        pool = crash_tasks.Sabotaged(two_workers, swapped)
        monkeypatch.setattr(triage.scheduler, "ProcessPool", lambda **_: pool)
        words = ("--exhibit", "ABC/1", "--json", "--entry-time", "1", "--picture-time", "1")
        return road.on_case("run", *images, *words)

    return start


def check(result: Result, road: Road) -> Row:
    """Give the result page of a run that ended with gaps and accounts for everything."""
    assert code(result) == 3, result.output
    page: Row = json.loads(result.stdout)
    assert page["colour"] == "amber"
    assert page["tally"]["holds"]
    assert page["tally"]["pending"] == 0
    assert page["tally"]["listed"] == len(road.files())
    return page


def test_only_the_guilty_entries_fail_each_with_its_reason(
    road: Road, run: Callable[..., Result], evidence: Path
) -> None:
    for place, name in enumerate(REASONS):
        (evidence / f"{place * 12:02d}-{name}.txt").write_text("dangerous")
    page = check(run({calls.digest_entry: crash_tasks.digest}, evidence), road)
    rows = {row["path"].lstrip("/"): row for row in road.files() if row["kind"] == "file"}
    guilty = {name: row for name, row in rows.items() if row["state"] == "failed"}
    assert {name[3:-4]: row["reason"] for name, row in guilty.items()} == REASONS
    assert all(row["detail"] for row in guilty.values())
    assert all(row["sha256"] is None for row in guilty.values())
    assert {row["state"] for name, row in rows.items() if name not in guilty} == {"digested"}
    assert page["tally"]["failed"] == {"memory-limit": 1, "parser-crash": 3, "time-limit": 1}
    assert any("time limit" in gap or "time-limit" in gap for gap in page["not_examined"])
    assert "\x1b" not in road.on_case("files").output


def test_a_picture_decoder_that_crashes(
    road: Road, run: Callable[..., Result], evidence: Path
) -> None:
    for name in ("abort", "loop", "memory"):
        number = ("abort", "loop", "memory").index(name)
        source = ("meadow.jpg", "canyon.jpg", "market.jpg")[number]
        shutil.copy(FIXTURES / "pictures" / source, evidence / f"{name}.jpg")
    page = check(run({calls.decode_picture: crash_tasks.decode}, evidence), road)
    rows = {row["path"]: row for row in road.files("--type", "picture")}
    assert {path: row["picture_reason"] for path, row in rows.items()} == {
        "/abort.jpg": "decoder-crash",
        "/loop.jpg": "time-limit",
        "/memory.jpg": "memory-limit",
        "/harbour.jpg": None,
    }
    assert {row["state"] for row in rows.values()} == {"digested"}
    assert rows["/harbour.jpg"]["pdq"]
    assert page["pictures"]["not_hashed"]["decoder-crash"] == 1


def test_a_folder_whose_listing_crashes(
    road: Road, run: Callable[..., Result], evidence: Path
) -> None:
    for name in ("abort", "fine", "raise"):
        (evidence / name / "below").mkdir(parents=True)
        (evidence / name / "below" / "x.txt").write_text(name)
    page = check(run({calls.list_folders: crash_tasks.list_folders}, evidence), road)
    problems = {(one["kind"], one["path"]) for one in page["problems"]}
    assert problems == {("directory-unreadable", "/abort"), ("directory-unreadable", "/raise")}
    paths = {row["path"] for row in road.files()}
    assert "/fine/below/x.txt" in paths
    assert {"/abort", "/raise", "/00.txt"} <= paths
    assert not any(path.startswith(("/abort/", "/raise/")) for path in paths)


def test_an_archive_whose_listing_crashes(
    road: Road, run: Callable[..., Result], evidence: Path
) -> None:
    for name in ("abort", "fine"):
        with zipfile.ZipFile(evidence / f"{name}.zip", "w") as archive:
            archive.writestr("inside.txt", f"inside {name}")
    swapped: dict[Task, Task] = {
        calls.list_archive: crash_tasks.list_archive,
        calls.visit_archive: crash_tasks.visit_archive,
    }
    page = check(run(swapped, evidence), road)
    assert [(one["kind"], one["path"]) for one in page["problems"]] == [
        ("archive-unreadable", "/abort.zip")
    ]
    rows = {row["path"]: row for row in road.files()}
    assert rows["/abort.zip"]["state"] == "digested"
    assert [path for path in rows if path.endswith("inside.txt")] == ["/fine.zip/inside.txt"]


def test_a_member_that_crashes_costs_neither_its_archive_nor_its_neighbours(
    road: Road, run: Callable[..., Result], evidence: Path
) -> None:
    with zipfile.ZipFile(evidence / "box.zip", "w") as archive:
        for name in ("first.txt", "abort.txt", "raise.txt", "last.txt"):
            archive.writestr(name, f"inside {name}")
    swapped: dict[Task, Task] = {
        calls.digest_entry: crash_tasks.digest,
        calls.visit_archive: crash_tasks.visit_archive,
    }
    page = check(run(swapped, evidence), road)
    assert page["problems"] == []
    inside = {row["path"].rpartition("/")[2]: row for row in road.files() if row["container"]}
    assert {name: row["reason"] for name, row in inside.items() if row["state"] == "failed"} == {
        "abort.txt": "parser-crash",
        "raise.txt": "parser-crash",
    }
    assert inside["last.txt"]["sha256"] == hashlib.sha256(b"inside last.txt").hexdigest()
    assert inside["first.txt"]["state"] == "digested"


def test_a_volume_that_crashes_when_it_is_opened(
    road: Road, run: Callable[..., Result], tmp_path: Path, evidence: Path
) -> None:
    image = shutil.copy(IMAGES / "iso9660.raw", tmp_path / "abort.raw")
    page = check(run({calls.find_roots: crash_tasks.find_roots}, Path(image), evidence), road)
    assert [(one["kind"], one["volume"]) for one in page["problems"]] == [("volume-damaged", "p0")]
    pictures = 8  # of its files, by its truth, are pictures: found without the names it cannot list
    assert page["tally"]["digested"] == 61 + pictures


def test_an_image_that_crashes_when_it_is_opened(
    road: Road, run: Callable[..., Result], tmp_path: Path, evidence: Path
) -> None:
    image = Path(shutil.copy(IMAGES / "iso9660.raw", tmp_path / "abort.raw"))
    alone = run({calls.survey: crash_tasks.survey}, image)
    assert code(alone) == 4
    page = check(run({calls.survey: crash_tasks.survey}, image, evidence), road)
    assert [one["kind"] for one in page["problems"]] == ["evidence-unreadable"]
    assert "abort.raw" in page["problems"][0]["detail"]
    assert str(tmp_path) not in json.dumps(page)


def test_a_crash_hides_no_hit(road: Road, run: Callable[..., Result], evidence: Path) -> None:
    (evidence / "30-abort.txt").write_text("dangerous")
    bad = evidence.parent / "bad.txt"
    bad.write_text("d97989fdafbff0df7aff24068d12ea8b\n")  # harbour.jpg, from fixtures/truth
    road.take(bad, "bad", Polarity.KNOWN_BAD)
    result = run({calls.digest_entry: crash_tasks.digest}, evidence)
    assert code(result) == 3
    page = json.loads(result.stdout)
    assert page["colour"] == "red"
    assert page["not_examined"]
