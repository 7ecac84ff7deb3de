from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from triage.ingest.evidence import Evidence, VolumeError, open_evidence
from triage.ingest.filesystem import ContentError
from triage.model.entry import Allocation, EntryKind, FileEntry
from triage.model.outcome import FailReason
from triage.model.problem import ProblemKind
from triage.model.volume import VolumeState

FIXTURES = Path(__file__).parents[2] / "fixtures"
WHOLE = ["exfat", "ext2", "ext4", "fat16", "hfsplus", "iso9660", "ntfs", "ufs1", "gpt"]
PACKED = ["fat32", "mbr", "sample", "xfs"]


@dataclass(frozen=True)
class Row:
    entry: FileEntry
    sha256: str
    read_bytes: int


def walked(evidence: Evidence) -> Iterator[Row]:
    for volume in evidence.survey().volumes:
        if volume.state is not VolumeState.OPENED:
            continue
        files = evidence.filesystem(volume.key)
        todo, seen = list(files.roots()), set()
        while todo:
            folder = todo.pop(0)
            if folder.address in seen:
                continue
            seen.add(folder.address)
            listing = files.list_directory(folder)
            todo.extend(listing.directories)
            for entry in listing.entries:
                digest, size = hashlib.sha256(), 0
                if not entry.no_content:
                    try:
                        for chunk in files.read(entry):
                            assert 0 < len(chunk) <= 1024 * 1024
                            digest.update(chunk)
                            size += len(chunk)
                    except ContentError as error:
                        yield Row(entry, error.reason, size)
                        continue
                yield Row(entry, digest.hexdigest() if size else "", size)


def image(name: str, folder: Path) -> Path:
    plain = FIXTURES / "images" / f"{name}.raw"
    if plain.exists():
        return plain
    packed = FIXTURES / "images" / f"{name}.raw.gz"
    if not packed.exists():
        pytest.skip(f"fixture {name} is not built")
    made = folder / f"{name}.raw"
    made.write_bytes(gzip.decompress(packed.read_bytes()))
    return made


def recipe(name: str) -> list[dict[str, Any]]:
    lines = (FIXTURES / "truth" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", WHOLE + PACKED)
def test_every_entry_of_the_recipe_is_listed_and_reads_as_it_was_written(
    name: str, tmp_path: Path
) -> None:
    evidence = open_evidence(image(name, tmp_path))
    found: dict[tuple[str, bytes, bytes], list[Row]] = {}
    for row in walked(evidence):
        ref = row.entry.ref
        found.setdefault((ref.volume, ref.path, ref.stream), []).append(row)
        assert row.read_bytes in (0, row.entry.size_bytes) or row.sha256 in set(FailReason)
    missing, wrong = [], []
    for expected in recipe(name):
        if expected["allocation"] == "deleted" and not expected["recoverable"]:
            continue
        key = (
            expected["volume"],
            bytes.fromhex(expected["path_hex"]),
            expected["stream"].encode(),
        )
        rows = found.get(key, [])
        if not rows:
            missing.append(key)
        elif expected["kind"] == "file" and not any(fits(row, expected) for row in rows):
            wrong.append((key, rows))
    evidence.close()
    assert missing == []
    assert wrong == []


def fits(row: Row, expected: dict[str, Any]) -> bool:
    if row.entry.size_bytes != expected["size_bytes"]:
        return False
    if row.entry.allocation.value != expected["allocation"]:
        return False
    return row.sha256 == (expected["sha256"] if expected["size_bytes"] else "")


@pytest.mark.parametrize("name", WHOLE)
def test_kinds_are_those_of_the_recipe(name: str, tmp_path: Path) -> None:
    kinds = {
        (row.entry.ref.volume, row.entry.ref.path, row.entry.ref.stream): row.entry.kind.value
        for row in walked(open_evidence(image(name, tmp_path)))
        if row.entry.allocation is Allocation.LIVE
    }
    for expected in recipe(name):
        if expected["allocation"] == "live":
            key = (
                expected["volume"],
                bytes.fromhex(expected["path_hex"]),
                expected["stream"].encode(),
            )
            assert kinds[key] == expected["kind"]


@pytest.mark.parametrize("name", ["ntfs", "fat16", "ext4", "exfat"])
def test_times_are_those_of_the_recipe_in_every_zone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set here")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        listed = list(walked(open_evidence(image(name, tmp_path))))
    finally:
        monkeypatch.undo()
        time.tzset()
    times = {
        (row.entry.ref.path, row.entry.ref.stream): row.entry.times.modified_ns for row in listed
    }
    compared = 0
    for expected in recipe(name):
        if expected["allocation"] == "live" and expected.get("modified_s") is not None:
            key = (bytes.fromhex(expected["path_hex"]), expected["stream"].encode())
            got = times[key]
            assert got is not None
            assert abs(got // 10**9 - int(expected["modified_s"])) <= 2
            compared += 1
    assert compared > 10


def test_first_block_lies_where_the_content_begins(tmp_path: Path) -> None:
    path = image("ext4", tmp_path)
    medium = path.read_bytes()
    evidence = open_evidence(path)
    files = evidence.filesystem("p0")
    compared = 0
    for row in walked(evidence):
        place = row.entry.first_block_offset_bytes
        if place is None or row.entry.no_content or row.entry.sparse:
            continue
        first = next(iter(files.read(row.entry)))[:512]
        assert medium[place : place + len(first)] == first
        compared += 1
    assert compared > 20


def test_identities_are_distinct_and_the_same_again(tmp_path: Path) -> None:
    path = image("ntfs", tmp_path)
    first = [row.entry for row in walked(open_evidence(path))]
    second = [row.entry for row in walked(open_evidence(path))]
    assert first == second
    keys = [entry.ref.key() for entry in first]
    assert len(set(keys)) == len(keys)


def test_a_worker_that_is_given_the_volumes_opens_the_same(tmp_path: Path) -> None:
    path = image("gpt", tmp_path)
    first = open_evidence(path)
    volumes = first.survey().volumes
    other = open_evidence(path, first.handover())
    files = other.filesystem("p2")
    assert files.volume == next(volume for volume in volumes if volume.key == "p2")
    assert files.list_directory(files.roots()[0]).entries


def test_locked_and_absent_volumes_do_not_open(tmp_path: Path) -> None:
    evidence = open_evidence(image("gpt", tmp_path))
    with pytest.raises(VolumeError, match="BitLocker"):
        evidence.filesystem("p4")
    with pytest.raises(VolumeError, match="no volume p9"):
        evidence.filesystem("p9")


def test_content_over_a_damaged_chunk_is_told() -> None:
    path = FIXTURES / "hostile" / "flip-compressed.E01"
    told = json.loads((FIXTURES / "truth" / "damage.json").read_text())
    evidence = open_evidence(path)
    touched = set()
    for row in walked(evidence):
        entry = row.entry
        if not entry.no_content and evidence.filesystem(entry.ref.volume).touches_damage(entry):
            touched.add(entry.ref.path.decode())
    (case,) = [case for case in told if case["first"] == path.name]
    names = {each["path"] for each in case["affected"]}
    assert names
    assert names <= touched
    assert len(touched) <= len(names) + 1


def test_a_folder_that_is_no_folder_becomes_a_problem(tmp_path: Path) -> None:
    evidence = open_evidence(image("ext2", tmp_path))
    files = evidence.filesystem("p0")
    root = files.roots()[0]
    bogus = type(root)(volume="p0", path=b"/no\n\x1b[31m", address=10**9)
    listing = files.list_directory(bogus)
    assert listing.entries == ()
    assert [problem.kind for problem in listing.problems] == [ProblemKind.DIRECTORY_UNREADABLE]


def test_plain_folder_gives_its_files_and_follows_nothing(tmp_path: Path) -> None:
    top = tmp_path / "exhibit"
    (top / "below").mkdir(parents=True)
    (top / "a.txt").write_bytes(b"alpha")
    (top / "empty").write_bytes(b"")
    (top / "below" / "b.bin").write_bytes(b"b" * 1_500_000)
    if hasattr(os, "symlink"):
        (top / "link").symlink_to("/etc")
        (top / "loop").symlink_to(".")
    if hasattr(os, "mkfifo"):
        os.mkfifo(top / "pipe")
    rows = {row.entry.ref.path: row for row in walked(open_evidence(top))}
    assert rows[b"/a.txt"].sha256 == hashlib.sha256(b"alpha").hexdigest()
    assert rows[b"/below/b.bin"].sha256 == hashlib.sha256(b"b" * 1_500_000).hexdigest()
    assert rows[b"/empty"].entry.no_content == "empty"
    assert rows[b"/below"].entry.kind is EntryKind.DIRECTORY
    if hasattr(os, "mkfifo"):
        assert rows[b"/pipe"].entry.no_content == "not-a-file"
        assert rows[b"/link"].entry.no_content == "not-a-file"
        assert not any(path.startswith((b"/link/", b"/loop/")) for path in rows)


def test_a_file_of_a_folder_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"12345")
    evidence = open_evidence(tmp_path)
    files = evidence.filesystem("p0")
    (entry,) = files.list_directory(files.roots()[0]).entries
    target.write_bytes(b"123")
    with pytest.raises(ContentError) as caught:
        list(files.read(entry))
    assert caught.value.reason is FailReason.NAME_VANISHED
    target.unlink()
    with pytest.raises(ContentError) as caught:
        list(files.read(entry))
    assert caught.value.reason is FailReason.NAME_VANISHED


def test_an_ext4_that_was_not_unmounted_is_told(tmp_path: Path) -> None:
    body = bytearray(image("ext4", tmp_path).read_bytes())
    body[1024 + 0x60] |= 4  # INCOMPAT_RECOVER, as the kernel's layout of ext4 has it
    hurt = tmp_path / "hurt.raw"
    hurt.write_bytes(body)
    (problem,) = open_evidence(hurt).survey().problems
    assert problem.kind is ProblemKind.VOLUME_DAMAGED
    assert "was not unmounted" in problem.detail
