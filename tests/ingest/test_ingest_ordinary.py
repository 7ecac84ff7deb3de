from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from triage.ingest.container import open_container
from triage.ingest.filesystem import open_volume
from triage.ingest.filesystems.tsk_ordinary import OrdinaryNames
from triage.ingest.reading import VolumeError
from triage.ingest.volume import survey
from triage.model.listing import Listing
from triage.model.volume import VolumeInfo, VolumeState

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"
NAMES = ["exfat", "ext2", "ext4", "fat16", "gpt", "hfsplus", "iso9660", "ntfs", "ufs1"]
RECORD_BYTES = 1024


def volumes(image: Path) -> tuple[VolumeInfo, ...]:
    container = open_container(image)
    found = survey(container).volumes
    container.close()
    return tuple(volume for volume in found if volume.state is VolumeState.OPENED)


def listings(image: Path, volume: VolumeInfo) -> list[Listing]:
    """List everything, folder after folder, by a handle of its own."""
    container = open_container(image)
    filesystem = open_volume(container, volume)
    found, seen = [], set()
    try:
        todo = list(filesystem.roots())
    except VolumeError:
        return []
    while todo:
        folder = todo.pop(0)
        if folder.address not in seen:
            seen.add(folder.address)
            found.append(filesystem.list_directory(folder))
            todo += found[-1].directories
    container.close()
    return found


def by_the_long_way(image: Path, volume: VolumeInfo) -> list[Listing]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OrdinaryNames, "take", lambda *_: False)
        return listings(image, volume)


def corpus() -> list[Path]:
    folder = os.environ.get("TRIAGE_CORPUS")
    every = (Path(folder) / "images").iterdir() if folder else ()
    return sorted(one for one in every if one.suffix in (".raw", ".E01", ".bin", ".dd", ".img"))


@pytest.mark.parametrize("image", [IMAGES / f"{name}.raw" for name in NAMES] + corpus(), ids=str)
def test_ordinary_names_are_entered_as_by_the_long_way(image: Path) -> None:
    for volume in volumes(image):
        assert listings(image, volume) == by_the_long_way(image, volume)


def records(raw: bytes) -> list[int]:
    """Find the records of files in use, by their mark and the first bit of their flags."""
    return [
        at
        for at in range(0, len(raw), RECORD_BYTES)
        if raw[at : at + 4] == b"FILE" and raw[at + 22] & 1
    ]


@pytest.mark.parametrize("seed", range(12))
def test_records_that_were_tampered_with_are_told_as_by_the_long_way(
    seed: int, tmp_path: Path
) -> None:
    """Bytes are changed where attributes, times and runs stand, in every record of a file."""
    raw = bytearray((IMAGES / "ntfs.raw").read_bytes())
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    for at in records(bytes(raw))[24:]:
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            place = at + chance.randrange(16, 500)
            raw[place] = chance.choice(
                (0, 1, 0x7F, 0x80, 0xFF, raw[place] ^ 1 << chance.randrange(8))
            )
    image = tmp_path / "tampered.raw"
    image.write_bytes(raw)
    for volume in volumes(image):
        assert listings(image, volume) == by_the_long_way(image, volume)
