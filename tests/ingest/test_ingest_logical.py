"""Evidence of files, by a stand-in format: recognised first, handed over, found to be gone."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from triage.errors import EvidenceError, EvidenceGone
from triage.ingest import logical
from triage.ingest.evidence import (
    FolderEvidence,
    Handover,
    VolumeError,
    open_evidence,
    reopen_evidence,
)
from triage.ingest.filesystem import FileSystem
from triage.ingest.logical import LogicalFormat
from triage.ingest.logicalevidence import LogicalEvidence
from triage.ingest.reading import ContentError
from triage.ingest.volume import Survey
from triage.model.evidence import ContainerKind, DamagedRange, EvidenceInfo
from triage.model.volume import VolumeInfo, VolumeState

MARK = b"LINES\n"


def volume(key: str, state: VolumeState) -> VolumeInfo:
    """Give a volume of the stand-in."""
    return VolumeInfo(
        key=key,
        offset_bytes=0,
        length_bytes=0,
        table="lines",
        description="lines",
        state=state,
        filesystem="lines" if state is VolumeState.OPENED else "",
        reason="" if state is VolumeState.OPENED else "a password would open it",
    )


@dataclass
class Lines:
    """A source that holds nothing, and remembers whether it was given facts."""

    path: Path
    known: object | None
    surveys: int = 0

    @property
    def info(self) -> EvidenceInfo:
        name = self.path.name
        body = b"" if self.path.is_dir() else self.path.read_bytes()
        key = hashlib.blake2b(name.encode() + body, digest_size=8).hexdigest()
        return EvidenceInfo(
            key=key, name=name, kind=ContainerKind.ZIP, segments=(name,), size_bytes=len(body)
        )

    def survey(self) -> Survey:
        self.surveys += 1
        states = (VolumeState.OPENED, VolumeState.LOCKED)
        volumes = tuple(volume(f"p{number}", state) for number, state in enumerate(states))
        return Survey(volumes=volumes, problems=())

    def filesystem(self, volume_key: str) -> FileSystem:
        raise VolumeError(f"volume {volume_key}: has no files")

    def facts(self) -> object | None:
        return {"lines": 3}

    def damage(self) -> tuple[DamagedRange, ...]:
        return ()

    def gone(self) -> str:
        return "" if self.path.exists() else "the file is not there any more"

    def close(self) -> None:
        self.surveys = 0


def recognises(path: Path, head: bytes) -> bool:
    """Take files by their mark, folders by a file in them."""
    return head == b"" and (path / "lines").exists() if path.is_dir() else head.startswith(MARK)


@pytest.fixture(autouse=True)
def formats(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the stand-in be the only format."""
    row = LogicalFormat(name="lines", recognises=recognises, open=Lines, kinds=(ContainerKind.ZIP,))
    monkeypatch.setattr(logical, "LOGICALS", (row,))
    return iter(())


def sent(value: Handover) -> Handover:
    """Give a handover as another process gets it."""
    told: Handover = pickle.loads(pickle.dumps(value))  # noqa: S301  (made a line before)
    return told


def source_of(evidence: object) -> Lines:
    """Give the stand-in behind the evidence."""
    assert isinstance(evidence, LogicalEvidence)
    source = evidence._source
    assert isinstance(source, Lines)
    return source


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a file that the stand-in takes."""
    path = tmp_path / "a.lines"
    path.write_bytes(MARK + b"one\n")
    return path


def test_formats_of_files_are_asked_before_media_and_plain_folders(tmp_path: Path) -> None:
    top = tmp_path / "plain"
    top.mkdir()
    assert isinstance(open_evidence(top), FolderEvidence)
    (top / "lines").write_bytes(b"")
    evidence = open_evidence(top)
    assert isinstance(evidence, LogicalEvidence)
    assert evidence.handover().inode == top.stat().st_ino


def test_other_processes_get_facts_and_volumes_and_need_no_survey(file: Path) -> None:
    first = open_evidence(file)
    known = sent(first.handover())
    other = reopen_evidence(file, known)
    assert source_of(first).known is None
    assert source_of(other).known == {"lines": 3}
    with pytest.raises(VolumeError, match="password"):
        other.filesystem("p1")
    with pytest.raises(VolumeError, match="no files"):
        other.filesystem("p0")
    with pytest.raises(VolumeError, match="no volume p7"):
        other.filesystem("p7")
    assert source_of(other).surveys == 0
    assert other.handover() == known


def test_a_file_that_changed_is_found_out_about_anew_and_told_to_be_other(file: Path) -> None:
    known = sent(open_evidence(file).handover())
    file.write_bytes(MARK + b"one and more\n")
    assert source_of(open_evidence(file, known)).known is None
    with pytest.raises(EvidenceGone, match="no longer the evidence"):
        reopen_evidence(file, known)
    file.unlink()
    with pytest.raises(EvidenceGone):
        reopen_evidence(file, known)


def test_a_folder_in_the_place_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    top = tmp_path / "backup"
    top.mkdir()
    (top / "lines").write_bytes(b"")
    evidence = open_evidence(top)
    known = sent(evidence.handover())
    reopen_evidence(top, known).close()
    assert not evidence.gone()
    top.rename(tmp_path / "moved")
    assert "folder" in evidence.gone()
    top.mkdir()
    (top / "lines").write_bytes(b"")
    with pytest.raises(EvidenceGone):
        reopen_evidence(top, known)


def test_there_is_no_medium_under_files(file: Path) -> None:
    evidence = open_evidence(file)
    assert list(evidence.placed(())) == []
    with pytest.raises(ContentError):
        evidence.placed(((0, 5),))
    assert evidence.hurt(((0, 5),)) == ()
    assert evidence.damage() == ()


def test_a_file_that_fails_while_it_is_opened_is_an_error_of_the_evidence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path, facts: object | None) -> Lines:
        del facts
        raise OSError(5, "Input/output error", str(path))

    row = LogicalFormat(name="lines", recognises=recognises, open=fails, kinds=())
    monkeypatch.setattr(logical, "LOGICALS", (row,))
    with pytest.raises(EvidenceError, match="Input/output error") as caught:
        open_evidence(file)
    assert str(file.parent) not in caught.value.message
