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


def attributes(raw: bytes) -> list[list[int]]:
    """Find where attributes stand in each record of a file in use."""
    found = []
    for record in range(0, len(raw), RECORD_BYTES):
        if raw[record : record + 4] == b"FILE" and raw[record + 22] & 1:
            at, starts = record + raw[record + 20], []
            while raw[at : at + 4] != b"\xff\xff\xff\xff" and at < record + RECORD_BYTES:
                starts.append(at)
                at += int.from_bytes(raw[at + 4 : at + 8], "little") or RECORD_BYTES
            found.append(starts)
    return found


@pytest.mark.parametrize("seed", [*range(8), 1546, 1598, 1672, 1728])
def test_records_that_were_tampered_with_are_told_as_by_the_long_way(
    seed: int, tmp_path: Path
) -> None:
    """Bytes are changed in heads, sizes, times and runs of the attributes of files."""
    raw = bytearray((IMAGES / "ntfs.raw").read_bytes())
    chance = random.Random(seed)  # noqa: S311 (nothing secret)
    for starts in attributes(bytes(raw))[24:]:
        for _ in range(chance.choice((0, 1, 1, 2))):
            place = chance.choice(starts + starts[-1:] * 3) + chance.randrange(72)
            other = raw[place] ^ 1 << chance.randrange(8)
            raw[place] = chance.choice((0, 1, 2, 0x10, 0x7F, 0x80, 0xFF, other))
    image = tmp_path / "tampered.raw"
    image.write_bytes(raw)
    for volume in volumes(image):
        assert listings(image, volume) == by_the_long_way(image, volume)


@pytest.mark.parametrize("place", range(0, 72, 4))
def test_every_byte_of_a_stream_head_counts_as_it_does_on_the_long_way(
    place: int, tmp_path: Path
) -> None:
    raw = bytearray((IMAGES / "ntfs.raw").read_bytes())
    values = 0, 1, 2, 0x10, 0x7F, 0x80, 0xFF
    for number, starts in enumerate(attributes(bytes(raw))[24:]):
        raw[starts[-1] + place + number // 7 % 4] = values[number % 7]
    image = tmp_path / "tampered.raw"
    image.write_bytes(raw)
    for volume in volumes(image):
        assert listings(image, volume) == by_the_long_way(image, volume)
