"""What gcab packs comes out as it went in; what is damaged or packed otherwise is named."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from archive_carrier import carried, content, contents, lawful

from triage.ingest.archive import ArchiveLimits, list_members
from triage.ingest.filetype import detect
from triage.ingest.reading import ContentError
from triage.model.outcome import SkipReason

CHANCE = random.Random(5)  # noqa: S311  (a seed, no secret)
FILES = {
    "one.jpg": CHANCE.randbytes(90_001),
    "two.txt": b"two and two\n" * 20_000,
    "three.bin": bytes(range(256)) * 3,
}


def cabinet(folder: Path, *, packed: bool = True) -> bytes:
    program = shutil.which("gcab")
    if program is None:
        pytest.skip("gcab is not installed: nobody else makes the cabinets of these tests")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    options = ["-z"] if packed else []
    command = [program, "-c", *options, "made.cab", *FILES]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "made.cab").read_bytes()


@pytest.mark.parametrize("packed", [True, False])
def test_what_gcab_packs_comes_out(tmp_path: Path, *, packed: bool) -> None:
    data = cabinet(tmp_path, packed=packed)
    assert detect(data, b"a.cab", len(data)).mime == "application/vnd.ms-cab-compressed"
    files, entry = carried(tmp_path, data)
    listing = lawful(files, entry)
    assert not listing.problems
    assert contents(files, listing) == {name.encode(): body for name, body in FILES.items()}
    assert all(one.times.naive_local for one in listing.entries)


def test_another_packing_is_named(tmp_path: Path) -> None:
    data = bytearray(cabinet(tmp_path))
    assert struct.unpack_from("<H", data, 36 + 6) == (1,)
    struct.pack_into("<H", data, 36 + 6, 0x1503)
    files, entry = carried(tmp_path, bytes(data))
    listing = lawful(files, entry)
    assert len(listing.entries) == len(FILES)
    with pytest.raises(ContentError, match="packed by LZX, which is not unpacked"):
        content(files, listing.entries[0])


def test_a_damaged_block_gives_no_wrong_content(tmp_path: Path) -> None:
    data = cabinet(tmp_path)
    for at in range(200, len(data), 3001):
        hurt = bytearray(data)
        hurt[at] ^= 4
        files, entry = carried(tmp_path, bytes(hurt))
        for one in lawful(files, entry).entries:
            try:
                assert content(files, one) in FILES.values()
            except ContentError:
                continue


@pytest.mark.parametrize("cut", [10, 50, 100, 1000, 60_000])
def test_a_cut_ends_in_words(tmp_path: Path, cut: int) -> None:
    files, entry = carried(tmp_path, cabinet(tmp_path)[:cut])
    lawful(files, entry)


def test_claims_are_held_against_the_folder(tmp_path: Path) -> None:
    data = bytearray(cabinet(tmp_path))
    start = struct.unpack_from("<I", data, 16)[0]
    struct.pack_into("<I", data, start, 0x7FFFFFFF)
    files, entry = carried(tmp_path, bytes(data))
    first = lawful(files, entry).entries[0]
    assert first.no_content == SkipReason.IMPLAUSIBLE_SIZE
    few = list_members(files, entry, ArchiveLimits(max_members=1))
    assert "stopped after 1 members" in few.problems[0].detail
