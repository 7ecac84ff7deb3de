from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import pytsk3

from triage.ingest.container import open_container
from triage.ingest.evidence import open_evidence
from triage.ingest.filesystems import tsk_folder, tsk_orphans
from triage.ingest.filesystems.ext_inodes import InodeTables
from triage.ingest.filesystems.ext_sweep import freed_inodes
from triage.ingest.tskimage import plain_words
from triage.model.entry import Allocation, EntryKind, FileEntry
from triage.model.problem import Problem, ProblemKind

FIXTURES = Path(__file__).parents[2] / "fixtures" / "images"
KINDS = ["ext2", "ext3", "ext4"]
FLS = re.compile(r"^\S+ (\* )?(\d+)(\(realloc\))?:\t(.*)$")


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: no volume to make or no peer to compare with")
    return found


def made(folder: Path, kind: str, *extra: str, size: str = "2M") -> Path:
    tree = folder / "tree"
    for name in ("a", "b", "deep/c", "deep/d", "deep/under/e", "gone/f", "gone/g", "gone/in/h"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(hashlib.sha256(name.encode()).digest() * 90)
    image = folder / f"{kind}.raw"
    command = [tool("mke2fs"), "-q", "-F", "-t", kind, "-b", "1024", *extra]
    subprocess.run([*command, "-d", str(tree), str(image), size], check=True, capture_output=True)
    return image


def debugfs(image: Path, *requests: str) -> str:
    text = "\n".join(requests)
    command = [tool("debugfs"), "-n", "-w", "-f", "-", str(image)]
    done = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
    return done.stdout


def number(image: Path, path: str) -> int:
    found = re.search(r"Inode: (\d+)", debugfs(image, f"stat {path}"))
    assert found is not None
    return int(found[1])


def freed(image: Path, path: str, *, wiped: bool) -> int:
    """Free an inode and rub out its name, as a newer kernel does; wiped: its size and blocks."""
    inode = number(image, path)
    requests = [f"set_inode_field <{inode}> dtime 20240501100000", f"freei <{inode}>"]
    if wiped:
        requests.append(f"set_inode_field <{inode}> size 0")
        requests += [f"set_inode_field <{inode}> block[{n}] 0" for n in range(15)]
    debugfs(image, *requests)
    rub_out(image, path.rpartition("/")[2].encode(), inode)
    return inode


def rub_out(image: Path, name: bytes, inode: int) -> None:
    data = image.read_bytes()
    entry = re.escape(struct.pack("<I", inode)) + b".." + re.escape(bytes([len(name)]))
    found = list(re.finditer(entry + b"." + re.escape(name), data, re.DOTALL))
    assert found
    for each in found:
        start, end = each.span()
        kept = data[start + 4 : start + 6]
        data = data[:start] + bytes(4) + kept + bytes(end - start - 6) + data[end:]
    image.write_bytes(data)


def listed(image: Path) -> tuple[list[FileEntry], list[Problem]]:
    files = open_evidence(image).filesystem("p0")
    entries: list[FileEntry] = []
    problems: list[Problem] = []
    todo, seen = list(files.roots()), set()
    while todo:
        folder = todo.pop(0)
        if folder.address not in seen:
            seen.add(folder.address)
            listing = files.list_directory(folder)
            todo.extend(listing.directories)
            entries.extend(listing.entries)
            problems.extend(listing.problems)
    return entries, problems


def peer(image: Path) -> Counter[tuple[int, str]]:
    """Give what fls of The Sleuth Kit 4.11 lists, whose own folder of orphans works."""
    done = subprocess.run([tool("fls"), "-r", "-p", str(image)], check=True, capture_output=True)
    rows = (FLS.match(line) for line in done.stdout.decode("utf-8", "replace").split("\n"))
    return Counter((int(row[2]), "/" + row[4]) for row in rows if row)


def ours(entries: list[FileEntry]) -> Counter[tuple[int, str]]:
    return Counter(
        (entry.ref.address, entry.ref.path.decode("utf-8", "replace")) for entry in entries
    )


def orphans_of(entries: list[FileEntry]) -> dict[bytes, FileEntry]:
    return {e.ref.path: e for e in entries if e.allocation is Allocation.ORPHAN}


@pytest.mark.parametrize("kind", KINDS)
def test_a_wiped_folder_does_not_hide_the_orphans(kind: str, tmp_path: Path) -> None:
    image = made(tmp_path, kind)
    wiped = [freed(image, path, wiped=True) for path in ("/gone/g", "/gone/in/h", "/gone/in")]
    kept = freed(image, "/a", wiped=False)
    wiped.append(freed(image, "/gone", wiped=True))
    entries, problems = listed(image)
    assert problems == []
    assert ours(entries) == peer(image)
    found = orphans_of(entries)
    assert {entry.ref.address for entry in found.values()} >= {*wiped, kept}
    file = found[b"/$OrphanFiles/OrphanFile-%d" % kept]
    content = b"".join(open_evidence(image).filesystem("p0").read(file))
    assert content == hashlib.sha256(b"a").digest() * 90
    for inode in wiped:
        entry = found[b"/$OrphanFiles/OrphanFile-%d" % inode]
        folder = entry.kind is EntryKind.DIRECTORY
        assert entry.no_content == ("directory" if folder else "not-recoverable")


def test_a_size_without_blocks_is_not_taken_for_content(tmp_path: Path) -> None:
    image = made(tmp_path, "ext2")
    inode = freed(image, "/b", wiped=True)
    debugfs(image, f"set_inode_field <{inode}> size 2880")
    entry = orphans_of(listed(image)[0])[b"/$OrphanFiles/OrphanFile-%d" % inode]
    assert (entry.size_bytes, entry.no_content) == (2880, "not-recoverable")


@pytest.mark.parametrize("kind", KINDS)
def test_an_orphan_folder_that_kept_its_blocks_shows_what_it_held(
    kind: str, tmp_path: Path
) -> None:
    image = made(tmp_path, kind)
    freed(image, "/gone/in/h", wiped=True)
    freed(image, "/gone/in", wiped=True)  # makes The Sleuth Kit give up on the area
    held = [number(image, "/deep/c"), number(image, "/deep/under")]
    below = number(image, "/deep/under/e")
    requests = [f"freei <{inode}>" for inode in held]
    folder = freed(image, "/deep", wiped=False)
    debugfs(image, *requests)
    entries, problems = listed(image)
    assert problems == []
    # the peer lists the content of a folder once for each of its names, here it is listed once
    again = (below, f"/$OrphanFiles/OrphanFile-{folder}/under/e")
    assert ours(entries) == peer(image) - Counter([again])
    assert again in peer(image)
    found = orphans_of(entries)
    assert found[b"/$OrphanFiles/OrphanFile-%d/c" % folder].ref.address == held[0]
    assert b"/$OrphanFiles/OrphanFile-%d" % held[0] not in found
    assert b"/$OrphanFiles/OrphanFile-%d/e" % held[1] in found


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_list_the_same_where_the_sleuth_kit_opens_the_area(
    kind: str, tmp_path: Path
) -> None:
    image = made(tmp_path, kind)
    debugfs(image, "rm /b", "clri /deep/d")
    inode = number(image, "/deep/c")
    debugfs(image, f"freei <{inode}>")
    freed(image, "/a", wiped=True)
    freed(image, "/gone/f", wiped=False)
    folder = freed(image, "/deep/under", wiped=False)
    opened = pytsk3.FS_Info(pytsk3.Img_Info(str(image)))
    area = opened.open_dir(inode=int(opened.info.last_inum))
    theirs = [file.info.name.meta_addr for file in area if file.info.name is not None]
    every = range(int(opened.info.first_inum), int(opened.info.last_inum))
    assert tsk_orphans.orphans(opened, every) == (tuple(theirs), True)
    assert folder in theirs
    assert ours(listed(image)[0]) == peer(image)


@pytest.mark.parametrize(
    "extra",
    [
        ("-I", "128"),
        ("-I", "1024"),
        ("-O", "meta_bg,^resize_inode"),
        ("-O", "^64bit,^metadata_csum,^uninit_bg"),
        ("-O", "^flex_bg", "-g", "512"),
        ("-E", "lazy_itable_init=1"),
        ("-r", "0"),
    ],
)
def test_the_sweep_of_the_tables_finds_what_a_look_at_every_record_finds(
    extra: tuple[str, ...], tmp_path: Path
) -> None:
    kind = "ext2" if extra[0] == "-r" else "ext4"
    image = made(tmp_path, kind, "-N", "2000", *extra, size="9M")
    for path in ("/a", "/gone/f", "/gone/in/h"):
        freed(image, path, wiped=path != "/a")
    debugfs(image, "rm /b", "clri /deep/d")
    container = open_container(image)
    volume = open_evidence(image).survey().volumes[0]
    tables = InodeTables.of(container, volume)
    assert tables is not None
    opened = pytsk3.FS_Info(pytsk3.Img_Info(str(image)))
    slow = []
    for inode in range(int(opened.info.first_inum), int(opened.info.last_inum)):
        meta = opened.open_meta(inode).info.meta
        assert meta is not None
        if int(meta.flags) & 2 and int(meta.flags) & 4:
            slow.append(inode)
    assert list(freed_inodes(tables)) == slow
    assert len(slow) == 4


def test_the_area_is_the_same_again_and_in_another_order() -> None:
    for name in ("ext2.raw", "ext4.raw"):
        image = FIXTURES / name
        if not image.exists():
            pytest.skip(f"fixture {name} is not built")
        first = open_evidence(image).filesystem("p0")
        root, area = first.roots()
        early = first.list_directory(area)
        first.list_directory(root)
        assert early.problems == ()
        assert first.list_directory(area) == early
        entries, problems = listed(image)
        assert problems == []
        assert [e for e in entries if e.ref.parent_address == area.address] == list(early.entries)
        area_of_peer = {row for row in peer(image) if "/$OrphanFiles/" in row[1]}
        assert {row for row in ours(entries) if "/$OrphanFiles/" in row[1]} == area_of_peer
        assert len(area_of_peer) == 4


def test_folders_that_hold_each_other_are_not_both_left_out(tmp_path: Path) -> None:
    image = made(tmp_path, "ext2")
    outer, inner = number(image, "/gone"), number(image, "/gone/in")
    debugfs(image, f"link <{outer}> /gone/in/back")
    for path in ("/gone/in/h", "/gone/g", "/gone/f"):
        debugfs(image, f"freei {path}")
    freed(image, "/a", wiped=True)
    freed(image, "/gone", wiped=False)
    debugfs(image, f"freei <{inner}>")
    wiped = freed(image, "/deep/under", wiped=True)
    found = {path.rpartition(b"/")[2] for path in orphans_of(listed(image)[0])}
    assert {b"OrphanFile-%d" % outer, b"OrphanFile-%d" % inner} <= found
    assert b"OrphanFile-%d" % wiped in found
    assert {b"f", b"g", b"h"} <= found


def test_too_many_orphans_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = made(tmp_path, "ext2")
    for path in ("/a", "/b", "/gone/f", "/gone/in/h", "/gone/in"):
        freed(image, path, wiped=True)
    for limit, looked_at in ((2, 4), (9, 2)):
        monkeypatch.setattr(tsk_folder, "ORPHAN_LIMIT", limit)
        monkeypatch.setattr(tsk_orphans, "CANDIDATE_LIMIT", looked_at)
        entries, problems = listed(image)
        assert [problem.kind for problem in problems] == [ProblemKind.ORPHAN_LIMIT]
        assert len(orphans_of(entries)) == 2


def test_errors_do_not_name_the_source_of_the_library() -> None:
    opened = pytsk3.FS_Info(pytsk3.Img_Info(str(FIXTURES / "iso9660.raw")))
    with pytest.raises(OSError, match=r"tsk3\.cpp") as caught:
        opened.open_dir("/absent")
    words = plain_words(caught.value)
    assert words == "Unable to open directory: Invalid API argument (path not found: /absent)"
    for text, plain in (
        (
            "Directory_Con: (tsk3.cpp:517) Unable to open directory: unknown libtsk error",
            "Unable to open directory",
        ),
        ("FS_Info_Con: (tsk3.cpp:327) Unable with error: No system type", "No system type"),
        (
            "File_read_random: (tsk3.cpp:731) Read error: Invalid offset (tsk_fs_attr_read - 10)",
            "Invalid offset (10)",
        ),
    ):
        assert plain_words(OSError(text)) == plain
