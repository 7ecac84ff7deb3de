from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from triage.ingest.container import Container, open_container
from triage.ingest.filesystem import ContentError, FileSystem, open_volume
from triage.ingest.filesystems.tsk_extents import Places
from triage.ingest.filesystems.tsk_streams import Stream
from triage.ingest.volume import survey
from triage.model.entry import FileEntry
from triage.model.outcome import SkipReason
from triage.model.volume import VolumeState

IMAGES = Path(__file__).parents[2] / "fixtures" / "images"
WHOLE = 128 * 1024 * 1024


def volumes(image: Path) -> Iterator[tuple[Container, FileSystem]]:
    container = open_container(image)
    for volume in survey(container).volumes:
        if volume.state is VolumeState.OPENED:
            yield container, open_volume(container, volume)
    container.close()


def listed(filesystem: FileSystem) -> Iterator[FileEntry]:
    todo, seen = list(filesystem.roots()), set()
    while todo:
        folder = todo.pop(0)
        if folder.address not in seen:
            seen.add(folder.address)
            listing = filesystem.list_directory(folder)
            todo += listing.directories
            yield from listing.entries


def check(container: Container, filesystem: FileSystem) -> tuple[int, int]:
    """Compare every placed content with the file system's own reading; count placed and others."""
    placed = others = 0
    for entry in listed(filesystem):
        if entry.no_content:
            assert entry.extents == ()
        if entry.no_content or not entry.extents or entry.size_bytes > WHOLE:
            others += not entry.no_content
            continue
        assert sum(length for _, length in entry.extents) == entry.size_bytes
        assert entry.extents[0][0] == entry.first_block_offset_bytes
        ends = [start + length for start, length in entry.extents]
        assert all(end != start for end, (start, _) in zip(ends, entry.extents[1:], strict=False))
        by_place = b"".join(container.read_at(start, length) for start, length in entry.extents)
        unplaced = replace(entry, extents=())
        assert by_place == b"".join(filesystem.read(unplaced)), entry
        placed += 1
    return placed, others


@pytest.mark.parametrize(
    ("name", "at_least"),
    [("exfat", 30), ("ext2", 37), ("ext4", 37), ("fat16", 29), ("gpt", 45), ("hfsplus", 26),
     ("iso9660", 23), ("ntfs", 35), ("ufs1", 20)],
)  # fmt: skip
def test_contents_by_their_place_are_what_the_file_system_gives(name: str, at_least: int) -> None:
    counts = [check(*one) for one in volumes(IMAGES / f"{name}.raw")]
    assert sum(placed for placed, _ in counts) >= at_least


def plain_file(image: Path, folder: Path) -> Path:
    out = folder / image.stem
    if image.suffix == ".gz":
        with gzip.open(image) as packed, out.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    elif image.suffix == ".zst":
        if shutil.which("zstd") is None:
            pytest.skip("zstd is not installed")
        subprocess.run(["zstd", "-dq", image, "-o", out], check=True)
    else:
        return image
    return out


def corpus() -> list[str]:
    folder = os.environ.get("TRIAGE_CORPUS")
    if not folder:
        return []
    return sorted(one.name for one in (Path(folder) / "images").iterdir() if one.is_file())


@pytest.mark.parametrize("name", corpus() or [""])
def test_contents_by_their_place_in_the_corpus(name: str, tmp_path: Path) -> None:
    if not name:
        pytest.skip("TRIAGE_CORPUS is not set to a folder of images")
    image = plain_file(Path(os.environ["TRIAGE_CORPUS"]) / "images" / name, tmp_path)
    for one in volumes(image):
        check(*one)


def test_a_large_file_of_many_pieces_is_left_to_the_file_system(tmp_path: Path) -> None:
    """Blocks of 1 KiB, of which every second one is taken by another file: 65 and 40 pieces."""
    if shutil.which("debugfs") is None:
        pytest.skip("debugfs is not installed")
    image = tmp_path / "pieces.raw"
    subprocess.run(["mke2fs", "-qFt", "ext2", "-b", "1024", image, "4096"], check=True)
    content = tmp_path / "content"
    content.write_bytes(os.urandom(65 * 1024))
    few = tmp_path / "few"
    few.write_bytes(os.urandom(40 * 1024 - 100))
    taken = "\n".join(f"setb {block} 1" for block in range(282, 3900, 2))
    script = f"{taken}\nwrite {content} many\nwrite {few} few\n"
    subprocess.run(["debugfs", "-w", "-f", "-", image], input=script.encode(), check=True)
    for container, filesystem in volumes(image):
        found = {entry.ref.path: entry for entry in listed(filesystem)}
        assert b"".join(filesystem.read(found[b"/many"])) == content.read_bytes()
        assert b"".join(filesystem.read(found[b"/few"])) == few.read_bytes()
        check(container, filesystem)
        assert 30 <= len(found[b"/few"].extents) <= 64
        assert found[b"/many"].extents == ()


def entry_named(image: Path, path: bytes) -> tuple[FileEntry, bytes]:
    for _, filesystem in volumes(image):
        for entry in listed(filesystem):
            if entry.ref.path == path and not entry.ref.stream:
                return entry, b"".join(filesystem.read(entry))
    raise AssertionError(path)


def largest_placed(image: Path) -> FileEntry:
    for _, filesystem in volumes(image):
        return max(
            (entry for entry in listed(filesystem) if entry.extents and not entry.ref.stream
             and entry.ref.path.count(b"/") > 1),
            key=lambda entry: entry.size_bytes,
        )  # fmt: skip
    raise AssertionError(image)


def ntfs_data_attribute(raw: bytearray, number: int) -> int:
    """Find the place of the unnamed data attribute, by the fields of the boot sector."""
    sector, per_cluster, table = struct.unpack_from("<HB34xQ", raw, 11)
    record = table * sector * per_cluster + number * 1024
    at: int = record + struct.unpack_from("<H", raw, record + 20)[0]
    while struct.unpack_from("<I", raw, at)[0] != 0x80:
        at += struct.unpack_from("<I", raw, at + 4)[0]
    return at


def test_what_ntfs_never_initialised_reads_as_zeros_and_has_no_place(tmp_path: Path) -> None:
    entry = largest_placed(IMAGES / "ntfs.raw")
    raw = bytearray((IMAGES / "ntfs.raw").read_bytes())
    at = ntfs_data_attribute(raw, entry.ref.address)
    assert struct.unpack_from("<QQ", raw, at + 0x30) == (entry.size_bytes, entry.size_bytes)
    struct.pack_into("<Q", raw, at + 0x38, 1000)
    image = tmp_path / "part.raw"
    image.write_bytes(raw)
    found, content = entry_named(image, entry.ref.path)
    assert found.extents == ()
    start = entry.extents[0][0]
    assert content == bytes(raw[start : start + 1000]) + bytes(entry.size_bytes - 1000)


def test_runs_beyond_the_medium_have_no_place(tmp_path: Path) -> None:
    entry = largest_placed(IMAGES / "fat16.raw")
    image = tmp_path / "cut.raw"
    raw = (IMAGES / "fat16.raw").read_bytes()
    image.write_bytes(raw[: entry.extents[-1][0] + entry.extents[-1][1] - 1])
    for _, filesystem in volumes(image):
        found = next(one for one in listed(filesystem) if one.ref.path == entry.ref.path)
        assert found.extents == ()
        with pytest.raises(ContentError):
            b"".join(filesystem.read(found))


def stream(name: bytes, number: int, start: int) -> Stream:
    return Stream(
        name=name,
        kind=128,
        number=number,
        size_bytes=5000,
        runs=((start, 4096), (start + 4096, 4096)),
        resident=False,
        encrypted=False,
        compressed=False,
        sparse=False,
        plain=2,
    )


def test_what_only_stands_for_a_packed_stream_or_is_not_told_apart_has_no_place() -> None:
    places = Places(1 << 20, None)
    one, other = stream(b"", 1, 0), stream(b"other", 2, 8192)
    assert places.extents(5, one, [one, other]) == ((0, 5000),)
    assert places.extents(5, other, [one, other]) == ((8192, 5000),)
    packed = stream(b"WofCompressedData", 3, 65536)
    assert places.extents(5, one, [one, other, packed]) == ()
    assert places.extents(5, packed, [one, other, packed]) == ((65536, 5000),)
    assert places.extents(5, one, [one, stream(b"", 4, 8192)]) == ()
    assert places.extents(5, one, [one, stream(b"other", 1, 8192)]) == ()


def test_exfat_agrees_with_the_peer_where_only_a_part_is_valid(tmp_path: Path) -> None:
    entry = largest_placed(IMAGES / "exfat.raw")
    raw = bytearray((IMAGES / "exfat.raw").read_bytes())
    size = struct.pack("<Q", entry.size_bytes)
    at = next(
        place
        for place in range(0, len(raw), 32)
        if raw[place] == 0xC0
        and raw[place + 8 : place + 16] == size == raw[place + 24 : place + 32]
    )
    struct.pack_into("<Q", raw, at + 8, 1000)
    image = tmp_path / "part.raw"
    image.write_bytes(raw)
    for container, filesystem in volumes(image):
        check(container, filesystem)


def test_an_initialised_size_of_ntfs_beyond_63_bits_gives_no_place(tmp_path: Path) -> None:
    entry = largest_placed(IMAGES / "ntfs.raw")
    raw = bytearray((IMAGES / "ntfs.raw").read_bytes())
    at = ntfs_data_attribute(raw, entry.ref.address)
    struct.pack_into("<Q", raw, at + 0x38, (1 << 63) + 5)
    image = tmp_path / "odd.raw"
    image.write_bytes(raw)
    for container, filesystem in volumes(image):
        check(container, filesystem)
    assert entry_named(image, entry.ref.path)[0].extents == ()


def test_a_file_that_claims_a_negative_size_is_reported_and_has_no_place(tmp_path: Path) -> None:
    if not (shutil.which("mke2fs") and shutil.which("debugfs")):
        pytest.skip("e2fsprogs is not installed")
    image, source = tmp_path / "odd.raw", tmp_path / "source"
    source.write_bytes(b"content " * 1000)
    subprocess.run(["mke2fs", "-qFt", "ext4", "-b", "1024", image, "4096"], check=True)
    wanted = f"write {source} odd\nset_inode_field odd size 0x8000000000001000\n"
    subprocess.run(["debugfs", "-w", image], input=wanted.encode(), check=True, capture_output=True)
    found, _ = entry_named(image, b"/odd")
    assert found.size_bytes < 0
    assert found.extents == ()
    assert found.no_content == SkipReason.IMPLAUSIBLE_SIZE
    negative = stream(b"", 1, 0)._replace(size_bytes=-1)
    assert Places(1 << 20, None).extents(5, negative, [negative]) == ()
