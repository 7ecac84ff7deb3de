"""What one process found at opening serves another: same bytes, same damage, no second look."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest
from ewf2_recipe import segments
from ewf2_recipe import write as write2
from ewf_law import whole

from triage.errors import EvidenceError
from triage.ingest.container import Container, open_container
from triage.ingest.containers import ewf, raw
from triage.ingest.containers.files import SegmentFiles
from triage.ingest.evidence import (
    Evidence,
    Handover,
    ImageEvidence,
    open_evidence,
    reopen_evidence,
)
from triage.model.volume import VolumeState

FIXTURES = Path(__file__).parents[2] / "fixtures"
IMAGES = FIXTURES / "images"
HOSTILE = FIXTURES / "hostile"
CASES = (
    *(IMAGES / name for name in ("gpt.raw", "gpt.E01", "ext4.E02", "gpt-split.002", "fat16.E01")),
    *(HOSTILE / name for name in ("flip-stored.E01", "missing-segment.E03", "table-both.E01")),
    *(
        HOSTILE / name
        for name in ("truncated.E01", "flip-compressed.E01", "table.E01", "short.raw")
    ),
)


def sent(value: Handover) -> Handover:
    """Give the value as it comes out of a pipe to another process."""
    told: Handover = pickle.loads(pickle.dumps(value))  # noqa: S301  (made a line before)
    return told


def medium(evidence: Evidence) -> Container:
    assert isinstance(evidence, ImageEvidence)
    return evidence._container


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_a_handover_gives_what_opening_anew_gives(path: Path) -> None:
    first = open_evidence(path)
    other = open_evidence(path, sent(first.handover()))
    assert other.info == first.info
    assert whole(medium(other)) == whole(medium(open_evidence(path)))
    assert other.info.damage == open_container(path).info.damage
    anew = open_container(path)
    whole(anew)
    assert other.damage() == anew.damage()
    for volume in first.survey().volumes:
        if volume.state is VolumeState.OPENED:
            roots = other.filesystem(volume.key).roots()
            assert roots == first.filesystem(volume.key).roots()


def test_an_ex01_is_handed_over_as_well(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1_024
    path = write2(tmp_path, segments(data))
    first = open_container(path)
    known = first.handover()
    assert known is not None
    other = open_container(path, pickle.loads(pickle.dumps(known)))  # noqa: S301  (made here)
    assert (other.info, whole(other)) == (first.info, whole(first))
    assert other.info.kind == first.info.kind


@pytest.mark.parametrize("name", ["ext4.E01", "gpt.raw", "ntfs-split.001"])
def test_nothing_is_read_before_it_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = open_evidence(IMAGES / name).handover()
    reads: list[int] = []
    plain = SegmentFiles.pread

    def counted(self: SegmentFiles, index: int, offset: int, length: int) -> bytes:
        reads.append(length)
        return plain(self, index, offset, length)

    monkeypatch.setattr(SegmentFiles, "pread", counted)
    other = open_evidence(IMAGES / name, known)
    assert other.handover() == known
    assert reads == []


def test_a_set_that_was_copied_elsewhere_still_fits(tmp_path: Path) -> None:
    known = open_evidence(IMAGES / "ext4.E01").handover()
    assert known.container is not None
    for path in IMAGES.glob("ext4.E0?"):
        shutil.copy2(path, tmp_path)
    assert known.container.fits(tmp_path / "ext4.E03")
    assert not known.container.fits(tmp_path / "ext4.E09")
    (tmp_path / "ext4.E02").unlink()
    assert not known.container.fits(tmp_path / "ext4.E01")


@pytest.mark.parametrize("change", ["time", "size"])
def test_a_file_that_changed_is_opened_as_if_nothing_were_known(
    tmp_path: Path, change: str
) -> None:
    path = tmp_path / "gpt.raw"
    shutil.copy2(IMAGES / "ext2.raw", path)
    known = open_evidence(path).handover()
    before = path.stat()
    shutil.copy2(IMAGES / "fat16.raw", path)
    if change == "time":
        os.truncate(path, before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        os.truncate(path, before.st_size + 512)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    other = open_evidence(path, known)
    assert other.info == open_evidence(path).info
    assert other.info.key != open_evidence(IMAGES / "ext2.raw").info.key
    assert other.handover().volumes == open_evidence(path).survey().volumes


def test_a_handover_is_small() -> None:
    known = open_evidence(IMAGES / "mbr.E01").handover()
    assert known.container is not None
    assert len(pickle.dumps(known)) < 8_000


def test_a_folder_needs_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    known = sent(open_evidence(tmp_path).handover())
    assert known.container is None
    assert open_evidence(tmp_path, known).survey() == open_evidence(tmp_path).survey()


def test_a_handover_of_another_format_is_refused() -> None:
    of_raw = open_container(IMAGES / "gpt.raw").handover()
    of_ewf = open_container(IMAGES / "gpt.E01").handover()
    assert of_raw is not None
    assert of_ewf is not None
    with pytest.raises(EvidenceError, match="was opened as raw"):
        ewf.reopen_ewf(IMAGES / "gpt.E01", of_raw)
    with pytest.raises(EvidenceError, match="was opened as ewf"):
        raw.reopen_raw(IMAGES / "gpt.raw", of_ewf)


def test_other_evidence_at_the_same_place_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "disk.raw"
    place.write_bytes(bytes(range(256)) * 4096)
    before = open_evidence(place)
    handover = before.handover()
    before.close()
    reopen_evidence(place, handover).close()
    place.write_bytes(bytes(range(256))[::-1] * 4096)
    os.utime(place, ns=(1, 1))
    with pytest.raises(EvidenceError, match="no longer the evidence that was listed"):
        reopen_evidence(place, handover)
