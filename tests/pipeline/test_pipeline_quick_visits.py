"""What a visit to an archive does not get to is looked at by itself, with the same result."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from road import Road
from triage.grading.scheme import SchemeBook
from triage.model.hashset import Polarity
from triage.pipeline import visit
from triage.pipeline.quick import visiting
from triage.pipeline.quick.result import QuickResult
from triage.pipeline.quick.run import QuickPass, QuickRequest
from triage.pipeline.quick.tasks import close_evidence
from triage.pipeline.quick.values import ArchiveItem, FoldersItem
from triage.scheduler import Batch, InlinePool, LossKind, Lost, Pool, Result

BAD = b"to be found" * 300


class Losing(InlinePool):
    """Loses every visit to an archive, and folders that travel in company."""

    def run(self, batches: Iterable[Batch]) -> Iterator[Result]:
        for result in super().run(batches):
            item = result.item
            group = isinstance(item, FoldersItem) and len(item.folders) > 1
            lost = group or isinstance(item, ArchiveItem)
            yield Lost(item=item, kind=LossKind.CRASH, detail="gone") if lost else result


@pytest.fixture
def device(road: Road) -> Path:
    folder = road.folder / "device"
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bad.bin", BAD)
        archive.writestr("other.bin", b"other" * 70)
    for name in ("one", "two", "three"):
        (folder / name).mkdir(parents=True)
        with zipfile.ZipFile(folder / name / "box.zip", "w") as archive:
            archive.writestr("words.txt", name)
            archive.writestr("inner.zip", inner.getvalue())
    listed = road.folder / "bad.csv"
    digests = ",".join(hashlib.new(kind, BAD).hexdigest() for kind in ("md5", "sha1", "sha256"))
    listed.write_text(f"md5,sha1,sha256,size\n{digests},{len(BAD)}\n")
    road.take(listed, "bad", Polarity.KNOWN_BAD)
    return folder


def quick(road: Road, image: Path, pool: Pool) -> QuickResult:
    try:
        result = QuickPass(
            request=QuickRequest(images=(image,)),
            pool=pool,
            home=road.home,
            book=SchemeBook(road.home),
            tell=lambda _: None,
        ).run()
    finally:
        close_evidence()
    return replace(result, started_at="", effort=replace(result.effort, seconds=0.0))


def test_lost_visits_cost_nothing(road: Road, device: Path) -> None:
    quiet = quick(road, device, InlinePool())
    assert len(quiet.hits) == 3
    assert quick(road, device, Losing()) == quiet


def test_a_visit_may_end_at_any_member(
    road: Road, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = quick(road, device, InlinePool())
    for members in (0, 1):
        monkeypatch.setattr(visit, "VISIT_MEMBERS", members)
        assert quick(road, device, InlinePool()) == quiet


def test_sizes_too_many_to_be_told_change_nothing(
    road: Road, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = quick(road, device, InlinePool())
    monkeypatch.setattr(visiting, "TOLD_SIZES", 0)
    assert quick(road, device, InlinePool()) == quiet
