"""Tars as evidence: what GNU tar packs is listed and read as it was, packed or not."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from triage.ingest.evidence import Evidence, Handover, open_evidence
from triage.ingest.logical import open_logical
from triage.ingest.logicals import tar_scan
from triage.ingest.reading import ContentError
from triage.model.entry import EntryKind, FileEntry
from triage.model.evidence import ContainerKind
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import ProblemKind


def listed(evidence: Evidence) -> list[FileEntry]:
    """Give all entries, page by page."""
    files = evidence.filesystem("p0")
    found: list[FileEntry] = []
    for page in files.roots():
        listing = files.list_directory(page)
        assert not listing.problems
        found += listing.entries
    assert len({entry.ref.key() for entry in found}) == len(found)
    return found


def read(evidence: Evidence, entry: FileEntry) -> bytes:
    """Give a content."""
    return b"".join(evidence.filesystem("p0").read(entry))


def tar(path: Path, *members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Write a tar of files by CPython's tarfile."""
    with tarfile.open(path, "w", format=form) as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            file.addfile(info, io.BytesIO(data))
    return path.read_bytes()


@pytest.mark.parametrize("option", ["", "-z", "-j", "-J"])
def test_what_gnu_tar_packs_is_read_as_it_was(option: str, tmp_path: Path) -> None:
    if shutil.which("tar") is None:
        pytest.skip("GNU tar is not installed")
    top = tmp_path / "phone"
    (top / "data" / "deep").mkdir(parents=True)
    truth = {}
    for number in range(20):
        data = random.Random(number).randbytes(number * 997)  # noqa: S311  (content)
        name = f"data/deep/{'long' * 40}{number}.bin"
        (top / name).write_bytes(data)
        truth[f"/{name}".encode()] = data
    (top / "link").symlink_to("data")
    (top / "data" / "hard").hardlink_to(top / "data" / "deep" / f"{'long' * 40}3.bin")
    with (top / "holes").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"end")
    truth[b"/holes"] = (top / "holes").read_bytes()
    path = tmp_path / "phone.tar"
    command = ["tar", "--sparse", *filter(None, [option]), "--sort=name", "-cf", str(path), "."]
    subprocess.run(command, check=True, cwd=top)
    evidence = open_evidence(path)
    assert evidence.info.kind is ContainerKind.TAR
    assert evidence.survey().problems == ()
    entries = listed(evidence)
    found = {e.ref.path: read(evidence, e) for e in entries if not e.no_content}
    others = [entry for entry in entries if entry.no_content == SkipReason.OTHER_NAME]
    assert len(others) == 1
    second = truth.pop(others[0].ref.path, None)
    assert b"/data/hard" in {others[0].ref.path, *found}
    if second is not None:  # whichever name came first has the content
        truth[b"/data/hard"] = second
    truth = {name: data for name, data in truth.items() if data}
    assert found == truth
    kinds = {entry.ref.path: entry.kind for entry in entries}
    assert kinds[b"/link"] is EntryKind.SYMLINK
    assert kinds[b"/data/deep"] is EntryKind.DIRECTORY
    for entry in entries:
        if not entry.no_content:
            part = evidence.filesystem("p0").read_range(entry, entry.size_bytes // 2, 77)
            start = entry.size_bytes // 2
            assert part == found[entry.ref.path][start : start + 77]


def test_pages_are_the_same_for_other_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_scan, "PAGE_MEMBERS", 7)
    path = tmp_path / "a.tar"
    names = [f"{'n' * (number % 150)}{number}" for number in range(50)]
    tar(path, *((name, name.encode() * 9) for name in names), form=tarfile.GNU_FORMAT)
    first = open_evidence(path)
    assert len(first.filesystem("p0").roots()) == 8
    entries = listed(first)
    assert [entry.ref.path for entry in entries] == [b"/" + name.encode() for name in names]
    handover: Handover = pickle.loads(pickle.dumps(first.handover()))  # noqa: S301  (made here)
    other = open_evidence(path, handover)
    assert listed(other) == entries
    for entry, name in zip(reversed(entries), reversed(names), strict=True):
        assert read(other, entry) == name.encode() * 9


def test_names_that_occur_twice_or_climb_are_given_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    tar(path, ("../../up", b"1"), ("same", b"2"), ("same", b"3"), ("a\nb", b"4"))
    evidence = open_evidence(path)
    found = [(entry.ref.path, read(evidence, entry)) for entry in listed(evidence)]
    assert found == [(b"/../../up", b"1"), (b"/same", b"2"), (b"/same", b"3"), (b"/a\nb", b"4")]


def test_a_hard_link_to_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = tarfile.LNKTYPE, "elsewhere"
        file.addfile(info)
    (entry,) = listed(open_evidence(path))
    assert entry.no_content == SkipReason.OUT_OF_SCOPE
    assert "/elsewhere" in entry.detail


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_tar_that_was_cut_off_says_so(quarter: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    raw = tar(path, *((f"{n}", bytes([n]) * 3000) for n in range(12)))
    path.write_bytes(raw[: len(raw) * quarter // 4])
    evidence = open_evidence(path)
    if quarter < 3:  # the last quarter and more is padding behind the end mark
        assert {one.kind for one in evidence.survey().problems} == {
            ProblemKind.EXTRACTION_INCOMPLETE
        }
    for number, entry in enumerate(listed(evidence)):
        try:
            assert read(evidence, entry) == bytes([number]) * 3000
        except ContentError as error:
            assert error.reason is FailReason.SHORT_READ  # noqa: PT017  (or it reads whole)


def test_members_behind_a_damaged_header_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    raw = bytearray(
        tar(path, *((f"{n}", bytes([n]) * 600) for n in range(6)), form=tarfile.USTAR_FORMAT)
    )
    raw[2 * 1536 : 2 * 1536 + 100] = b"\xff" * 100
    path.write_bytes(raw)
    evidence = open_evidence(path)
    assert evidence.survey().problems
    assert [entry.ref.path for entry in listed(evidence)] == [b"/0", b"/1", b"/3", b"/4", b"/5"]


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_raise_nothing_but_what_is_promised(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    raw = bytearray(tar(path, *((f"{n}", bytes([n]) * 700) for n in range(6))))
    chance = random.Random(seed)  # noqa: S311  (damage)
    for _ in range(8):
        raw[chance.randrange(512, 8000)] = chance.randrange(256)
    path.write_bytes(raw)
    evidence = open_evidence(path)
    files = evidence.filesystem("p0")
    for page in files.roots():
        for entry in files.list_directory(page).entries:
            try:
                assert len(b"".join(files.read(entry))) == entry.size_bytes
            except ContentError:
                continue


def test_a_gzip_that_holds_no_tar_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"text" * 999))
    assert open_logical(path) is None
