from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyfsxfs
import pytest

from triage.ingest.evidence import Evidence, open_evidence
from triage.ingest.filesystem import ContentError
from triage.model.entry import EntryKind, FileEntry
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import Problem, ProblemKind
from triage.model.volume import VolumeState

FIXTURE = Path(__file__).parents[2] / "fixtures" / "images" / "xfs.raw.gz"
MIB = 1 << 20
SMALL = {"TEST_DIR": "yes", "TEST_DEV": "yes", "QA_CHECK_FS": "yes"}
KINDS = {0o100000: EntryKind.FILE, 0o040000: EntryKind.DIRECTORY, 0o120000: EntryKind.SYMLINK}


@dataclass(frozen=True)
class Seen:
    entry: FileEntry
    sha256: str


def seen(evidence: Evidence) -> tuple[dict[bytes, Seen], list[Problem]]:
    files = evidence.filesystem("p0")
    todo = list(files.roots())
    found: dict[bytes, Seen] = {}
    problems: list[Problem] = []
    while todo:
        listing = files.list_directory(todo.pop(0))
        todo.extend(listing.directories)
        problems.extend(listing.problems)
        for entry in listing.entries:
            try:
                chunks = () if entry.no_content else files.read(entry)
                digest = hashlib.sha256(b"".join(chunks)).hexdigest()
            except ContentError as error:
                digest = error.reason.value
            assert entry.ref.path not in found
            found[entry.ref.path] = Seen(entry, digest)
    return found, problems


@pytest.fixture(scope="module")
def raw() -> bytes:
    return gzip.decompress(FIXTURE.read_bytes())


def written(folder: Path, body: bytes) -> Evidence:
    image = folder / "xfs.raw"
    image.write_bytes(body)
    return open_evidence(image)


def made(folder: Path, *options: str, contents: dict[str, bytes]) -> Path:
    """Make an XFS with mkfs.xfs by a prototype file, without mounting anything."""
    tool = shutil.which("mkfs.xfs")
    if tool is None:
        pytest.skip("mkfs.xfs is not installed")
    lines = ["prototype", "0 0", "d--755 0 0"]
    for nth, (name, body) in enumerate(sorted(contents.items())):
        (folder / f"content{nth}").write_bytes(body)
        lines.append(f"{name} ---644 0 0 {folder / f'content{nth}'}")
    lines += ["deep d--755 0 0", "deeper d--755 0 0", "$", "link l--777 0 0 to/elsewhere", "$"]
    lines += [f"long l--777 0 0 {'l/' * 400}", "pipe p--644 0 0", "$", ""]
    (folder / "prototype").write_text("\n".join(lines), "ascii")
    image = folder / "made.raw"
    with image.open("wb") as out:
        out.truncate(32 * MIB)
    words = (tool, "-q", "-f", *options, "-p", str(folder / "prototype"), str(image))
    subprocess.run(words, env=os.environ | SMALL, check=True, capture_output=True)
    return image


@pytest.mark.parametrize(
    "options",
    [
        ("-m", "bigtime=0"),
        ("-i", "nrext64=1"),
        ("-m", "crc=0,finobt=0"),
        ("-m", "crc=0", "-n", "ftype=0"),
        ("-b", "size=1024", "-n", "size=4096"),
        ("-m", "crc=0", "-b", "size=512"),
        ("-i", "size=2048", "-d", "agcount=2"),
    ],
    ids=" ".join,
)
def test_all_versions_that_the_tool_makes_read_as_they_were_written(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    rng = random.Random(7)  # noqa: S311  (seeded: the same in every run)
    contents = {f"name{nth:03}": rng.randbytes(rng.randrange(1, 9000)) for nth in range(150)}
    contents |= {"none": b"", "large": rng.randbytes(300_000)}
    evidence = open_evidence(made(tmp_path, *options, contents=contents))
    assert evidence.survey().problems == ()
    found, problems = seen(evidence)
    assert problems == []
    for name, body in contents.items():
        one = found.pop(b"/" + name.encode())
        assert one.entry.size_bytes == len(body)
        assert one.sha256 == hashlib.sha256(body).hexdigest()
        assert one.entry.kind is EntryKind.FILE
    assert {path: one.entry.kind.value for path, one in found.items()} == {
        b"/deep": "directory",
        b"/deep/deeper": "directory",
        b"/deep/link": "symlink",
        b"/long": "symlink",
        b"/pipe": "special",
    }
    assert found[b"/deep/link"].entry.detail == "link to to/elsewhere"
    assert found[b"/long"].entry.detail.startswith("link to l/l/l/")


def peer(entry: pyfsxfs.file_entry, path: str) -> Iterator[tuple[str, pyfsxfs.file_entry]]:
    for index in range(entry.number_of_sub_file_entries):
        try:
            child = entry.get_sub_file_entry(index)
            name = child.name
        except OSError:  # it gives no entry whose name is no UTF-8
            continue
        yield f"{path}/{name}", child
        if child.file_mode & 0o170000 == 0o040000:
            yield from peer(child, f"{path}/{name}")


def test_libfsxfs_sees_the_same_inodes_times_and_contents(raw: bytes, tmp_path: Path) -> None:
    found, problems = seen(written(tmp_path, raw))
    assert problems == []
    other, compared = pyfsxfs.volume(), 0
    with (tmp_path / "xfs.raw").open("rb") as image:
        other.open_file_object(image)
        for path, child in peer(other.root_directory, ""):
            one = found[path.encode()]
            entry, times = one.entry, one.entry.times
            assert entry.ref.address == child.inode_number
            assert entry.kind is KINDS.get(child.file_mode & 0o170000, EntryKind.SPECIAL)
            assert times.modified_ns == child.get_modification_time_as_integer()
            assert times.changed_ns == child.get_inode_change_time_as_integer()
            assert times.created_ns == child.get_creation_time_as_integer()
            if entry.kind is EntryKind.FILE:
                body = child.read_buffer_at_offset(child.size, 0) if child.size else b""
                assert entry.size_bytes == child.size
                assert one.sha256 == hashlib.sha256(body).hexdigest()
            compared += 1
        other.close()
    unreadable_there = [path for path in found if not is_text(path)]
    assert len(unreadable_there) > 0
    assert compared == len(found) - len(unreadable_there)


def is_text(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_file_in_many_pieces_reads_by_the_tree_of_its_map(tmp_path: Path) -> None:
    image = tmp_path / "many.raw"
    with image.open("wb") as out:
        out.truncate(320 * MIB)
    tool, mount = shutil.which("mkfs.xfs"), tmp_path / "mount"
    mount.mkdir()
    words = ("mount", "-o", "loop", str(image), str(mount))
    if tool is None or subprocess.run((tool, "-q", str(image)), check=False).returncode:
        pytest.skip("mkfs.xfs is not installed")
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("no XFS can be mounted here")
    try:
        with (mount / "many").open("wb", buffering=0) as out:
            for block in range(0, 3000, 2):
                out.seek(block * 4096)
                out.write(struct.pack("<I", block) * 1024)
    finally:
        subprocess.run(("umount", str(mount)), check=True)
    evidence = open_evidence(image)
    files = evidence.filesystem("p0")
    (entry,) = files.list_directory(files.roots()[0]).entries
    assert entry.sparse
    assert entry.extents == ()
    body = b"".join(files.read(entry))
    assert body == b"".join(
        struct.pack("<I", block) * 1024 if block % 2 == 0 else bytes(4096) for block in range(2999)
    )
    for start, length in ((0, 10), (4090, 9000), (2998 * 4096 - 3, 5), (len(body) - 7, 50)):
        assert files.read_range(entry, start, length) == body[start : start + length]
    evidence.close()


@pytest.mark.parametrize(
    ("patch", "state", "words"),
    [
        ((4, struct.pack(">I", 4097)), VolumeState.DAMAGED, "contradicts itself"),
        ((84, bytes(4)), VolumeState.DAMAGED, "contradicts itself"),
        ((104, struct.pack(">H", 77)), VolumeState.DAMAGED, "contradicts itself"),
        ((56, struct.pack(">Q", 1 << 60)), VolumeState.DAMAGED, "no inode"),
        ((100, struct.pack(">H", 3)), VolumeState.UNSUPPORTED, "version 3"),
        ((216, struct.pack(">I", 0x203)), VolumeState.UNSUPPORTED, "features"),
    ],
)
def test_a_superblock_that_cannot_be_followed_is_named(
    raw: bytes, patch: tuple[int, bytes], state: VolumeState, words: str, tmp_path: Path
) -> None:
    at, value = patch
    body = raw[:at] + value + raw[at + len(value) :]
    survey = written(tmp_path, body).survey()
    (volume,) = survey.volumes
    assert volume.state is state
    assert words in volume.reason
    assert survey.problems


def test_a_bare_superblock_is_damaged(tmp_path: Path) -> None:
    body = b"XFSB" + struct.pack(">IQ", 4096, 64) + bytes(256 * 1024 - 16)
    (volume,) = written(tmp_path, body).survey().volumes
    assert volume.state is VolumeState.DAMAGED


def inode_place(raw: bytes, number: int) -> int:
    """Work out a place as the format's description does, for a volume of one group."""
    return number * int.from_bytes(raw[104:106], "big")


def test_names_whose_inodes_are_gone_are_listed_and_reported(raw: bytes, tmp_path: Path) -> None:
    found, _ = seen(written(tmp_path, raw))
    path = next(path for path, one in found.items() if one.entry.extents)
    at = inode_place(raw, found[path].entry.ref.address)
    assert raw[at : at + 2] == b"IN"
    number = found[path].entry.ref.address
    paths = {path for path, one in found.items() if one.entry.ref.address == number}
    for body in (raw[:at] + bytes(512) + raw[at + 512 :], raw[:at] + raw[:512] + raw[at + 512 :]):
        hurt, problems = seen(written(tmp_path, body))
        assert set(hurt) == set(found)
        for path in paths:
            assert hurt[path].entry.no_content == SkipReason.NOT_RECOVERABLE
            assert hurt[path].entry.kind is EntryKind.FILE
        assert {(one.kind, one.path) for one in problems} == {
            (ProblemKind.ENTRY_UNREADABLE, path) for path in paths
        }


def test_a_map_that_points_outside_fails_and_nothing_else(raw: bytes, tmp_path: Path) -> None:
    found, _ = seen(written(tmp_path, raw))
    path, one = next((path, one) for path, one in found.items() if one.entry.extents)
    at = inode_place(raw, one.entry.ref.address) + 176
    body = raw[:at] + ((1 << 60) - 1).to_bytes(16, "big") + raw[at + 16 :]
    hurt, problems = seen(written(tmp_path, body))
    assert problems == []
    assert hurt[path].sha256 == FailReason.READ_ERROR.value
    same = {path for path in found if hurt[path].sha256 == found[path].sha256}
    assert {found[path].entry.ref.address for path in set(found) - same} == {one.entry.ref.address}


def test_flipped_bits_cost_no_more_than_what_they_hit(raw: bytes, tmp_path: Path) -> None:
    found, _ = seen(written(tmp_path, raw))
    rng = random.Random(20261122)  # noqa: S311  (seeded: the same in every run)
    places = [inode_place(raw, one.entry.ref.address) for one in found.values()]
    image = tmp_path / "xfs.raw"
    for _ in range(25):
        body = bytearray(raw)
        for _ in range(12):
            body[rng.choice(places) + rng.randrange(512)] ^= 1 << rng.randrange(8)
        image.write_bytes(body)
        evidence = open_evidence(image)
        survey = evidence.survey()
        if survey.volumes[0].state is not VolumeState.OPENED:
            assert survey.problems
            continue
        files = evidence.filesystem("p0")
        todo, depth = list(files.roots()), 0
        while todo and depth < 400:
            listing = files.list_directory(todo.pop(0))
            todo.extend(listing.directories)
            depth += 1
            for entry in listing.entries:
                if entry.no_content or entry.size_bytes > 4 * MIB:
                    continue
                try:
                    size = sum(map(len, files.read(entry)))
                except ContentError:
                    continue
                assert size == entry.size_bytes


def journal_place(raw: bytes) -> int:
    """Work out where the journal begins, for a volume of one group."""
    return int.from_bytes(raw[48:56], "big") * 4096


def test_a_journal_whose_last_record_is_no_unmount_leaves_doubt(raw: bytes, tmp_path: Path) -> None:
    assert written(tmp_path, raw).survey().problems == ()
    start, body = journal_place(raw), bytearray(raw)
    heads = [at for at in range(start, len(raw), 512) if raw[at : at + 4] == b"\xfe\xed\xba\xbe"]
    last = max(heads, key=lambda at: raw[at + 16 : at + 24])
    assert raw[last + 40 : last + 44] == b"\0\0\0\1"
    for at in range(last + 512, last + 9 * 512, 512):
        body[at + 9] &= ~0x20
    (problem,) = written(tmp_path, bytes(body)).survey().problems
    assert problem.kind is ProblemKind.VOLUME_DAMAGED
    assert "was not unmounted" in problem.detail
    body[start : start + 4 * MIB] = bytes(4 * MIB)
    (problem,) = written(tmp_path, bytes(body)).survey().problems
    assert "was not unmounted" in problem.detail
    body = bytearray(raw)
    body[48:56] = bytes(8)
    (problem,) = written(tmp_path, bytes(body)).survey().problems
    assert "another device" in problem.detail


@pytest.mark.parametrize("rounds", [1, 40])
def test_a_volume_that_is_copied_while_in_use_is_told(rounds: int, tmp_path: Path) -> None:
    image, mount = tmp_path / "used.raw", tmp_path / "mount"
    with image.open("wb") as out:
        out.truncate(320 * MIB)
    mount.mkdir()
    tool = shutil.which("mkfs.xfs")
    if tool is None or subprocess.run((tool, "-q", str(image)), check=False).returncode:
        pytest.skip("mkfs.xfs is not installed")
    words = ("mount", "-o", "loop", str(image), str(mount))
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("no XFS can be mounted here")
    try:
        for nth in range(rounds):
            with (mount / f"late {nth}").open("wb") as out:
                out.write(b"late")
                os.fsync(out.fileno())
        copied = tmp_path / "copied.raw"
        subprocess.run(("cp", "--sparse=always", str(image), str(copied)), check=True)
    finally:
        subprocess.run(("umount", str(mount)), check=True)
    assert [one.kind for one in open_evidence(copied).survey().problems] == [
        ProblemKind.VOLUME_DAMAGED
    ]
    after = open_evidence(image)
    assert after.survey().problems == ()
    assert set(seen(after)[0]) == {b"/late %d" % nth for nth in range(rounds)}
