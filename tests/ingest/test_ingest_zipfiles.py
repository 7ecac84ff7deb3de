"""Zips of file systems: single counts over mount views, stored digests, what is hostile."""

from __future__ import annotations

import hashlib
import pickle
import plistlib
import random
import shutil
import struct
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zip_recipe import TIME_S, One, content, graykey, ufed, write

from triage.errors import EvidenceError
from triage.ingest.archive import list_members, read_content
from triage.ingest.evidence import Evidence, Handover, open_evidence
from triage.ingest.logicalevidence import LogicalEvidence
from triage.ingest.reading import ContentError
from triage.ingest.secrets import take_secrets
from triage.model.entry import EntryKind, FileEntry
from triage.model.evidence import ContainerKind, DamageKind
from triage.model.outcome import FailReason, SkipReason
from triage.model.problem import ProblemKind
from triage.model.secret import Secrets
from triage.model.volume import VolumeState

OTHER = SkipReason.OTHER_NAME


def listed(evidence: Evidence) -> list[FileEntry]:
    """Give all entries, page by page."""
    files = evidence.filesystem("p0")
    found: list[FileEntry] = []
    for page in files.roots():
        listing = files.list_directory(page)
        assert not listing.directories
        assert not listing.problems
        found += listing.entries
    keys = [entry.ref.key() for entry in found]
    assert len(set(keys)) == len(keys)
    return found


def by_path(evidence: Evidence) -> dict[bytes, FileEntry]:
    """Give all entries by their paths."""
    return {entry.ref.path: entry for entry in listed(evidence)}


def digest(evidence: Evidence, entry: FileEntry) -> bytes:
    """Give the SHA-256 of a content."""
    return hashlib.sha256(b"".join(evidence.filesystem("p0").read(entry))).digest()


def zipped(path: Path, *members: One) -> Evidence:
    """Write a zip and open it as evidence."""
    write(path, members)
    return open_evidence(path)


@pytest.mark.parametrize("make", [graykey, ufed])
def test_each_file_is_read_once_under_its_own_path_whatever_the_order(
    make: object, tmp_path: Path
) -> None:
    assert callable(make)
    members, truth = make(700)
    random.Random(7).shuffle(members)  # noqa: S311  (an order, no secret)
    evidence = zipped(tmp_path / "phone.zip", *members)
    entries = listed(evidence)
    read = [entry for entry in entries if not entry.no_content]
    assert len(entries) == truth.listed
    assert len(read) == truth.single
    assert {digest(evidence, entry) for entry in read} == truth.contents
    own = (b"/data/data/", b"/Dump/data/media/")
    assert all(entry.ref.path.startswith(own) for entry in read)
    for entry in entries:
        if entry.no_content:
            assert entry.no_content == OTHER
            assert entry.detail.startswith("same file as /")
            tail = entry.ref.path.rpartition(b"/")[2].decode()
            assert entry.detail.endswith(tail)


def test_copies_that_differ_are_all_read(tmp_path: Path) -> None:
    """A database that was written to between two copies is there in both states."""
    evidence = zipped(
        tmp_path / "a.zip",
        One(name="data/data/app/x.db", data=b"before"),
        One(name="data/user/0/app/x.db", data=b"behind"),
        One(name="data/user/10/app/x.db", data=b"before"),
    )
    assert [entry.no_content for entry in listed(evidence)] == ["", "", ""]


def test_checksums_that_agree_are_not_believed_against_stored_digests(tmp_path: Path) -> None:
    same = b"same content"
    evidence = zipped(
        tmp_path / "a.zip",
        One(name="data/data/app/x", data=same, digest=hashlib.sha256(same).digest()),
        One(name="data/user/0/app/x", data=same, digest=hashlib.sha256(b"other").digest()),
    )
    assert [entry.no_content for entry in listed(evidence)] == ["", ""]


def test_a_chain_of_names_is_one_file(tmp_path: Path) -> None:
    """One view by its path, another by its inode: all three are one."""
    evidence = zipped(
        tmp_path / "a.zip",
        One(name="/mnt/user/0/emulated/0/a.jpg", data=b"picture", inode=9, device=77),
        One(name="/storage/emulated/0/a.jpg", data=b"picture", inode=5, device=77),
        One(name="/data/media/0/a.jpg", data=b"picture", inode=5, device=12),
        One(name="/elsewhere/hard-link.jpg", data=b"picture", inode=5, device=12),
        One(name="/elsewhere/copy.jpg", data=b"picture", inode=6, device=12),
    )
    entries = by_path(evidence)
    assert entries[b"/data/media/0/a.jpg"].no_content == ""
    assert entries[b"/elsewhere/copy.jpg"].no_content == ""
    others = [entry for entry in entries.values() if entry.no_content == OTHER]
    assert len(others) == 3
    assert {entry.detail for entry in others} == {"same file as /data/media/0/a.jpg"}


def test_inode_zero_is_none_and_time_zero_is_not_recorded(tmp_path: Path) -> None:
    evidence = zipped(
        tmp_path / "a.zip",
        One(name="a", data=b"same", seconds=0),
        One(name="b", data=b"same", seconds=TIME_S),
    )
    first, second = listed(evidence)
    assert (first.no_content, second.no_content) == ("", "")
    assert first.times.modified_ns is None
    assert second.times.modified_ns == TIME_S * 10**9
    assert not second.times.naive_local


def test_a_stored_digest_that_disagrees_marks_the_content_and_loses_nothing(
    tmp_path: Path,
) -> None:
    good, bad = b"as recorded", b"not as recorded"
    evidence = zipped(
        tmp_path / "a.zip",
        One(name="good", data=good, digest=hashlib.sha256(good).digest()),
        One(name="bad", data=bad, digest=hashlib.sha256(good).digest()),
    )
    files = evidence.filesystem("p0")
    for entry in listed(evidence):
        expected = good if entry.ref.path == b"/good" else bad
        assert b"".join(files.read(entry)) == expected
    marked = {entry.ref.path: files.touches_damage(entry) for entry in listed(evidence)}
    assert marked[b"/good"] == ()
    (hurt,) = marked[b"/bad"]
    assert hurt.kind is DamageKind.ACQUISITION_ERROR
    assert "SHA-256" in hurt.detail
    assert evidence.damage() == (hurt,)


def test_names_are_given_as_they_are(tmp_path: Path) -> None:
    names = [
        "../../etc/passwd",
        "a\\b\\c.txt",
        "/rooted",
        "C:\\x",
        "dup",
        "dup",
        "two\nlines",
        "d/",
    ]
    evidence = zipped(
        tmp_path / "a.zip",
        *(One(name=name, data=content(n)) for n, name in enumerate(names[:-1])),
        One(name="d/", data=b""),
    )
    entries = listed(evidence)
    expected = [b"/" + name.lstrip("/").encode() for name in names[:-1]] + [b"/d"]
    assert [entry.ref.path for entry in entries] == expected
    assert entries[-1].kind is EntryKind.DIRECTORY
    found = [digest(evidence, entry) for entry in entries[:-1]]
    assert found == [hashlib.sha256(content(n)).digest() for n in range(len(names) - 1)]


def test_other_processes_list_and_read_the_same_by_what_they_are_handed(tmp_path: Path) -> None:
    members, _ = graykey(900)
    first = zipped(tmp_path / "a.zip", *members)
    handover: Handover = pickle.loads(pickle.dumps(first.handover()))  # noqa: S301  (made here)
    other = open_evidence(tmp_path / "a.zip", handover)
    assert listed(other) == listed(first)
    assert other.info == first.info
    assert other.handover() == first.handover()
    pages = first.filesystem("p0").roots()
    assert len(pages) == 2
    backwards = [other.filesystem("p0").list_directory(page) for page in reversed(pages)]
    again = [first.filesystem("p0").list_directory(page) for page in pages]
    assert [list(one.entries) for one in reversed(backwards)] == [
        list(one.entries) for one in again
    ]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    offset=st.integers(0, 210_000),
    length=st.integers(0, 210_000),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]),
)
def test_a_part_is_a_slice_of_the_whole(
    offset: int, length: int, method: int, tmp_path: Path
) -> None:
    data = content(1, 200_000)
    path = tmp_path / f"{method}.zip"
    if not path.exists():
        write(path, [One(name="a", data=data, method=method)])
    evidence = open_evidence(path)
    (entry,) = listed(evidence)
    part = evidence.filesystem("p0").read_range(entry, offset, length)
    assert part == data[offset : offset + length]


def test_a_large_packed_member_is_reached_into_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.ingest.logicals.reaching.HELD_BYTES", 1000)
    data = random.Random(3).randbytes(3_000_000)  # noqa: S311  (content)
    evidence = zipped(tmp_path / "a.zip", One(name="a", data=data, method=zipfile.ZIP_DEFLATED))
    (entry,) = listed(evidence)
    files = evidence.filesystem("p0")
    for at in (2_900_000, 5, 1_000_000, 2_999_990):
        assert files.read_range(entry, at, 40) == data[at : at + 40]


def test_an_archive_in_the_extraction_is_opened_from_there(tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    write(inner, [One(name="deep.txt", data=b"deep", method=zipfile.ZIP_DEFLATED)])
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        evidence = zipped(
            tmp_path / "a.zip", One(name="app.apk", data=inner.read_bytes(), method=method)
        )
        (entry,) = listed(evidence)
        files = evidence.filesystem("p0")
        (member,) = list_members(files, entry).entries
        assert b"".join(read_content(files, member)) == b"deep"


def test_encrypted_members_and_methods_that_are_not_unpacked_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, [One(name="locked", data=b"x" * 50), One(name="odd", data=b"y" * 50)])
    raw = bytearray(path.read_bytes())
    first = raw.index(b"PK\1\2")
    second = raw.index(b"PK\1\2", first + 4)
    struct.pack_into("<H", raw, first + 8, 1)
    struct.pack_into("<H", raw, second + 10, 98)
    path.write_bytes(raw)
    locked, odd = listed(open_evidence(path))
    assert (locked.no_content, locked.encrypted) == (SkipReason.ENCRYPTED, True)
    assert odd.no_content == SkipReason.OUT_OF_SCOPE
    assert "PPMd" in odd.detail


def test_more_than_65535_members_are_counted(tmp_path: Path) -> None:
    """Records of 46 bytes and a name each, with a zip64 end as APPNOTE 4.3.14 has it."""
    path, many = tmp_path / "many.zip", 65_540
    headers, records = bytearray(), bytearray()
    for number in range(many):
        name = b"%d" % number
        place = len(headers)
        headers += struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
        fields = (20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, place)
        records += struct.pack("<4s6H3I5H2I", b"PK\1\2", *fields) + name
    start = len(headers)
    wide = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, many, many, len(records), start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + len(records), 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(records), start, 0)
    path.write_bytes(bytes(headers + records) + b"PK\6\6" + wide + locator + end)
    with zipfile.ZipFile(path) as peer:
        assert len(peer.namelist()) == many
    evidence = open_evidence(path)
    files = evidence.filesystem("p0")
    pages = files.roots()
    entries = files.list_directory(pages[-1]).entries
    assert 2000 * (len(pages) - 1) + len(entries) == many
    last = entries[-1]
    assert last.ref.path == b"/65539"
    assert evidence.survey().problems == ()


def test_wide_sizes_are_believed(tmp_path: Path) -> None:
    path = tmp_path / "wide.zip"
    with zipfile.ZipFile(path, "w") as file, file.open("a", "w", force_zip64=True) as member:
        member.write(b"content")
    evidence = open_evidence(path)
    (entry,) = listed(evidence)
    assert b"".join(evidence.filesystem("p0").read(entry)) == b"content"


def test_a_zip_that_was_cut_off_is_listed_by_headers_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, [One(name=f"{n}", data=content(n, 1000)) for n in range(10)])
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"PK\1\2") - 500])
    evidence = open_evidence(path)
    problems = evidence.survey().problems
    assert {problem.kind for problem in problems} == {ProblemKind.EXTRACTION_INCOMPLETE}
    entries = listed(evidence)
    assert [entry.ref.path for entry in entries] == [b"/%d" % n for n in range(10)]
    for number, entry in enumerate(entries[:-1]):
        assert digest(evidence, entry) == hashlib.sha256(content(number, 1000)).digest()
    with pytest.raises(ContentError) as caught:
        digest(evidence, entries[-1])
    assert caught.value.reason is FailReason.SHORT_READ


def test_what_a_damaged_directory_leaves_out_is_listed_by_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, [One(name=f"{n}", data=content(n)) for n in range(10)])
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\1\2")
    for _ in range(4):
        at = raw.index(b"PK\1\2", at + 4)
    raw[at : at + 4] = b"junk"
    path.write_bytes(raw)
    evidence = open_evidence(path)
    assert evidence.survey().problems
    entries = listed(evidence)
    assert [entry.ref.path for entry in entries] == [b"/%d" % n for n in range(10)]
    found = [digest(evidence, entry) for entry in entries]
    assert found == [hashlib.sha256(content(n)).digest() for n in range(10)]


def test_a_bomb_of_members_on_top_of_each_other_costs_one_of_them(tmp_path: Path) -> None:
    """Many records of the directory point at one content."""
    path = tmp_path / "bomb.zip"
    write(path, [One(name="a", data=bytes(1_000_000), method=zipfile.ZIP_DEFLATED)])
    raw = path.read_bytes()
    start, end = raw.index(b"PK\1\2"), raw.index(b"PK\5\6")
    many = 100
    tail = bytearray(raw[end:])
    struct.pack_into("<HHI", tail, 8, many, many, many * (end - start))
    path.write_bytes(raw[:start] + raw[start:end] * many + bytes(tail))
    entries = listed(open_evidence(path))
    assert Counter(entry.no_content for entry in entries) == {
        "": 1,
        SkipReason.IMPLAUSIBLE_SIZE.value: many - 1,
    }


def test_more_than_deflate_can_pack_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, [One(name="a", data=bytes(1000), method=zipfile.ZIP_DEFLATED)])
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, raw.index(b"PK\1\2") + 24, 3_000_000_000)
    path.write_bytes(raw)
    (entry,) = listed(open_evidence(path))
    assert entry.no_content == SkipReason.IMPLAUSIBLE_SIZE


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_raise_nothing_but_what_is_promised(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    members, _ = graykey(4)
    write(path, members)
    chance = random.Random(seed)  # noqa: S311  (damage)
    raw = bytearray(path.read_bytes())
    for _ in range(6):
        raw[chance.randrange(4, len(raw))] = chance.randrange(256)
    path.write_bytes(raw[: chance.randrange(len(raw) // 2, len(raw))] if seed % 3 == 0 else raw)
    evidence = open_evidence(path)
    assert isinstance(evidence, LogicalEvidence)
    files = evidence.filesystem("p0")
    for page in files.roots():
        for entry in files.list_directory(page).entries:
            if entry.no_content:
                continue
            try:
                whole = b"".join(files.read(entry))
            except ContentError:
                continue
            assert len(whole) == entry.size_bytes


def test_parts_of_a_split_zip_are_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\7\x08PK\3\4" + bytes(100))
    with pytest.raises(EvidenceError, match="several parts"):
        open_evidence(path)


def test_the_device_is_told_by_its_own_files(tmp_path: Path) -> None:
    lines = b"# made\nro.product.manufacturer=Maker\nro.product.model=M [red]1\n"
    android = zipped(
        tmp_path / "a.zip",
        One(name="Dump/system/build.prop", data=lines + b"ro.build.version.release=12\n"),
        One(name="data/data/app/system/build.prop", data=b"ro.product.model=Fake\n"),
    )
    assert android.info.kind is ContainerKind.ZIP
    assert dict(android.info.header) == {
        "device_make": "Maker",
        "device_model": "M [red]1",
        "device_os": "Android 12",
    }
    told = plistlib.dumps({"ProductName": "iPhone OS", "ProductVersion": "15.1"})
    apple = zipped(
        tmp_path / "b.zip",
        One(name="/System/Library/CoreServices/SystemVersion.plist", data=told),
    )
    assert dict(apple.info.header) == {"device_make": "Apple", "device_os": "iPhone OS 15.1"}


def test_an_aff4_image_is_not_taken_for_files(tmp_path: Path) -> None:
    path = tmp_path / "a.aff4"
    write(path, [One(name="container.description", data=b"aff4://x")])
    with pytest.raises(EvidenceError):
        open_evidence(path)


@pytest.fixture
def _no_secrets() -> Iterator[None]:
    yield
    take_secrets(Secrets(texts=()))


@pytest.mark.usefixtures("_no_secrets")
@pytest.mark.parametrize("option", ["-mem=AES256", "-mem=ZipCrypto"])
def test_an_encrypted_zip_is_locked_until_its_password_is_given(
    option: str, tmp_path: Path
) -> None:
    if shutil.which("7z") is None:
        pytest.skip("7z is not installed")
    path, source = tmp_path / "a.zip", tmp_path / "secret.txt"
    source.write_bytes(b"behind the lock" * 100)
    command = ["7z", "a", "-tzip", "-pletmein", option, str(path), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (volume,) = open_evidence(path).survey().volumes
    assert volume.state is VolumeState.LOCKED
    assert "password" in volume.reason
    take_secrets(Secrets(texts=("wrong", "letmein")))
    evidence = open_evidence(path)
    assert evidence.survey().volumes[0].state is VolumeState.OPENED
    (entry,) = listed(evidence)
    files = evidence.filesystem("p0")
    assert b"".join(files.read(entry)) == b"behind the lock" * 100
    assert files.read_range(entry, 7, 3) == b"the"
    assert "letmein" not in repr(pickle.dumps(evidence.handover()))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("open.txt", b"free to read")
    take_secrets(Secrets(texts=("wrong",)))
    found = by_path(open_evidence(path))
    assert found[b"/secret.txt"].no_content == SkipReason.ENCRYPTED
    assert found[b"/open.txt"].no_content == ""
