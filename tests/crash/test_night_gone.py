"""Evidence that disappears in the middle of a run stops it, and nothing is settled for that."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nightly import OwnPool, work_in_this_process
from road import CASE, EXHIBIT, FIXTURES, IMAGES, Road
from triage.errors import EvidenceGone
from triage.grading.scheme import SchemeBook
from triage.ingest.containers import files
from triage.ingest.filesystems import folder
from triage.matching.library import PackLibrary
from triage.model.event import Event, Progress, Stage
from triage.pipeline.run import ExhibitRun, RunRequest
from triage.pipeline.tasks import close_evidence
from triage.scheduler import ProcessPool
from triage.store.database import open_store

Read = Callable[[int, int, int], bytes]
SMALL = ("ext4.raw", "fat16.E01")


def copied(name: str, to: Path) -> Path:
    """Copy an image, all of its segments, and give the first."""
    to.mkdir()
    stem, _, _ = name.partition(".")
    for one in IMAGES.glob(f"{stem}.*" if not name.endswith(".raw") else name):
        shutil.copy(one, to / one.name)
    return to / name


def quiet(tmp_path: Path, image: Path) -> bytes:
    road = own(tmp_path / "quiet")
    road.run(image)
    return road.export("jsonl", road.folder)


def own(folder: Path) -> Road:
    folder.mkdir()
    road = Road(folder)
    road.confirm("uk")
    return road


def failing(after: int, how: Callable[[], None], number: int) -> tuple[Read, list[int]]:
    """Give a read that fails for good after so many, and how many there were."""
    real, reads = files._pread, [0]

    def pread(descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        reads[0] += 1
        if reads[0] == after:
            how()
        if reads[0] >= after:
            raise OSError(number, os.strerror(number))
        data: bytes = real(descriptor, length_bytes, offset_bytes)
        return data

    return pread, reads


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_a_share_that_goes_at_any_read_is_told_and_gone_on_with(
    tmp_path: Path, name: str, number: int
) -> None:
    image = copied(name, tmp_path / "images")
    expected = quiet(tmp_path, image)
    road = own(tmp_path / "road")
    away = tmp_path / "away"

    def unmount() -> None:
        if number == errno.EIO:  # the path goes too; ESTALE says it all by itself
            image.parent.rename(away)

    gone = 0
    for after in (2, 20, 70, 110):
        pread, reads = failing(after, unmount, number)
        words = []
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(EvidenceGone):
            patch.setattr(files, "_pread", pread)
            try:
                road.run(image)
            except EvidenceGone as error:
                words.append(error.message)
                raise
        gone += len(words)
        assert words or reads[0] < after
        assert all(image.stem in one and str(tmp_path) not in one for one in words)
        close_evidence()
        if away.exists():
            away.rename(image.parent)
    assert gone >= 2
    road.run(image)
    assert road.summary().tally.failed == ()
    assert road.export("jsonl", road.folder) == expected


def test_a_bad_sector_is_no_share_that_is_gone(tmp_path: Path) -> None:
    image = copied("ext4.raw", tmp_path / "images")
    road, real = Road(tmp_path), files._pread

    def pread(descriptor: int, length_bytes: int, offset_bytes: int) -> bytes:
        if offset_bytes <= 1_500_000 < offset_bytes + length_bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        data: bytes = real(descriptor, length_bytes, offset_bytes)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_pread", pread)
        road.run(image)
    damage = [one for one in road.summary().problems if "read-error" in one.detail]
    assert [(one.offset_bytes, one.length_bytes) for one in damage] == [(1_499_648, 512)]


def test_an_image_that_is_cut_meanwhile_is_not_what_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_in_this_process(monkeypatch)
    image = copied("ext4.raw", tmp_path / "images")
    expected = quiet(tmp_path, image)
    road, whole = own(tmp_path / "road"), image.read_bytes()

    def cut(told: Event) -> None:
        if isinstance(told, Progress) and told.stage is Stage.DIGESTING:
            os.truncate(image, 4096)

    with pytest.raises(EvidenceGone, match=r"4096 bytes now, \d+ when it was opened"):
        run(road, image, OwnPool(), cut)
    image.write_bytes(whole)
    road.run(image)
    assert road.export("jsonl", road.folder) == expected


@pytest.mark.parametrize("stage", [Stage.LISTING, Stage.DIGESTING, Stage.PICTURES])
def test_workers_that_have_to_open_an_image_again_that_is_away(
    tmp_path: Path, stage: Stage
) -> None:
    image = copied("album.raw", tmp_path / "images")
    expected = quiet(tmp_path, image)
    road, away = own(tmp_path / "road"), tmp_path / "away"
    pool = ProcessPool(workers=2)

    def rename(told: Event) -> None:
        if isinstance(told, Progress) and told.stage is stage and image.exists():
            image.parent.rename(away)
            for worker in pool._workers:
                worker.process.kill()

    with pytest.raises(EvidenceGone, match=r"album\.raw"):
        run(road, image, pool, rename)
    away.rename(image.parent)
    road.run(image)
    assert road.export("jsonl", road.folder) == expected


def test_a_folder_that_is_unmounted_leaves_an_empty_one(tmp_path: Path) -> None:
    source = tmp_path / "evidence"
    for number in range(40):
        (source / f"d{number % 4}").mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / "pictures" / "harbour.jpg", source / f"d{number % 4}/{number}.jpg")
        (source / f"d{number % 4}/{number}.txt").write_text(f"note {number}")
    for one in (source, *source.rglob("*")):
        os.utime(one, (4e9, 1e9))  # looked at in the future: looking at it now changes nothing
    expected = quiet(tmp_path, source)
    away = tmp_path / "away"
    for at, name in enumerate(("_real", "_chunks")):
        road, calls = own(tmp_path / name), [0]
        real = getattr(folder.FolderFileSystem, name)

        def vanish(*given: object, real: Callable[..., object] = real) -> object:
            calls[0] += 1  # noqa: B023  (called before the next turn)
            if calls[0] == 30:  # noqa: B023
                source.rename(away)
                source.mkdir()
            return real(*given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folder.FolderFileSystem, name, vanish)
            with pytest.raises(EvidenceGone):
                road.run(source)
        assert calls[0] >= 30, at
        source.rmdir()
        away.rename(source)
        road.run(source)
        assert road.export("jsonl", road.folder) == expected


def run(
    road: Road, image: Path, pool: ProcessPool | OwnPool, tell: Callable[[Event], None]
) -> None:
    request = RunRequest(case=CASE, exhibit=EXHIBIT, images=(image,), workers=2)
    try:
        with open_store(f"sqlite:///{road.db}", create=True) as store:
            ExhibitRun(
                request=request,
                store=store,
                pool=pool,
                library=PackLibrary(road.home),
                book=SchemeBook(road.home),
                tell=tell,
            ).run()
    finally:
        pool.close()
