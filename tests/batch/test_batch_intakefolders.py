"""Intake folders: images are found by their names, and nothing outside the folders is reached."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from road import IMAGES
from triage.batch import intakefolders
from triage.batch.intakefolders import IntakeImage, is_first_file, list_images, resolve
from triage.errors import UsageFault
from triage.ingest.containers.ewf_names import segment_number
from triage.ingest.evidence import open_evidence

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@pytest.fixture
def intake(tmp_path: Path) -> Path:
    folder = tmp_path / "intake"
    folder.mkdir()
    return folder


def put(path: Path, content: bytes = b"medium") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def listed(*folders: Path) -> tuple[IntakeImage, ...]:
    return list_images([str(one) for one in folders]).images


def names(*folders: Path) -> set[str]:
    return {"/".join((*one.within, one.name)) for one in listed(*folders)}


@pytest.mark.parametrize(
    "name",
    [
        *("ABC1.E01", "abc1.e01", "a.s01", "a.Ex01", "a.001", "a.000", "a.dd", "A.RAW", "a.img"),
        *("a.L01", "a.Lx01", "a.vmdk", "a.qcow2", "a.VHDX", "a.vhd", "a.vdi", "a.dmg"),
        *("a.zip", "a.tar", "a.tar.gz", "a.ufdr", "a.ufd", "a.ufdx", "a.ab"),
    ],
)
def test_first_files_of_images_are_offered(name: str) -> None:
    assert is_first_file(name)


@pytest.mark.parametrize(
    "name",
    [
        "a.E02",
        "a.002",
        "a.jpg",
        "a.txt",
        "E01",
        ".E01",
        "a.E01.txt",
        "a.L02",
        "a-s001.vmdk",
        "a-flat.vmdk",
        "a.rar",
        "a.gz",
        "a.EAA",
        "a.aa",
        "dd",
    ],
)
def test_other_files_are_not(name: str) -> None:
    assert not is_first_file(name)


@given(suffix=st.from_regex(re.compile(r"\.(E|S|Ex)[0-9]{2}", re.IGNORECASE), fullmatch=True))
def test_of_an_ewf_set_the_one_that_ingest_numbers_first_is_offered(suffix: str) -> None:
    number = max(segment_number(suffix, series) for series in ("E", "S", "Ex"))
    assert is_first_file(f"a{suffix}") is (number == 1)


def test_what_is_offered_is_opened_by_ingest(intake: Path) -> None:
    shutil.copy(IMAGES / "exfat.E01", intake / "ABC1.E01")
    (one,) = listed(intake)
    found = resolve([str(intake)], one.image_id)
    evidence = open_evidence(found.path)
    assert evidence.info.size_bytes == 2_097_152
    evidence.close()
    assert found.size_bytes == (IMAGES / "exfat.E01").stat().st_size


def test_subfolders_are_looked_through_to_a_depth(intake: Path) -> None:
    put(intake / "a.E01")
    put(intake / "OP-X" / "ABC 1" / "b.E01")
    put(intake / "1" / "2" / "3" / "c.dd")
    put(intake / "1" / "2" / "3" / "4" / "d.dd")
    put(intake / ".hidden" / "e.dd")
    found = list_images([str(intake)])
    assert {"/".join((*one.within, one.name)) for one in found.images} == {
        "a.E01",
        "OP-X/ABC 1/b.E01",
        "1/2/3/c.dd",
    }
    assert found.cut


def test_a_set_is_one_image_with_the_size_of_all_parts(intake: Path) -> None:
    for number, size in ((1, 10), (2, 20), (3, 30)):
        put(intake / f"a.E0{number}", b"x" * size)
        put(intake / f"b.00{number - 1}", b"x" * size)
    put(intake / "a.EAA", b"x")
    put(intake / "other.E02", b"x" * 1000)
    told = {one.name: (one.size_bytes, one.parts) for one in listed(intake)}
    assert told == {"a.E01": (61, 4), "b.000": (60, 3)}


@posix
def test_links_and_what_is_no_file_are_not_offered(intake: Path, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.E01")
    (intake / "link.E01").symlink_to(outside)
    (intake / "folder").symlink_to(outside.parent)
    (intake / "image.dd").mkdir()
    os.mkfifo(intake / "pipe.dd")
    (intake / "zero.dd").symlink_to("/dev/zero")
    put(intake / "a.001")
    (intake / "a.002").symlink_to(outside)
    put(intake / "empty.dd", b"")
    assert listed(intake) == ()


@posix
@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_link_put_there_after_the_listing_is_refused(
    intake: Path, tmp_path: Path, where: str
) -> None:
    outside = put(tmp_path / "outside" / "a.E01", b"medium")
    inside = put(intake / "sub" / "a.E01", b"medium")
    told = inside.stat()
    (one,) = listed(intake)
    os.utime(outside, ns=(told.st_atime_ns, told.st_mtime_ns))
    if where == "file":
        inside.unlink()
        inside.symlink_to(outside)
    else:
        shutil.rmtree(inside.parent)
        (intake / "sub").symlink_to(outside.parent)
    with pytest.raises(UsageFault, match="has changed or is not there"):
        resolve([str(intake)], one.image_id)


@posix
def test_a_link_that_wins_the_race_is_refused_when_it_is_opened(
    intake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(intake / "a.E01")
    (one,) = listed(intake)
    outside = put(tmp_path / "outside.E01")
    (intake / "a.E01").unlink()
    (intake / "a.E01").symlink_to(outside)
    monkeypatch.setattr(intakefolders._Looking, "images", lambda _: (one,))
    with pytest.raises(UsageFault):
        resolve([str(intake)], one.image_id)


def test_an_image_that_changed_has_another_id(intake: Path) -> None:
    put(intake / "a.E01")
    (before,) = listed(intake)
    put(intake / "a.E02", b"more is being copied")
    with pytest.raises(UsageFault):
        resolve([str(intake)], before.image_id)
    (after,) = listed(intake)
    assert resolve([str(intake)], after.image_id).path == intake / "a.E01"


@given(image_id=st.text(max_size=40) | st.sampled_from(["../../etc/passwd", "", "0" * 32]))
def test_no_made_up_id_finds_anything(
    tmp_path_factory: pytest.TempPathFactory, image_id: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "made-up"
    put(folder / "a.E01")
    with pytest.raises(UsageFault):
        resolve([str(folder)], image_id)


def test_ids_say_nothing_of_the_place(intake: Path) -> None:
    put(intake / "a.E01")
    (one,) = listed(intake)
    assert re.fullmatch("[0-9a-f]{32}", one.image_id)


def test_folders_that_are_away_are_named_by_number(intake: Path, tmp_path: Path) -> None:
    put(intake / "a.E01")
    found = list_images([str(tmp_path / "gone"), "relative/folder", str(intake)])
    assert (found.away, [one.folder for one in found.images]) == ((1, 2), [3])


def test_a_huge_folder_is_cut_and_says_so(intake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        put(intake / f"{number:02}.E01")
    monkeypatch.setattr(intakefolders, "SEEN_MOST", 10)
    found = list_images([str(intake)])
    assert (len(found.images), found.cut) == (10, True)
    monkeypatch.setattr(intakefolders, "SEEN_MOST", 100)
    monkeypatch.setattr(intakefolders, "SHOWN_MOST", 20)
    found = list_images([str(intake)])
    assert (len(found.images), found.cut) == (20, True)


def test_the_newest_stands_first(intake: Path) -> None:
    for number, name in enumerate(("a.dd", "b.dd", "c.dd")):
        put(intake / name)
        os.utime(intake / name, (1_000_000 + number, 1_000_000 + number))
    assert [one.name for one in listed(intake)] == ["c.dd", "b.dd", "a.dd"]


@posix
def test_names_that_cannot_be_shown_are_left_out(intake: Path) -> None:
    put(intake / "a\u202eb.dd")
    put(intake / "c\x1b[2J.dd")
    (Path(os.fsdecode(os.fsencode(intake) + b"/\xff.dd"))).write_bytes(b"x")
    put(intake / "d.dd")
    assert names(intake) == {"d.dd"}
