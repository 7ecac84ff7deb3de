"""Folders in use: what is told of them, and that looking changes as little as may be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from triage.ingest.evidence import open_evidence
from triage.ingest.filesystems.mounts import is_made_up, mounted_kind
from triage.model.entry import EntryKind, FileEntry
from triage.model.evidence import ContainerKind
from triage.model.listing import Listing
from triage.model.problem import NOTES, ProblemKind


def listed(path: Path, *, live: bool = True) -> Iterator[Listing]:
    """List a folder from its root on."""
    files = open_evidence(path, live=live).filesystem("p0")
    waiting = list(files.roots())
    while waiting:
        listing = files.list_directory(waiting.pop(0))
        waiting += listing.directories
        yield listing


def entries(path: Path) -> dict[bytes, FileEntry]:
    """Give what is listed by its path."""
    return {one.ref.path: one for listing in listed(path) for one in listing.entries}


def test_a_folder_in_use_is_told_as_such_and_no_other(tmp_path: Path) -> None:
    plain, live = open_evidence(tmp_path), open_evidence(tmp_path, live=True)
    assert (plain.info.kind, live.info.kind) == (ContainerKind.FOLDER, ContainerKind.LIVE)
    assert plain.info.key == live.info.key
    assert plain.survey().problems == ()
    (problem,) = live.survey().problems
    assert problem.kind is ProblemKind.LIVE_SOURCE
    assert problem.kind in NOTES


def test_a_mount_point_is_in_use_without_being_told() -> None:
    assert open_evidence(Path("/proc" if os.name == "posix" else "C:/")).info.kind is (
        ContainerKind.LIVE
    )


@pytest.mark.skipif(sys.platform != "linux", reason="O_NOATIME is of Linux")
def test_reading_leaves_the_access_time_of_a_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"x" * 5000)
    os.utime(file, ns=(10**18, 10**18 + 10**9))  # relatime would move it on a first read
    files = open_evidence(tmp_path, live=True).filesystem("p0")
    (entry,) = next(listed(tmp_path)).entries
    assert b"".join(files.read(entry)) == b"x" * 5000
    assert file.stat().st_atime_ns == 10**18


def test_links_are_listed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "other.txt").write_bytes(b"not of the device")
    try:
        (tmp_path / "in" / "link").symlink_to(tmp_path / "out", target_is_directory=True)
    except OSError:
        pytest.skip("links may not be made here")
    found = entries(tmp_path / "in")
    assert {path: one.kind for path, one in found.items()} == {b"/link": EntryKind.SYMLINK}


@pytest.mark.skipif(sys.platform != "linux", reason="reads the table of Linux")
def test_the_system_tells_what_is_mounted_where() -> None:
    assert mounted_kind("/proc") == "proc"
    assert mounted_kind(b"/proc") == "proc"
    assert mounted_kind("/proc/self/nowhere") == ""
    assert is_made_up("proc")
    assert not is_made_up("ext4")
    assert not is_made_up("")


@pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux does")
@pytest.mark.parametrize(("kind", "entered"), [("tmpfs", True), ("proc", False)])
def test_other_file_systems_below_are_told_and_made_up_ones_left_out(
    tmp_path: Path, kind: str, *, entered: bool
) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    words = ["unshare", "--mount", sys.executable, "-c", PROBE, kind, str(place)]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("unshare is not installed")
    if done.returncode == 77:
        pytest.skip(f"{kind} cannot be mounted here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0] == f"another file system ({kind}) is mounted here"
    assert (told[1] == "entered") == entered


PROBE = """
import ctypes, os, sys
from pathlib import Path
kind, place = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None):
    print(os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(77)
from triage.ingest.evidence import open_evidence
files = open_evidence(Path(place).parent).filesystem("p0")
listing = files.list_directory(files.roots()[0])
(problem,) = listing.problems
print(problem.detail.partition(":")[0])
print("entered" if listing.directories else "left out")
"""
