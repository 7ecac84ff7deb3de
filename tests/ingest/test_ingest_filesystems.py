"""The laws of all file systems and of all kinds of logical evidence, over a sample of each."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from filesystem_samples import ELSEWHERE, FILESYSTEM_SAMPLES, LOGICAL_SAMPLES, WITHOUT, plain_folder

from triage.errors import EvidenceError
from triage.ingest.evidence import Evidence, VolumeError, open_evidence
from triage.ingest.filesystem import FILESYSTEMS, ContentError, FileSystem
from triage.ingest.logical import LOGICALS
from triage.ingest.reading import DEPTH_LIMIT
from triage.model.entry import DirectoryRef, EntryKind, FileEntry
from triage.model.listing import Listing
from triage.model.outcome import SkipReason
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

KNOWN_LOGICALS = {row.name for row in LOGICALS}
SAMPLES = {
    **FILESYSTEM_SAMPLES,
    "folder": plain_folder,
    **{name: made for name, made in LOGICAL_SAMPLES.items() if name in KNOWN_LOGICALS},
}
IMAGES = sorted(FILESYSTEM_SAMPLES)
MANY = int(os.environ.get("TRIAGE_MANY_ENTRIES", "5000"))
FEWER = MANY // 6
"""mke2fs looks through the whole folder for each name that it adds."""

FOLDER_LIMIT = 300


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(params=sorted(SAMPLES))
def sample(request: pytest.FixtureRequest, shelf: Path) -> Path:
    return made(request.param, shelf)


def made(name: str, shelf: Path) -> Path:
    folder = shelf / name.replace("+", "plus")
    known = folder / "path"
    if not known.exists():
        folder.mkdir(exist_ok=True)
        known.write_text(str(SAMPLES[name](folder)), "utf-8")
    return Path(known.read_text("utf-8"))


def opened(evidence: Evidence) -> Iterator[FileSystem]:
    for volume in evidence.survey().volumes:
        if volume.state is VolumeState.OPENED:
            yield evidence.filesystem(volume.key)


def listings(files: FileSystem, roots: int | None = None) -> dict[DirectoryRef, Listing]:
    """List all folders, each address once, as a walk does; a hostile tree up to a limit."""
    found: dict[DirectoryRef, Listing] = {}
    todo, known = list(files.roots()[:roots]), set[int]()
    while todo and len(found) < FOLDER_LIMIT:
        folder = todo.pop(0)
        if folder.address not in known:
            known.add(folder.address)
            found[folder] = files.list_directory(folder)
            todo.extend(found[folder].directories)
    return found


def entries(files: FileSystem, roots: int | None = None) -> list[FileEntry]:
    return [entry for listing in listings(files, roots).values() for entry in listing.entries]


def body(files: FileSystem, entry: FileEntry) -> bytes | str:
    """Give the content, or the reason why it does not read; pieces are as promised."""
    pieces = []
    try:
        for piece in files.read(entry):
            assert 0 < len(piece) <= 1 << 20
            pieces.append(piece)
    except ContentError as error:
        return error.reason.value
    whole = b"".join(pieces)
    assert len(whole) == entry.size_bytes
    return whole


def told(evidence: Evidence) -> str:
    """Give a digest of all that a listing says."""
    digest = hashlib.sha256()
    for files in opened(evidence):
        for folder, listing in listings(files).items():
            digest.update(repr((folder, tuple(listing.entries), listing.problems)).encode())
            digest.update(repr(listing.directories).encode())
    return digest.hexdigest()


def test_every_reader_has_a_sample_or_a_reason() -> None:
    opens = {name for row in FILESYSTEMS for name in row.opens}
    assert opens == {*FILESYSTEM_SAMPLES, *WITHOUT}
    assert {*LOGICAL_SAMPLES, *ELSEWHERE} >= KNOWN_LOGICALS
    assert not set(WITHOUT) & set(FILESYSTEM_SAMPLES)


def test_a_sample_opens_and_holds_files(sample: Path) -> None:
    evidence = open_evidence(sample)
    every = [entry for files in opened(evidence) for entry in entries(files)]
    assert any(entry.kind is EntryKind.FILE and not entry.no_content for entry in every)
    evidence.close()


def test_a_listing_is_the_same_again_and_after_any_other_calls(sample: Path) -> None:
    evidence = open_evidence(sample)
    for files in opened(evidence):
        first = listings(files)
        for folder in reversed(list(first)):
            for entry in first[folder].entries[:3]:
                if not entry.no_content:
                    body(files, entry)
            assert files.list_directory(folder) == first[folder]
    other = open_evidence(sample, pickle.loads(pickle.dumps(evidence.handover())))  # noqa: S301  (made here)
    assert told(other) == told(evidence)


def test_another_process_lists_the_same(shelf: Path) -> None:
    paths: dict[str, str] = {}
    for name in SAMPLES:
        try:
            paths[name] = str(made(name, shelf))
        except pytest.skip.Exception:
            continue
    script = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from test_ingest_filesystems import open_evidence, told\n"
        "paths = json.load(sys.stdin)\n"
        "print(json.dumps({name: told(open_evidence(Path(at))) for name, at in paths.items()}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(paths),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
        check=True,
    )
    assert json.loads(done.stdout) == {
        name: told(open_evidence(Path(at))) for name, at in paths.items()
    }


def test_identities_are_distinct(sample: Path) -> None:
    keys: set[bytes] = set()
    for files in opened(open_evidence(sample)):
        for entry in entries(files):
            assert entry.ref.key() not in keys
            keys.add(entry.ref.key())
            assert entry.ref.volume == files.volume.key


def has_folders(evidence: Evidence) -> bool:
    """Tell whether a listing goes by folders: that of an extraction may go by pages."""
    return evidence.info.kind not in {kind for row in LOGICALS for kind in row.kinds}


def test_what_stands_in_a_folder_lies_below_its_path(sample: Path) -> None:
    evidence = open_evidence(sample)
    for files in opened(evidence) if has_folders(evidence) else ():
        for folder, listing in listings(files).items():
            prefix = folder.path if folder.path.endswith(b"/") else folder.path + b"/"
            for entry in listing.entries:
                assert entry.ref.path.startswith(prefix)
                assert entry.ref.parent_address == folder.address
            named = {entry.ref.path for entry in listing.entries}
            assert {below.path for below in listing.directories} <= named | {b"/$OrphanFiles"}


def test_each_entry_reads_to_its_size_or_says_why_not(sample: Path) -> None:
    for files in opened(open_evidence(sample)):
        for entry in entries(files):
            assert entry.size_bytes >= 0
            if entry.no_content:
                assert SkipReason(entry.no_content)
                assert entry.extents == ()
            else:
                assert entry.size_bytes > 0
                body(files, entry)


def test_a_part_is_that_part_of_the_whole(sample: Path) -> None:
    for files in opened(open_evidence(sample)):
        for entry in entries(files):
            whole = b"" if entry.no_content else body(files, entry)
            if not whole or isinstance(whole, str):
                continue
            size = len(whole)
            for start, length in ((0, 1), (size // 3, 5000), (size - 1, 99), (max(0, size - 7), 7)):
                part = files.read_range(entry, start, length)
                assert part == whole[start : start + length]
            assert files.read_range(entry, size, 10) == b""
            assert files.read_range(entry, 0, 0) == b""


def test_what_is_read_by_its_place_is_what_the_file_system_gives(sample: Path) -> None:
    evidence = open_evidence(sample)
    placed = 0
    for files in opened(evidence):
        for entry in entries(files):
            if entry.extents and not entry.no_content:
                whole = body(files, replace(entry, extents=()))
                assert b"".join(evidence.placed(entry.extents)) == whole
                assert entry.first_block_offset_bytes == entry.extents[0][0]
                placed += 1
    assert placed or sample.is_dir() or LOGICALS or "apfs" in sample.name


def test_a_folder_that_is_not_there_is_a_problem_and_no_crash(sample: Path) -> None:
    evidence = open_evidence(sample)
    for files in opened(evidence):
        for address in (0, 10**9, (1 << 63) - 1):
            bogus = DirectoryRef(volume=files.volume.key, path=b"/not\n\x1b[31m", address=address)
            listing = files.list_directory(bogus)
            assert listing.entries == () or address == 0
        if not has_folders(evidence):
            continue
        root = files.roots()[0]
        deep = files.list_directory(replace(root, path=b"/a" * 9, depth=DEPTH_LIMIT + 1))
        assert [problem.kind for problem in deep.problems] == [ProblemKind.DIRECTORY_UNREADABLE]
        assert (list(deep.entries), deep.directories) == ([], ())


def test_an_entry_that_is_not_there_fails_and_no_more(sample: Path) -> None:
    for files in opened(open_evidence(sample)):
        whole = [entry for entry in entries(files) if not entry.no_content]
        for address in (0, 10**9, (1 << 63) - 1):
            ref = replace(whole[0].ref, path=b"/no/such", address=address)
            bogus = replace(whole[0], ref=ref, extents=(), size_bytes=77)
            if not isinstance(body(files, bogus), str):
                files.touches_damage(bogus)


def survives(image: Path, limit_bytes: int) -> None:
    """Look through hostile evidence: what it says adds up, and no foreign exception gets out.

    The area of orphans is left out: looking for them may take as long as a worker is given.
    """
    try:
        evidence = open_evidence(image)
    except EvidenceError:
        return
    survey = evidence.survey()
    assert survey.problems or any(one.state is VolumeState.OPENED for one in survey.volumes)
    for volume in survey.volumes:
        if volume.state is not VolumeState.OPENED:
            assert volume.reason
            continue
        try:
            files = evidence.filesystem(volume.key)
            found = entries(files, roots=1)
        except VolumeError:
            continue
        for entry in found[:400]:
            if not entry.no_content and entry.size_bytes <= limit_bytes:
                body(files, entry)
                files.touches_damage(entry)
    evidence.close()


@pytest.mark.parametrize("quarters", [1, 2, 3])
@pytest.mark.parametrize("name", IMAGES)
def test_an_image_that_is_cut_short_is_named(
    name: str, quarters: int, shelf: Path, tmp_path: Path
) -> None:
    source = made(name, shelf)
    short = tmp_path / "short.raw"
    with source.open("rb") as whole:
        short.write_bytes(whole.read(source.stat().st_size * quarters // 4))
    survives(short, 1 << 24)
    assert open_evidence(short).survey().problems


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", IMAGES)
def test_flipped_bits_let_no_exception_out(
    name: str, seed: int, shelf: Path, tmp_path: Path
) -> None:
    held = bytearray(made(name, shelf).read_bytes())
    rng = random.Random(f"{name} {seed}")  # noqa: S311  (seeded: the same in every run)
    used = [at for at in range(0, len(held), 512) if any(held[at : at + 512])]
    for at in rng.sample(used, min(len(used), 60)):
        held[at + rng.randrange(512) if at + 512 <= len(held) else at] ^= 1 << rng.randrange(8)
    hostile = tmp_path / "hostile.raw"
    hostile.write_bytes(held)
    survives(hostile, 1 << 24)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - set(IMAGES) - {"folder"}))
def test_logical_evidence_that_is_hurt_lets_no_exception_out(
    name: str, shelf: Path, tmp_path: Path
) -> None:
    source = made(name, shelf)
    if source.is_dir():
        pytest.skip("a folder is hurt by the tests of its own format")
    held = source.read_bytes()
    hostile = tmp_path / source.name
    for quarters in (1, 2, 3):
        hostile.write_bytes(held[: len(held) * quarters // 4])
        survives(hostile, 1 << 24)
    rng = random.Random(name)  # noqa: S311  (seeded: the same in every run)
    for _ in range(12):
        flipped = bytearray(held)
        for _ in range(8):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        hostile.write_bytes(flipped)
        survives(hostile, 1 << 24)


def many_ext4(folder: Path) -> Path:
    tool = shutil.which("mke2fs")
    if tool is None:
        pytest.skip("mke2fs is not installed")
    (folder / "tree" / "all").mkdir(parents=True)
    for nth in range(FEWER):
        (folder / "tree" / "all" / f"name {nth}").touch()
    image, size = folder / "many.raw", f"{FEWER // 2 + 8000}k"
    words = (tool, "-q", "-F", "-t", "ext4", "-N", str(FEWER + 100), "-d", str(folder / "tree"))
    subprocess.run((*words, str(image), size), check=True, capture_output=True)
    return image


def many_xfs(folder: Path) -> Path:
    tool = shutil.which("mkfs.xfs")
    if tool is None:
        pytest.skip("mkfs.xfs is not installed")
    (folder / "none").touch()
    lines = ["prototype", "0 0", "d--755 0 0", "all d--755 0 0"]
    lines += [f"name_{nth} ---644 0 0 {folder / 'none'}" for nth in range(MANY)] + ["$", "$", ""]
    (folder / "lines").write_text("\n".join(lines), "utf-8")
    image = folder / "many.raw"
    with image.open("wb") as out:
        out.truncate((32 << 20) + MANY * 1024)
    small = {"TEST_DIR": "yes", "TEST_DEV": "yes", "QA_CHECK_FS": "yes"}
    words = (tool, "-q", "-p", str(folder / "lines"), str(image))
    subprocess.run(words, env=os.environ | small, check=True, capture_output=True)
    return image


def many_zip(folder: Path) -> Path:
    if "zip" not in KNOWN_LOGICALS:
        pytest.skip("there is no zip among the kinds of logical evidence")
    with zipfile.ZipFile(folder / "many.zip", "w") as out:
        for nth in range(MANY):
            out.writestr(f"all/name {nth}", b"")
    return folder / "many.zip"


@pytest.mark.parametrize(
    ("build", "count"), [(many_ext4, FEWER), (many_xfs, MANY), (many_zip, MANY)]
)
def test_a_folder_of_very_many_names_loses_none(
    build: Callable[[Path], Path], count: int, tmp_path: Path
) -> None:
    (files,) = opened(open_evidence(build(tmp_path)))
    names = [
        entry.ref.path.rpartition(b"/")[2]
        for entry in entries(files)
        if entry.ref.path.startswith(b"/all/")
    ]
    assert len(names) == len(set(names)) == count
    assert {name.replace(b"_", b" ") for name in names} == {
        f"name {nth}".encode() for nth in range(count)
    }
