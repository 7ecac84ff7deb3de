from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from triage.ingest.evidence import open_evidence
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState


def blank(folder: Path, name: str, mib: int) -> Path:
    with (folder / name).open("wb") as out:
        out.truncate(mib << 20)
    return folder / name


def made(tool: str, *words: str | Path) -> None:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    subprocess.run((found, *words), check=True, capture_output=True)


def reason(image: Path) -> str:
    survey = open_evidence(image).survey()
    (volume,) = survey.volumes
    assert volume.state is VolumeState.UNSUPPORTED
    assert [problem.kind for problem in survey.problems] == [ProblemKind.VOLUME_UNSUPPORTED]
    return volume.reason


def test_a_btrfs_is_named_with_its_label(tmp_path: Path) -> None:
    image = blank(tmp_path, "one.raw", 128)
    made("mkfs.btrfs", "-q", "-L", "holiday \x1b[31m", image)
    assert reason(image) == "not supported: Btrfs, label holiday \\x1b[31m"


def test_one_of_several_devices_is_said_to_be_one(tmp_path: Path) -> None:
    images = [blank(tmp_path, f"{name}.raw", 128) for name in ("a", "b")]
    made("mkfs.btrfs", "-q", "-d", "raid0", "-m", "raid1", *images)
    for image in images:
        assert reason(image) == "not supported: Btrfs, one of 2 devices"


@pytest.mark.parametrize(
    ("at", "magic", "word"),
    [
        (0x1018, "c68573f64e1a45ca8265f57f48ba6d81", "bcachefs"),
        (0, "55424923", "UBI"),
        (0, "31181006", "UBIFS"),
    ],
)
def test_other_names(at: int, magic: str, word: str, tmp_path: Path) -> None:
    image = blank(tmp_path, "one.raw", 2)
    with image.open("r+b") as out:
        out.seek(at)
        out.write(bytes.fromhex(magic))
    assert reason(image) == f"not supported: {word}"
